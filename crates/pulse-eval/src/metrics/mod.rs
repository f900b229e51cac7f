//! Metrics as pure functions, each with its definition.
//!
//! `docs/metrics.md` is generated from [`definitions`]; values are tested against scikit-learn's, stored with
//! the script that made them under `tests/sklearn`. A quantity that is undefined (a rate of nothing) is
//! `None`, never 0.

mod abstention;
mod calibration;
mod confusion;
mod counts;
mod definition;
mod labels;
mod roc;

pub use abstention::{AbstentionPoint, abstention_curve, area_under_abstention};
pub use calibration::{CalibrationBin, brier_score, calibration_curve, expected_calibration_error};
pub use confusion::{ConfusionMatrix, UnknownClass};
pub use counts::BinaryCounts;
pub use definition::{MetricDefinition, definitions, metrics_markdown};
pub use labels::{LabelCounts, LabelRow};
pub use roc::{RocPoint, average_precision, roc_auc, roc_curve};

/// Unweighted mean of the values that are defined; `None` if none is.
pub fn mean_of_defined(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let mut sum = 0.0;
    let mut count = 0usize;
    for value in values.into_iter().flatten() {
        sum += value;
        count += 1;
    }
    ratio(sum, count as f64)
}

/// A ratio; `None` if it is one of nothing.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
