//! What the strict mode finds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::reading::Unreadable;
use crate::metrics::{BinaryCounts, ConfusionMatrix};
use crate::probabilities::ProbabilityReport;
use crate::statistics::BootstrapOptions;
use crate::task::Task;

/// The scores of all answer files.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrictReport {
    /// Always `strict`.
    pub mode: &'static str,
    /// How intervals are made: `percentile bootstrap over items`.
    pub interval_method: &'static str,
    /// Resamples, seed and level of the intervals.
    pub bootstrap: BootstrapOptions,
    /// Whether items without an answer were left out.
    pub only_answered: bool,
    /// One entry per answer file.
    pub tasks: Vec<StrictTask>,
    /// Tasks without answers.
    pub missing_tasks: Vec<Task>,
}

/// The scores of one answer file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrictTask {
    /// The task.
    pub task: Task,
    /// The answer file's path below the folder of answers.
    pub file: PathBuf,
    /// The model, if the answers name it.
    pub model: Option<String>,
    /// What was there and what was not.
    pub coverage: Coverage,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Per class; empty for ECG-QA, where each question has its own options.
    pub classes: Vec<ClassRow>,
    /// Which letter was taken for which; tasks with letters only.
    pub confusion: Option<ConfusionMatrix>,
    /// Figures over probabilities, where the answers have them.
    pub probabilities: Option<ProbabilityReport>,
    /// The same over probabilities from likelihoods per token.
    pub probabilities_normalised: Option<ProbabilityReport>,
    /// Every item.
    pub items: Vec<ScoredItem>,
}

/// Counted columns beside the figures.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Items scored.
    pub items: usize,
    /// Lines of the answer file.
    pub answers: usize,
    /// Items whose answer could be read.
    pub readable: usize,
    /// Items whose answer could not be read, by reason.
    pub unreadable: BTreeMap<Unreadable, usize>,
    /// Items without an answer.
    pub missing: usize,
    /// Answers to no item of the benchmark.
    pub unknown: usize,
    /// Further answers to an item that has one; the first counts.
    pub doubles: usize,
    /// Those of `doubles` that say something else than the first.
    pub conflicting: usize,
}

impl Coverage {
    /// Items whose answer could not be read, for any reason.
    pub fn all_unreadable(&self) -> usize {
        self.unreadable.values().sum()
    }
}

/// One figure with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name as in `docs/metrics.md`.
    pub name: String,
    /// Its value; null where undefined.
    pub value: Option<f64>,
    /// Items it is computed from.
    pub n: usize,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Resamples in which it was undefined, which are left out of the interval.
    pub undefined_resamples: usize,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassRow {
    /// Its name.
    pub class: String,
    /// Items for which it is true.
    pub support: u64,
    /// Items for which it is predicted.
    pub predicted: u64,
    /// The four counts.
    pub counts: BinaryCounts,
    /// Precision.
    pub precision: Option<f64>,
    /// Recall, or sensitivity.
    pub recall: Option<f64>,
    /// Specificity.
    pub specificity: Option<f64>,
    /// F1 with its interval.
    pub f1: Figure,
    /// Area under the ROC curve of the 0/1 predictions.
    pub hard_label_auc: Option<f64>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoredItem {
    /// Its id.
    pub id: String,
    /// The picture's path as the benchmark has it.
    pub image: Option<PathBuf>,
    /// The question.
    pub question: String,
    /// The answer; null if there is none.
    pub answer: Option<String>,
    /// What is true.
    pub gold: Vec<String>,
    /// What was read.
    pub predicted: Vec<String>,
    /// `read`, `missing`, or why it could not be read.
    pub outcome: &'static str,
    /// Whether what was read is the truth.
    pub is_correct: bool,
    /// Predicted and true that do not match, for ranking the worst.
    pub distance: u32,
}
