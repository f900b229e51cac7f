//! Conversations of the task types of ECGInstruct.

mod choice;
mod closed;
mod fill_in;
mod open;
mod report;

use rand::Rng;

pub(super) use choice::{letter, options_with};

use super::case::Case;
use super::random::{unit, weighted};
use crate::sample::Message;

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    /// Yes or no, or one of the categories that the question lists.
    Closed,
    /// In a sentence.
    Open,
    /// With the words that stand for blanks.
    FillIn,
    /// With one of four lettered options.
    MultipleChoice,
    /// With a whole report.
    Report,
}

impl QuestionKind {
    /// All five.
    pub const ALL: [Self; 5] = [
        Self::Closed,
        Self::Open,
        Self::FillIn,
        Self::MultipleChoice,
        Self::Report,
    ];

    /// The name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::FillIn => "fill-in",
            Self::MultipleChoice => "choice",
            Self::Report => "report",
        }
    }
}

/// A question and its answer.
pub(super) struct Turn {
    pub(super) question: String,
    pub(super) answer: String,
}

/// Shares of the kinds, roughly those of ECGInstruct's composition.
const SHARES: [f64; 5] = [0.4, 0.15, 0.1, 0.15, 0.2];
/// How often a second question follows.
const SECOND: f64 = 0.15;

/// A conversation about a case: its first kind and its messages, the picture marked in the first.
pub(super) fn converse(case: &Case, rng: &mut impl Rng) -> (QuestionKind, Vec<Message>) {
    let kind = QuestionKind::ALL[weighted(rng, &SHARES)];
    let mut turns = vec![ask(kind, case, rng)];
    if unit(rng) < SECOND {
        let next = QuestionKind::ALL[weighted(rng, &SHARES)];
        let turn = ask(next, case, rng);
        if turn.question != turns[0].question {
            turns.push(turn);
        }
    }
    let message = |from: &str, value: String| Message {
        from: from.to_owned(),
        value,
    };
    let messages = turns.into_iter().enumerate().flat_map(|(number, turn)| {
        let question = match number {
            0 => format!("<image>\n{}", turn.question),
            _ => turn.question,
        };
        [message("human", question), message("gpt", turn.answer)]
    });
    (kind, messages.collect())
}

fn ask(kind: QuestionKind, case: &Case, rng: &mut impl Rng) -> Turn {
    match kind {
        QuestionKind::Closed => closed::ask(case, rng),
        QuestionKind::Open => open::ask(case, rng),
        QuestionKind::FillIn => fill_in::ask(case, rng),
        QuestionKind::MultipleChoice => choice::ask(case, rng),
        QuestionKind::Report => report::ask(case, rng),
    }
}
