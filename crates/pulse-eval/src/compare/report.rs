//! What a comparison finds.

use std::path::PathBuf;

use serde::Serialize;

use crate::Task;
use crate::probabilities::LeftOut;
use crate::statistics::{BootstrapOptions, McNemar};

/// The comparison of two folders of answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first folder.
    pub first: PathBuf,
    /// The second folder.
    pub second: PathBuf,
    /// How intervals are made: `paired percentile bootstrap over items`.
    pub interval_method: &'static str,
    /// Resamples, seed and level of the intervals.
    pub bootstrap: BootstrapOptions,
    /// The tasks that both have answers to.
    pub tasks: Vec<TaskComparison>,
    /// Tasks that only one of them has answers to.
    pub only_one: Vec<Task>,
}

/// The comparison of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskComparison {
    /// The task.
    pub task: Task,
    /// Items compared.
    pub items: usize,
    /// Each figure in both runs.
    pub figures: Vec<Difference>,
    /// Figures over probabilities in both runs; none where either has no probabilities.
    pub probabilities: Option<ProbabilityComparison>,
    /// The exact McNemar test on whether items are right.
    pub mcnemar: McNemar,
    /// Items for which something else was read.
    pub differing: Vec<ItemDifference>,
}

/// Figures over `label_probabilities` of both runs, on the items for which both have all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbabilityComparison {
    /// Items compared.
    pub items: usize,
    /// Items that the first run gives no probabilities for.
    pub left_out_first: LeftOut,
    /// Items that the second run gives no probabilities for.
    pub left_out_second: LeftOut,
    /// Each figure in both runs.
    pub figures: Vec<Difference>,
}

/// One figure in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its name as in `docs/metrics.md`.
    pub name: String,
    /// In the first run.
    pub first: Option<f64>,
    /// In the second run.
    pub second: Option<f64>,
    /// Second minus first.
    pub difference: Option<f64>,
    /// Lower end of the difference's interval.
    pub low: Option<f64>,
    /// Upper end of the difference's interval.
    pub high: Option<f64>,
}

/// One item that was answered differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemDifference {
    /// Its id.
    pub id: String,
    /// The true answer.
    pub gold: String,
    /// The first run's answer; null if there is none.
    pub first: Option<String>,
    /// The second run's answer; null if there is none.
    pub second: Option<String>,
    /// Whether the first run has it right.
    pub first_is_correct: bool,
    /// Whether the second run has it right.
    pub second_is_correct: bool,
}
