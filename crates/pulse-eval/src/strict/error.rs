//! What stops the strict mode.

use std::path::PathBuf;

use crate::Task;
use crate::answers::AnswerError;
use crate::gold::GoldError;

/// Why answers cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum StrictError {
    /// The answers cannot be read.
    #[error(transparent)]
    Answers(#[from] AnswerError),
    /// The benchmark cannot be read.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// Most answers belong to no item.
    #[error(
        "answer file {}: {unknown} of {answers} answers have ids that are not in {} (the first is {example:?}); \
         the answers were made for another version of the benchmark, or for another task",
        path.display(), gold.display()
    )]
    AnotherVersion {
        /// The answer file.
        path: PathBuf,
        /// The benchmark file.
        gold: PathBuf,
        /// Answers with unknown ids.
        unknown: usize,
        /// All answers.
        answers: usize,
        /// The first unknown id.
        example: String,
    },
    /// There is nothing to score.
    #[error(
        "{} has no answers to a task that can be scored; expected JSONL files in folders named {}",
        folder.display(), Task::SCORED.map(|task| task.name()).join(", ")
    )]
    NoAnswers {
        /// The folder of answers.
        folder: PathBuf,
    },
    /// The true answer of an item is not one of the task.
    #[error(
        "benchmark file {}: the true answer {answer:?} of item {id:?} is {problem}; check that the file belongs \
         to task {task}",
        gold.display()
    )]
    GoldUnreadable {
        /// The benchmark file.
        gold: PathBuf,
        /// The task.
        task: Task,
        /// The item.
        id: String,
        /// The answer as it is there.
        answer: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The benchmark file has no items.
    #[error("benchmark file {} has no items; at least one is needed", gold.display())]
    NoItems {
        /// The benchmark file.
        gold: PathBuf,
    },
    /// Two runs cannot be compared item by item.
    #[error(
        "task {task} has {files} answer files below {}; a comparison needs exactly one: give a folder with one \
         file per task",
        folder.display()
    )]
    NotOneFile {
        /// The task.
        task: Task,
        /// The folder of answers.
        folder: PathBuf,
        /// Files found.
        files: usize,
    },
    /// Two runs share no task.
    #[error(
        "{} and {} have no task in common with answers of both; nothing can be compared",
        first.display(), second.display()
    )]
    NothingInCommon {
        /// The first folder.
        first: PathBuf,
        /// The second folder.
        second: PathBuf,
    },
}
