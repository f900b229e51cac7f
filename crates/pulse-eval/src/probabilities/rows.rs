//! Items with their probabilities.

use serde::Serialize;

use super::Weighing;
use crate::answers::{AnswerFile, AnswerLine};
use crate::strict::{EvaluatedItem, Evaluation};

/// One item: truth and probability per class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// True classes as bits.
    pub(super) gold: u64,
    /// Probability of each class, or of each of the question's options.
    pub(super) probabilities: Vec<f64>,
    /// Share of the model's probability on the answers that were weighed.
    pub(super) mass: Option<f64>,
}

/// Items that no figure over probabilities counts, by reason.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// There is no answer.
    pub missing: usize,
    /// The answer has no probabilities.
    pub without: usize,
    /// The answer has some, but not for every class or option.
    pub incomplete: usize,
}

impl LeftOut {
    /// All of them.
    pub fn all(&self) -> usize {
        self.missing + self.without + self.incomplete
    }
}

/// The rows of an evaluation's items, none for those that are left out.
pub(crate) fn rows(
    evaluation: &Evaluation,
    file: &AnswerFile,
    weighing: Weighing,
) -> (Vec<Option<Row>>, LeftOut) {
    let mut left_out = LeftOut::default();
    let rows = evaluation.items.iter().map(|item| {
        let Some(line) = item.answer.and_then(|at| file.lines.get(at)) else {
            left_out.missing += 1;
            return None;
        };
        let given = match weighing {
            Weighing::Sum => line.label_probabilities.as_ref(),
            Weighing::PerToken => line.label_probabilities_normalised.as_ref(),
        };
        let Some(given) = given else {
            left_out.without += 1;
            return None;
        };
        let row = row(evaluation, item, line, |name| given.get(name).copied());
        left_out.incomplete += usize::from(row.is_none());
        row
    });
    let rows = rows.collect();
    (rows, left_out)
}

fn row(
    evaluation: &Evaluation,
    item: &EvaluatedItem,
    line: &AnswerLine,
    given: impl Fn(&String) -> Option<f64>,
) -> Option<Row> {
    let names = match evaluation.classes.is_empty() {
        true => &item.options,
        false => &evaluation.classes,
    };
    if names.is_empty() {
        return None;
    }
    Some(Row {
        gold: item.row.gold,
        probabilities: names.iter().map(given).collect::<Option<_>>()?,
        mass: line.label_mass,
    })
}
