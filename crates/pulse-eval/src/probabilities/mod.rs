//! Figures over the probabilities of labels, where the answers have them.
//!
//! An answer line may carry `label_probabilities`, an object from label (or letter) to a probability between 0
//! and 1. They make a real AUC, calibration and abstention possible, none of which hard answers allow.

mod columns;
mod ranked;
mod rows;

use serde::Serialize;

use crate::answers::AnswerFile;
use crate::metrics::{
    AbstentionPoint, CalibrationBin, RocPoint, abstention_curve, average_precision, brier_score,
    calibration_curve, expected_calibration_error, roc_auc, roc_curve,
};
use crate::statistics::{BootstrapOptions, percentile_bootstrap};
use crate::strict::{Evaluation, Figure, without_value};

pub(crate) use columns::Columns;
pub use rows::LeftOut;
pub(crate) use rows::{Row, rows};

/// Bins of calibration curves.
pub const CALIBRATION_BINS: usize = 10;

/// Figures over probabilities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbabilityReport {
    /// Items whose answer has a probability for every class.
    pub items: usize,
    /// The others, which no figure here counts.
    pub left_out: LeftOut,
    /// `roc_auc`, `average_precision`, `brier_score` and `expected_calibration_error`, each the unweighted mean
    /// over classes, `area_under_abstention`, and, where all answers say it, the mean `label_mass`; with intervals.
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

/// Where an answer's probabilities come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// `label_probabilities`: from the likelihoods of whole answers.
    Sum,
    /// `label_probabilities_normalised`: from likelihoods per token.
    PerToken,
}

/// The figures over probabilities; `None` if no answer has any. Where each question has its own options, every
/// option of every question counts as one case of a single class.
pub(crate) fn probability_report(
    evaluation: &Evaluation,
    file: &AnswerFile,
    weighing: Weighing,
    bootstrap: BootstrapOptions,
) -> Option<ProbabilityReport> {
    let pooled = [POOLED.to_owned()];
    let classes: &[String] = match evaluation.classes.is_empty() {
        true => &pooled,
        false => &evaluation.classes,
    };
    let (rows, left_out) = rows(evaluation, file, weighing);
    let rows: Vec<&Row> = rows.iter().flatten().collect();
    if rows.is_empty() && left_out.incomplete == 0 {
        return None;
    }
    let items = rows.len();
    let columns = Columns::new(evaluation.task, evaluation.classes.len(), rows, weighing);
    let values = columns.values();
    let intervals = percentile_bootstrap(items, bootstrap, |drawn| columns.resampled(drawn));
    let figures = columns.names().into_iter().zip(values).zip(intervals);
    let (confidences, correct) = columns.abstention();
    Some(ProbabilityReport {
        items,
        left_out,
        figures: figures
            .map(|((name, value), interval)| Figure {
                name: name.to_owned(),
                value,
                n: items,
                ..without_value(interval)
            })
            .collect(),
        classes: (0..classes.len())
            .map(|class| {
                let (p, truths) = columns.column(class);
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

/// The name of the one class that all options of all questions make.
const POOLED: &str = "any option";
