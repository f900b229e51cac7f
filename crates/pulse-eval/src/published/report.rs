//! What the published mode finds.

use serde::Serialize;

use super::multilabel::MultilabelScores;
use crate::task::Task;

/// The published scores of all tasks that have answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedReport {
    /// Always `published`.
    pub mode: &'static str,
    /// The tasks with answers, in the original's order.
    pub tasks: Vec<PublishedTask>,
    /// Tasks without answers, which the original passes over without a word.
    pub missing_tasks: Vec<Task>,
    /// The runs that the answers come from. The original scores several side by side, as steps of one.
    pub origins: Vec<String>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedTask {
    /// The task.
    pub task: Task,
    /// Its answer files in scoring order.
    pub files: Vec<PublishedFile>,
    /// The lines the original prints.
    pub stdout: Vec<String>,
}

/// One answer file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedFile {
    /// Its name.
    pub file: String,
    /// The checkpoint its name stands for.
    pub step: String,
    /// Its answers.
    pub answers: usize,
    /// The figures; null for a file that the original skips because of its number of answers.
    pub scores: Option<PublishedScores>,
    /// Why the file was skipped.
    pub skipped: Option<String>,
    /// Letters that were drawn at random because none could be read.
    pub fallbacks: usize,
    /// Answers to an item that an earlier line of the file answered; the original counts both.
    pub doubles: usize,
    /// Items of the benchmark without an answer; the original does not count them.
    pub unanswered: usize,
    /// Lines without an answer of their own, for which the original uses the line before.
    pub reused: usize,
    /// What was read from each line: labels, one letter (random ones included), or options.
    pub predicted: Vec<Vec<String>>,
    /// For tasks with letters, what was read without the random ones.
    pub extracted: Vec<Option<char>>,
}

/// The figures of one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PublishedScores {
    /// Tasks with labels.
    Multilabel(MultilabelScores),
    /// Tasks with letters or options.
    Accuracy {
        /// Correct answers divided by the file's answers.
        accuracy: f64,
    },
}
