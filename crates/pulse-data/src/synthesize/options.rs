//! Settings and outcome.

use std::path::PathBuf;

use pulse_ecg::patients::Mixture;

use super::look::Look;
use super::wording::Wording;

/// Settings of [`synthesize`](super::synthesize()).
#[derive(Debug, Clone, PartialEq)]
pub struct SynthesizeOptions {
    /// Number of conversations in the training, validation and test set together. Each has a page of its
    /// own.
    pub count: u64,
    /// Seed of everything. Equal settings and seeds give equal bytes, on every platform and with any number
    /// of threads.
    pub seed: u64,
    /// Folder to make.
    pub out: PathBuf,
    /// Share of the patients in the validation set, 0 to 0.5.
    pub valid_share: f64,
    /// Share of the patients in the test set, 0 to 0.5.
    pub test_share: f64,
    /// Items of each benchmark configuration; `None`: a hundredth of `count`, at least 4.
    pub bench_items: Option<u64>,
    /// Smallest and largest resolution of the pages in dots per inch, 30 to 600.
    pub dpi: (f64, f64),
    /// What the patients of the three sets are drawn from. Those of the benchmark have a mixture of their own, but
    /// for [`Wording::Statements`].
    pub mixture: Mixture,
    /// How much the pages differ, those of the benchmark among them.
    pub look: Look,
    /// In which words is asked and answered.
    pub wording: Wording,
    /// Share of the conversations of [`Wording::Statements`] whose picture is no ECG page, 0 to 0.5.
    pub decoy_share: f64,
    /// Shows a progress bar on standard error.
    pub progress: bool,
}

impl Default for SynthesizeOptions {
    fn default() -> Self {
        Self {
            count: 1000,
            seed: 0,
            out: PathBuf::from("synthetic"),
            valid_share: 0.05,
            test_share: 0.05,
            bench_items: None,
            dpi: (72.0, 110.0),
            mixture: Mixture::Ward,
            look: Look::Varied,
            wording: Wording::Clinical,
            decoy_share: 0.0,
            progress: true,
        }
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SynthesizeReport {
    /// The folder.
    #[serde(serialize_with = "crate::lossy::path")]
    pub out: PathBuf,
    /// Conversations of the training set.
    pub train: u64,
    /// Conversations of the validation set.
    pub valid: u64,
    /// Conversations of the test set.
    pub test: u64,
    /// Patients of the three sets.
    pub patients: u64,
    /// Items of all benchmark configurations.
    pub bench: u64,
    /// Pages drawn.
    pub pages: u64,
    /// Seconds it took.
    pub seconds: f64,
}
