//! What the head shall say about a page.

use pulse_data::synthesize::PageTruth;

use super::outputs::{Measure, RHYTHMS, others};

/// What is true of a page, in the order of the outputs. Nothing is learnt where nothing can be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Index of the rhythm.
    pub rhythm: Option<usize>,
    /// Whether each other finding is shown; `None` where it is hidden.
    pub others: Vec<Option<bool>>,
    /// The true value of each measurement that there is.
    pub measures: [Option<f32>; Measure::ALL.len()],
}

impl Target {
    /// The target of a truth.
    pub fn of(truth: &PageTruth) -> Self {
        let rhythm = RHYTHMS
            .iter()
            .position(|rhythm| truth.findings.contains(rhythm));
        Self {
            rhythm,
            others: others().map(|finding| truth.shows(finding)).collect(),
            measures: [
                truth.rate_bpm,
                truth.pr_ms,
                truth.qrs_ms,
                truth.qt_ms,
                truth.axis_degrees,
            ]
            .map(|value| value.map(|value| value as f32)),
        }
    }
}
