//! Figures over the probabilities of labels, where the answers have them.
//!
//! An answer line may carry `label_probabilities`, an object from label (or letter) to a probability between 0
//! and 1. They make a real AUC, calibration and abstention possible, none of which hard answers allow.

use serde::Serialize;

use crate::answers::AnswerFile;
use crate::metrics::{
    AbstentionPoint, CalibrationBin, RocPoint, abstention_curve, area_under_abstention,
    average_precision, brier_score, calibration_curve, expected_calibration_error, mean_of_defined,
    roc_auc, roc_curve,
};
use crate::statistics::{BootstrapOptions, percentile_bootstrap};
use crate::strict::{Evaluation, Figure};

/// Bins of calibration curves.
pub const CALIBRATION_BINS: usize = 10;

/// Figures over probabilities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbabilityReport {
    /// Items whose answer has a probability for every class.
    pub items: usize,
    /// `roc_auc`, `average_precision`, `brier_score` and `expected_calibration_error`, each the unweighted mean
    /// over classes, with intervals, `area_under_abstention`, and, where answers say it, the mean `label_mass`.
    pub figures: Vec<Figure>,
    /// Per class.
    pub classes: Vec<ClassProbabilities>,
    /// Accuracy against the share of items answered. The confidence of an item is that of its least certain
    /// class, `max(p, 1 - p)`; for letters it is the highest probability.
    pub abstention: Vec<AbstentionPoint>,
}

/// Curves of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassProbabilities {
    /// The class.
    pub class: String,
    /// Items for which it is true.
    pub support: usize,
    /// Area under the ROC curve.
    pub roc_auc: Option<f64>,
    /// Average precision.
    pub average_precision: Option<f64>,
    /// Brier score.
    pub brier_score: Option<f64>,
    /// Expected calibration error over [`CALIBRATION_BINS`] bins.
    pub expected_calibration_error: Option<f64>,
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
    /// The calibration curve.
    pub calibration: Vec<CalibrationBin>,
}

/// One item: truth and probability per class.
struct Row {
    gold: u64,
    probabilities: Vec<f64>,
    /// Share of the model's probability on the answers that were weighed.
    mass: Option<f64>,
}

/// Where an answer's probabilities come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// `label_probabilities`: from the likelihoods of whole answers.
    Sum,
    /// `label_probabilities_normalised`: from likelihoods per token.
    PerToken,
}

/// The figures over probabilities; `None` if no answer has one for every class. Where each question has its
/// own options, every option of every question counts as one case of a single class.
pub(crate) fn probability_report(
    evaluation: &Evaluation,
    file: &AnswerFile,
    weighing: Weighing,
    bootstrap: BootstrapOptions,
) -> Option<ProbabilityReport> {
    let is_pooled = evaluation.classes.is_empty();
    let pooled = [POOLED.to_owned()];
    let classes: &[String] = match is_pooled {
        true => &pooled,
        false => &evaluation.classes,
    };
    let rows: Vec<Row> = evaluation
        .items
        .iter()
        .filter_map(|item| {
            let line = file.lines.get(item.answer?)?;
            let given = match weighing {
                Weighing::Sum => line.label_probabilities.as_ref()?,
                Weighing::PerToken => line.label_probabilities_normalised.as_ref()?,
            };
            let names = if is_pooled { &item.options } else { classes };
            if names.is_empty() {
                return None;
            }
            let probabilities = names.iter().map(|name| given.get(name).copied());
            Some(Row {
                gold: item.row.gold,
                probabilities: probabilities.collect::<Option<_>>()?,
                mass: line.label_mass,
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let columns = Columns {
        rows: &rows,
        count: classes.len(),
        is_pooled,
    };
    let everything: Vec<u32> = (0..u32::try_from(rows.len()).ok()?).collect();
    let is_single = matches!(evaluation.task.kind(), crate::TaskKind::Letter { .. });
    let values = columns.means(&everything);
    let intervals = percentile_bootstrap(rows.len(), bootstrap, |drawn| columns.means(drawn));
    let mut figures: Vec<Figure> = NAMES
        .iter()
        .zip(values)
        .zip(intervals)
        .map(|((name, value), interval)| Figure {
            name: (*name).to_owned(),
            value,
            n: rows.len(),
            low: interval.map(|one| one.low),
            high: interval.map(|one| one.high),
            undefined_resamples: interval.map_or(0, |one| one.undefined),
        })
        .collect();
    let (confidences, correct): (Vec<f64>, Vec<bool>) =
        rows.iter().map(|row| confidence(row, is_single)).unzip();
    figures.push(Figure {
        name: "area_under_abstention".to_owned(),
        value: area_under_abstention(&confidences, &correct),
        n: rows.len(),
        low: None,
        high: None,
        undefined_resamples: 0,
    });
    let masses: Option<Vec<f64>> = rows.iter().map(|row| row.mass).collect();
    if let (Weighing::Sum, Some(masses)) = (weighing, masses) {
        figures.push(Figure {
            name: "label_mass".to_owned(),
            value: mean_of_defined(masses.into_iter().map(Some)),
            n: rows.len(),
            low: None,
            high: None,
            undefined_resamples: 0,
        });
    }
    Some(ProbabilityReport {
        items: rows.len(),
        figures,
        classes: (0..classes.len())
            .map(|class| {
                let (p, truths) = columns.column(class, &everything);
                ClassProbabilities {
                    class: classes[class].clone(),
                    support: truths.iter().filter(|truth| **truth).count(),
                    roc_auc: roc_auc(&p, &truths),
                    average_precision: average_precision(&p, &truths),
                    brier_score: brier_score(&p, &truths),
                    expected_calibration_error: expected_calibration_error(
                        &p,
                        &truths,
                        CALIBRATION_BINS,
                    ),
                    roc: roc_curve(&p, &truths).unwrap_or_default(),
                    calibration: calibration_curve(&p, &truths, CALIBRATION_BINS),
                }
            })
            .collect(),
        abstention: abstention_curve(&confidences, &correct),
    })
}

const NAMES: [&str; 4] = [
    "roc_auc",
    "average_precision",
    "brier_score",
    "expected_calibration_error",
];

/// The name of the one class that all options of all questions make.
const POOLED: &str = "any option";

/// Items as columns of probability and truth.
struct Columns<'a> {
    rows: &'a [Row],
    count: usize,
    is_pooled: bool,
}

impl Columns<'_> {
    fn column(&self, class: usize, drawn: &[u32]) -> (Vec<f64>, Vec<bool>) {
        let rows = drawn.iter().map(|at| &self.rows[*at as usize]);
        let cell = |row: &Row, at: usize| (row.probabilities[at], row.gold >> at & 1 == 1);
        match self.is_pooled {
            true => rows
                .flat_map(|row| (0..row.probabilities.len()).map(move |at| cell(row, at)))
                .unzip(),
            false => rows.map(|row| cell(row, class)).unzip(),
        }
    }

    fn means(&self, drawn: &[u32]) -> Vec<Option<f64>> {
        let columns: Vec<_> = (0..self.count)
            .map(|class| self.column(class, drawn))
            .collect();
        type Metric = fn(&[f64], &[bool]) -> Option<f64>;
        let mean =
            |metric: Metric| mean_of_defined(columns.iter().map(|(p, truths)| metric(p, truths)));
        vec![
            mean(roc_auc),
            mean(average_precision),
            mean(brier_score),
            mean(|p, truths| expected_calibration_error(p, truths, CALIBRATION_BINS)),
        ]
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
