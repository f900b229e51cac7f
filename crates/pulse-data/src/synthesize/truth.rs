//! What is true of a synthetic page, for supervised training and scoring beside the conversations.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pulse_ecg::patients::Finding;
use serde::{Deserialize, Serialize};

use super::case::Case;
use super::error::SynthesizeError;

/// The file of a set's truths, in its folder: a JSON array of [`PageTruth`].
pub const TRUTH_FILE: &str = "truth.json";

/// What a page shows. Everything follows from the patient's plan and the beats that were drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageTruth {
    /// Id of the conversation about it.
    pub id: String,
    /// What it shows; exactly one of them is a rhythm. Empty for a picture that is no ECG page.
    pub findings: Vec<Finding>,
    /// What can be neither seen nor excluded behind pacing or left bundle branch block. Everything in neither list
    /// is absent.
    pub hidden: Vec<Finding>,
    /// Mean ventricular rate over the recording in beats per minute; in atrial fibrillation as well. This and the
    /// other measurements are `None` where the picture is no ECG page.
    pub rate_bpm: Option<f64>,
    /// Onset of P to onset of QRS in milliseconds; `None` in rhythms without P waves.
    pub pr_ms: Option<f64>,
    /// Duration of QRS in milliseconds, of the beats that are no premature ventricular ones.
    pub qrs_ms: Option<f64>,
    /// Onset of QRS to end of T in milliseconds.
    pub qt_ms: Option<f64>,
    /// Frontal QRS axis in degrees, -180 (excluded) to 180.
    pub axis_degrees: Option<f64>,
}

impl PageTruth {
    pub(super) fn of(case: &Case, id: String) -> Self {
        let truth = &case.ecg.truth;
        Self {
            id,
            findings: case.ecg.findings.clone(),
            hidden: case.hidden(),
            rate_bpm: Some(tenths(truth.rate_bpm)),
            pr_ms: truth.pr_ms.map(tenths),
            qrs_ms: Some(tenths(truth.qrs_ms)),
            qt_ms: Some(tenths(truth.qt_ms)),
            axis_degrees: Some(tenths(truth.axis_degrees)),
        }
    }

    /// Of a picture that is no ECG page: nothing can be said about any finding.
    pub(super) fn of_decoy(id: String) -> Self {
        Self {
            id,
            findings: Vec::new(),
            hidden: Finding::ALL.to_vec(),
            rate_bpm: None,
            pr_ms: None,
            qrs_ms: None,
            qt_ms: None,
            axis_degrees: None,
        }
    }

    /// Whether the page shows a finding; `None` where it is hidden.
    pub fn shows(&self, finding: Finding) -> Option<bool> {
        (!self.hidden.contains(&finding)).then(|| self.findings.contains(&finding))
    }
}

fn tenths(value: f64) -> f64 {
    libm::round(value * 10.0) / 10.0
}

/// Reads a file of truths, by the id of the conversation.
///
/// # Errors
/// [`SynthesizeError::File`] if it cannot be read or is no such file.
pub fn read_truths(path: &Path) -> Result<HashMap<String, PageTruth>, SynthesizeError> {
    let failed = |source: std::io::Error| SynthesizeError::File {
        path: PathBuf::from(path),
        source,
    };
    let bytes = std::fs::read(path).map_err(failed)?;
    let truths: Vec<PageTruth> =
        serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?;
    Ok(truths
        .into_iter()
        .map(|truth| (truth.id.clone(), truth))
        .collect())
}
