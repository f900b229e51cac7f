//! Conversations whose answers are statements of fixed wording.

mod questions;
mod refusals;

use rand::Rng;

pub use refusals::{NO_ANSWER, NO_PAGE};

use super::case::Case;
use super::questions::Turn;
use super::random::{below, shuffle, unit};
use crate::sample::Message;

/// Questions beside the report in every conversation.
const QUESTIONS: usize = 3;
/// Share of the conversations that begin with the report, where nothing but the picture says what it shows; in the
/// others the order is random.
const REPORT_FIRST: f64 = 0.5;
/// Share of those questions that no ECG page answers.
const UNANSWERABLE: f64 = 0.12;

/// A conversation about a case: the report and some questions, the picture marked in the first turn.
pub(super) fn converse(case: &Case, rng: &mut impl Rng) -> Vec<Message> {
    let mut turns = vec![questions::report(case, rng)];
    while turns.len() <= QUESTIONS {
        let turn = match unit(rng) < UNANSWERABLE {
            true => refusals::unanswerable(rng),
            false => questions::ask(case, rng),
        };
        if turns.iter().all(|other| other.question != turn.question) {
            turns.push(turn);
        }
    }
    if unit(rng) >= REPORT_FIRST {
        shuffle(rng, &mut turns);
    }
    messages(turns)
}

/// A conversation about a picture that is no page: whatever is asked, the answer is that it is none.
pub(super) fn converse_without_page(case: &Case, rng: &mut impl Rng) -> Vec<Message> {
    let asked = match below(rng, 2) {
        0 => questions::report(case, rng),
        _ => questions::ask(case, rng),
    };
    messages(vec![Turn {
        question: asked.question,
        answer: NO_PAGE.to_owned(),
    }])
}

fn messages(turns: Vec<Turn>) -> Vec<Message> {
    let message = |from: &str, value: String| Message {
        from: from.to_owned(),
        value,
    };
    turns
        .into_iter()
        .enumerate()
        .flat_map(|(number, turn)| {
            let question = match number {
                0 => format!("<image>\n{}", turn.question),
                _ => turn.question,
            };
            [message("human", question), message("gpt", turn.answer)]
        })
        .collect()
}

#[cfg(test)]
mod tests;
