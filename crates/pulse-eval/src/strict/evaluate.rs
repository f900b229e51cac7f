//! From answers to rows that every metric is computed from.

use std::collections::{BTreeMap, BTreeSet};

use super::error::StrictError;
use super::labels::read_labels;
use super::letter::{options_of_question, read_letter};
use super::options::{gold_option_set, options_of_prompt, read_options};
use super::reading::{Reading, Unreadable};
use super::report::Coverage;
use crate::answers::{AnswerFile, AnswerLine};
use crate::gold::{Gold, GoldAnswer, GoldItem};
use crate::metrics::LabelRow;
use crate::task::{Task, TaskKind};

/// A predicted label that no class has: set where nothing could be read, so that the row equals no truth.
pub(crate) const UNREADABLE: u64 = 1 << 63;
/// Options of one question that fit a row beside [`UNREADABLE`] and one true option that is not listed.
const MOST_OPTIONS: usize = 62;

/// What became of one item's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcomes {
    /// It was read.
    Read,
    /// It could not be read.
    Unreadable(Unreadable),
    /// There is none.
    Missing,
}

/// One item of the benchmark with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatedItem {
    /// Its position among the items of the benchmark file.
    pub position: usize,
    /// Its answer's position among the lines of the answer file.
    pub answer: Option<usize>,
    /// What became of the answer.
    pub outcome: Outcomes,
    /// True and predicted classes (for ECG-QA: the question's own options) as bits.
    pub row: LabelRow,
    /// The names of the bits, where they are the question's own.
    pub options: Vec<String>,
}

impl EvaluatedItem {
    /// Whether what was read is the truth.
    pub fn is_correct(&self) -> bool {
        self.row.gold == self.row.predicted
    }
}

/// One answer file against the benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The task.
    pub task: Task,
    /// The classes; none for ECG-QA, where each question has its own options.
    pub classes: Vec<String>,
    /// One entry per item of the benchmark, in its order.
    pub items: Vec<EvaluatedItem>,
    /// What was there and what was not.
    pub coverage: Coverage,
}

/// Reads every answer of a file.
///
/// Each item of the benchmark counts once, whether it was answered or not; with `only_answered` the items
/// without an answer are left out instead of counting as wrong. Of several answers to one item the first
/// counts.
///
/// # Errors
/// [`StrictError`] if the benchmark's truth cannot be read or most answers belong to no item.
pub fn evaluate(
    task: Task,
    gold: &Gold,
    file: &AnswerFile,
    only_answered: bool,
) -> Result<Evaluation, StrictError> {
    if gold.items().is_empty() {
        return Err(StrictError::NoItems {
            gold: gold.path().to_owned(),
        });
    }
    let (answers, mut coverage) = assign(gold, file)?;
    let mut items = Vec::with_capacity(gold.items().len());
    for (position, item) in gold.items().iter().enumerate() {
        let answer = answers[position];
        if answer.is_none() && only_answered {
            continue;
        }
        let line = answer.map(|at| &file.lines[at]);
        let evaluated = evaluate_item(task, gold, item, line)?;
        match evaluated.outcome {
            Outcomes::Read => coverage.readable += 1,
            Outcomes::Missing => coverage.missing += 1,
            Outcomes::Unreadable(why) => *coverage.unreadable.entry(why).or_default() += 1,
        }
        items.push(EvaluatedItem {
            position,
            answer,
            ..evaluated
        });
    }
    coverage.items = items.len();
    let classes = match task.kind() {
        TaskKind::Labels(labels) => labels.iter().map(|label| (*label).to_owned()).collect(),
        TaskKind::Letter { options } => ('A'..='Z').take(options).map(String::from).collect(),
        _ => Vec::new(),
    };
    Ok(Evaluation {
        task,
        classes,
        items,
        coverage,
    })
}

/// Which line answers which item.
pub(crate) fn assign(
    gold: &Gold,
    file: &AnswerFile,
) -> Result<(Vec<Option<usize>>, Coverage), StrictError> {
    let mut answers: Vec<Option<usize>> = vec![None; gold.items().len()];
    let mut coverage = Coverage {
        answers: file.lines.len(),
        ..Coverage::default()
    };
    let mut example = None;
    for (at, line) in file.lines.iter().enumerate() {
        let Some(position) = gold.position(&line.id) else {
            coverage.unknown += 1;
            example.get_or_insert(&line.id);
            continue;
        };
        match answers[position] {
            None => answers[position] = Some(at),
            Some(first) => {
                coverage.doubles += 1;
                coverage.conflicting += usize::from(file.lines[first].text != line.text);
            }
        }
    }
    match example {
        Some(example) if coverage.unknown * 2 > coverage.answers => {
            Err(StrictError::AnotherVersion {
                path: file.path.clone(),
                gold: gold.path().to_owned(),
                unknown: coverage.unknown,
                answers: coverage.answers,
                example: example.clone(),
            })
        }
        _ => Ok((answers, coverage)),
    }
}

fn evaluate_item(
    task: Task,
    gold: &Gold,
    item: &GoldItem,
    line: Option<&AnswerLine>,
) -> Result<EvaluatedItem, StrictError> {
    let unreadable = |problem| StrictError::GoldUnreadable {
        gold: gold.path().to_owned(),
        task,
        id: item.id.clone(),
        answer: item.answer.to_text(),
        problem,
    };
    let text = line.map(|line| line.text.as_deref().unwrap_or_default());
    let mut options = Vec::new();
    let (truth, reading) = match task.kind() {
        TaskKind::Labels(_) => {
            let truth = match read_labels(task, &item.answer.to_text()) {
                Reading::Read(truth) => truth,
                Reading::Unreadable(Unreadable::Empty) => Vec::new(),
                Reading::Unreadable(_) => return Err(unreadable("none of the task's labels")),
            };
            (bits(truth), text.map(|text| read_labels(task, text)))
        }
        TaskKind::Letter { options: count } => {
            let texts = options_of_question(&item.question);
            let truth = gold_letter(&item.answer, count)
                .ok_or_else(|| unreadable("none of the task's letters"))?;
            let reading = text.map(|text| match read_letter(text, count, &texts) {
                Reading::Read(letter) => Reading::Read(vec![position_of(letter)]),
                Reading::Unreadable(why) => Reading::Unreadable(why),
            });
            (bits([truth]), reading)
        }
        _ => {
            let asked = line.and_then(|line| line.prompt.as_deref());
            let prompt = asked
                .filter(|prompt| prompt.contains("Options:"))
                .unwrap_or(&item.question);
            let truth = gold_option_set(&item.answer, prompt);
            options = options_of_prompt(prompt, &truth);
            if options.len() > MOST_OPTIONS {
                return Err(unreadable(
                    "one of more options than the 62 that can be scored",
                ));
            }
            let found = positions(&options, &truth);
            // A true option that the question does not list can never be named.
            let unlisted = u64::from(found.len() < truth.len()) << MOST_OPTIONS;
            let reading = text.map(|text| read_options(text, &options));
            (bits(found) | unlisted, reading)
        }
    };
    let (outcome, predicted) = match reading {
        None => (Outcomes::Missing, UNREADABLE),
        Some(Reading::Unreadable(why)) => (Outcomes::Unreadable(why), UNREADABLE),
        Some(Reading::Read(found)) => (Outcomes::Read, bits(found)),
    };
    Ok(EvaluatedItem {
        position: 0,
        answer: None,
        outcome,
        row: LabelRow {
            gold: truth,
            predicted,
        },
        options,
    })
}

fn bits(positions: impl IntoIterator<Item = usize>) -> u64 {
    positions.into_iter().fold(0, |bits, at| bits | 1 << at)
}

fn positions(options: &[String], truth: &BTreeSet<String>) -> Vec<usize> {
    let places: BTreeMap<&String, usize> = options
        .iter()
        .enumerate()
        .map(|(at, option)| (option, at))
        .collect();
    truth
        .iter()
        .filter_map(|one| places.get(one).copied())
        .collect()
}

fn position_of(letter: char) -> usize {
    (letter as usize).saturating_sub('A' as usize)
}

/// The true letter: the first character, if it is a letter of the task with nothing or a mark behind it.
fn gold_letter(answer: &GoldAnswer, count: usize) -> Option<usize> {
    let text = answer.to_text();
    let mut characters = text.trim().chars();
    let letter = characters.next()?;
    let is_alone = characters.next().is_none_or(|c| !c.is_alphanumeric());
    let position = position_of(letter);
    (letter.is_ascii_uppercase() && is_alone && position < count).then_some(position)
}
