//! What stops the battery.

use std::path::PathBuf;

use pulse_data::synthesize::SynthesizeError;

use crate::Task;
use crate::run::RunError;
use crate::strict::StrictError;

/// Why the battery cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BatteryError {
    /// A setting is out of range.
    #[error("{name} is {found}, expected {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// The range.
        expected: &'static str,
    },
    /// The task has no score without a judge.
    #[error(
        "task {task} needs a judge; the battery takes tasks that are scored without one, such as ptb-test"
    )]
    Judged {
        /// The task.
        task: Task,
    },
    /// Some questions of a variation have no answer.
    #[error(
        "variation {variation}: {failed} questions failed, the first because {reason}; figures over a part of the \
         items would not be comparable"
    )]
    Unanswered {
        /// The variation.
        variation: String,
        /// Questions without an answer.
        failed: usize,
        /// Why the first failed.
        reason: String,
    },
    /// A file or folder cannot be written.
    #[error("{}: {source}; check the path, permissions and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Answers to more patients are there than are asked about.
    #[error(
        "{} has answers about patient {} and you ask about {items}; ask about all of them (--items {}) or choose \
         another folder", path.display(), last + 1, last + 1
    )]
    MoreAnswers {
        /// The folder of the answers.
        path: PathBuf,
        /// The last patient's number, from 0.
        last: u64,
        /// Patients asked about.
        items: u64,
    },
    /// A patient or a page cannot be made.
    #[error(transparent)]
    Page(#[from] SynthesizeError),
    /// The model cannot be asked.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The answers cannot be scored.
    #[error(transparent)]
    Strict(#[from] StrictError),
}
