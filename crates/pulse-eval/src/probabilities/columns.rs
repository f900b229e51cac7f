//! Figures over rows of probabilities, as functions of which rows are drawn.

use super::ranked::{ClassFigures, Ranked};
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
    /// The cells of each class, and the confidences, for resamples.
    ranked: Vec<Ranked>,
    ranked_confidences: Ranked,
    /// Whether every row says the mass.
    has_mass: bool,
}

impl<'a> Columns<'a> {
    /// `classes` is 0 where each question has its own options.
    pub(crate) fn new(task: Task, classes: usize, rows: Vec<&'a Row>, weighing: Weighing) -> Self {
        let is_single = matches!(task.kind(), TaskKind::Letter { .. });
        let confidences: Vec<_> = rows.iter().map(|row| confidence(row, is_single)).collect();
        let (count, is_pooled) = (classes.max(1), classes == 0);
        let of_class = |class: usize| {
            let cells = (0u32..).zip(&rows).flat_map(move |(at, row)| {
                let options = match is_pooled {
                    true => 0..row.probabilities.len(),
                    false => class..class + 1,
                };
                options.map(move |option| {
                    let (p, is_true) = cell(row, option);
                    (at, p, is_true)
                })
            });
            Ranked::new(cells)
        };
        let sure = (0u32..)
            .zip(&confidences)
            .map(|(at, (p, is_right))| (at, *p, *is_right));
        Self {
            count,
            is_pooled,
            ranked: (0..count).map(of_class).collect(),
            ranked_confidences: Ranked::new(sure),
            confidences,
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

    /// The figures over all rows; those over classes are unweighted means.
    pub(crate) fn values(&self) -> Vec<Option<f64>> {
        let columns: Vec<_> = (0..self.count).map(|class| self.column(class)).collect();
        type Metric = fn(&[f64], &[bool]) -> Option<f64>;
        let mean =
            |metric: Metric| mean_of_defined(columns.iter().map(|(p, truths)| metric(p, truths)));
        let (confidences, correct) = self.abstention();
        let mut values = vec![
            mean(roc_auc),
            mean(average_precision),
            mean(brier_score),
            mean(|p, truths| expected_calibration_error(p, truths, CALIBRATION_BINS)),
            area_under_abstention(&confidences, &correct),
        ];
        if self.has_mass {
            values.push(mean_of_defined(self.rows.iter().map(|row| row.mass)));
        }
        values
    }

    /// The figures over drawn rows, equal to [`values`](Self::values) of them up to rounding.
    pub(crate) fn resampled(&self, drawn: &[u32]) -> Vec<Option<f64>> {
        let mut weights = vec![0; self.rows.len()];
        for at in drawn {
            weights[*at as usize] += 1;
        }
        let classes: Vec<ClassFigures> = self
            .ranked
            .iter()
            .map(|ranked| ranked.figures(&weights))
            .collect();
        let mut values: Vec<Option<f64>> = (0..4)
            .map(|figure| mean_of_defined(classes.iter().map(|class| class[figure])))
            .collect();
        values.push(self.ranked_confidences.area_under_abstention(&weights));
        if self.has_mass {
            let masses = drawn.iter().map(|at| self.rows[*at as usize].mass);
            values.push(mean_of_defined(masses));
        }
        values
    }

    /// Probabilities and truths of a class.
    pub(super) fn column(&self, class: usize) -> (Vec<f64>, Vec<bool>) {
        let rows = self.rows.iter();
        match self.is_pooled {
            true => rows
                .flat_map(|row| (0..row.probabilities.len()).map(move |at| cell(row, at)))
                .unzip(),
            false => rows.map(|row| cell(row, class)).unzip(),
        }
    }

    /// How certain the rows are, and whether their most probable answer is the truth.
    pub(super) fn abstention(&self) -> (Vec<f64>, Vec<bool>) {
        self.confidences.iter().copied().unzip()
    }
}

/// Probability and truth of a class or option.
fn cell(row: &Row, at: usize) -> (f64, bool) {
    (row.probabilities[at], row.gold >> at & 1 == 1)
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
