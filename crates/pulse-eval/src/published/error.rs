//! Where the original scorer stops with an exception, this one stops with an error.

use std::path::PathBuf;

use crate::answers::AnswerError;
use crate::gold::GoldError;

/// Why the published score cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// The answers cannot be read.
    #[error(transparent)]
    Answers(#[from] AnswerError),
    /// The benchmark cannot be read.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// An answer belongs to no item (`KeyError` in the original).
    #[error(
        "answer file {}, line {line}: id {id:?} is not in {}; the answers were made for another version \
         of the benchmark, or for another task (--mode strict counts such answers instead)",
        path.display(), gold.display()
    )]
    UnknownId {
        /// The answer file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The id.
        id: String,
        /// The benchmark file.
        gold: PathBuf,
    },
    /// An answer ends where the letter should follow (`IndexError` in the original).
    #[error(
        "answer file {}, line {line}: the answer ends after \"The correct option is \"; the original \
         scorer stops at such an answer (--mode strict counts it as unreadable)",
        path.display()
    )]
    NothingFollows {
        /// The answer file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// The first line has no answer, so there is no previous one to reuse (`NameError` in the original).
    #[error(
        "answer file {}, line {line}: no {field} is there and no earlier line has one to reuse, at which \
         the original scorer stops; add the field",
        path.display()
    )]
    NothingToReuse {
        /// The answer file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is missing.
        field: &'static str,
    },
    /// A file without answers (`ZeroDivisionError` or `ValueError` in the original).
    #[error("answer file {} has no answers; remove it or run the task", path.display())]
    NoAnswers {
        /// The answer file.
        path: PathBuf,
    },
    /// The gold answers of a file have no label at all (`ValueError` in the original).
    #[error(
        "answer file {}: none of its {answers} items has a label in {}, so no class can be scored; check \
         that the benchmark file belongs to this task",
        path.display(), gold.display()
    )]
    NoLabels {
        /// The answer file.
        path: PathBuf,
        /// Answers in the file.
        answers: usize,
        /// The benchmark file.
        gold: PathBuf,
    },
    /// A file name from which no step can be read (`ValueError` in the original).
    #[error(
        "answer file {}: its name contains \"step\" but does not end in -final or -NUMBER, from which the \
         original scorer reads the checkpoint; rename it, e.g. to step-final.jsonl",
        path.display()
    )]
    NoStep {
        /// The answer file.
        path: PathBuf,
    },
    /// Names with and without a step in one folder (`TypeError` when the original sorts them).
    #[error(
        "the answer files {first:?} and {second:?} of task {task} are named by different rules (step-N and \
         MODEL_...), which the original scorer cannot sort; keep one kind per folder"
    )]
    MixedSteps {
        /// The task.
        task: crate::Task,
        /// A file name.
        first: String,
        /// A file name of the other kind.
        second: String,
    },
}
