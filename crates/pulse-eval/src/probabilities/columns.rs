//! Figures over rows of probabilities, as functions of which rows are drawn.

use super::rows::Row;
use super::{CALIBRATION_BINS, Weighing};
use crate::metrics::{
    area_under_abstention, average_precision, brier_score, expected_calibration_error,
    mean_of_defined, roc_auc,
};
use crate::task::{Task, TaskKind};

/// Items as columns of probability and truth.
pub(crate) struct Columns<'a> {
    rows: Vec<&'a Row>,
    /// Classes; the options of all questions together are one.
    count: usize,
    is_pooled: bool,
    /// Confidence of each row, and whether the most probable answer is the truth.
    confidences: Vec<(f64, bool)>,
    /// Whether every row says the mass.
    has_mass: bool,
}

impl<'a> Columns<'a> {
    /// `classes` is 0 where each question has its own options.
    pub(crate) fn new(task: Task, classes: usize, rows: Vec<&'a Row>, weighing: Weighing) -> Self {
        let is_single = matches!(task.kind(), TaskKind::Letter { .. });
        let confidences = rows.iter().map(|row| confidence(row, is_single));
        Self {
            count: classes.max(1),
            is_pooled: classes == 0,
            confidences: confidences.collect(),
            has_mass: weighing == Weighing::Sum
                && !rows.is_empty()
                && rows.iter().all(|row| row.mass.is_some()),
            rows,
        }
    }

    /// The names of [`values`](Self::values).
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let mut names = vec![
            "roc_auc",
            "average_precision",
            "brier_score",
            "expected_calibration_error",
            "area_under_abstention",
        ];
        if self.has_mass {
            names.push("label_mass");
        }
        names
    }

    /// The figures over the drawn rows; those over classes are unweighted means.
    pub(crate) fn values(&self, drawn: &[u32]) -> Vec<Option<f64>> {
        let columns: Vec<_> = (0..self.count)
            .map(|class| self.column(class, drawn))
            .collect();
        type Metric = fn(&[f64], &[bool]) -> Option<f64>;
        let mean =
            |metric: Metric| mean_of_defined(columns.iter().map(|(p, truths)| metric(p, truths)));
        let (confidences, correct) = self.abstention(drawn);
        let mut values = vec![
            mean(roc_auc),
            mean(average_precision),
            mean(brier_score),
            mean(|p, truths| expected_calibration_error(p, truths, CALIBRATION_BINS)),
            area_under_abstention(&confidences, &correct),
        ];
        if self.has_mass {
            let masses = drawn.iter().map(|at| self.rows[*at as usize].mass);
            values.push(mean_of_defined(masses));
        }
        values
    }

    /// Probabilities and truths of a class over the drawn rows.
    pub(super) fn column(&self, class: usize, drawn: &[u32]) -> (Vec<f64>, Vec<bool>) {
        let rows = drawn.iter().map(|at| self.rows[*at as usize]);
        let cell = |row: &Row, at: usize| (row.probabilities[at], row.gold >> at & 1 == 1);
        match self.is_pooled {
            true => rows
                .flat_map(|row| (0..row.probabilities.len()).map(move |at| cell(row, at)))
                .unzip(),
            false => rows.map(|row| cell(row, class)).unzip(),
        }
    }

    /// How certain the drawn rows are, and whether their most probable answer is the truth.
    pub(super) fn abstention(&self, drawn: &[u32]) -> (Vec<f64>, Vec<bool>) {
        drawn
            .iter()
            .map(|at| self.confidences[*at as usize])
            .unzip()
    }
}

/// How certain the most probable answer is, and whether it is the truth.
fn confidence(row: &Row, is_single: bool) -> (f64, bool) {
    if is_single {
        let (best, probability) =
            row.probabilities
                .iter()
                .enumerate()
                .fold((0, f64::NEG_INFINITY), |best, (at, p)| {
                    if *p > best.1 { (at, *p) } else { best }
                });
        return (probability, row.gold == 1 << best);
    }
    let predicted = row
        .probabilities
        .iter()
        .enumerate()
        .filter(|(_, p)| **p >= 0.5)
        .fold(0u64, |bits, (at, _)| bits | 1 << at);
    let least = row
        .probabilities
        .iter()
        .map(|p| p.max(1.0 - p))
        .fold(f64::INFINITY, f64::min);
    (least, predicted == row.gold)
}
