//! What stops a run.

use std::path::PathBuf;

use pulse_data::bench::BenchError;
use pulse_llm::PulseError;
use pulse_llm::hub::HubError;

use crate::Task;

/// Why a benchmark cannot be run or shares cannot be merged. A single question that fails does not stop a run;
/// it is recorded as a [`FailedQuestion`](super::FailedQuestion).
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}; check the path, permissions and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds answers made in another way.
    #[error(
        "{} holds answers made with other settings: {differences}; give another --out, or the same settings to \
         go on", path.display()
    )]
    AnotherRun {
        /// The folder's `run.json`.
        path: PathBuf,
        /// Each differing setting with both values.
        differences: String,
    },
    /// An answer file is not one of this run.
    #[error("{}, line {line}: {reason}; move the file away or give another --out", path.display())]
    ForeignLine {
        /// The answer file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The models that share the work are not loads of one checkpoint in one way.
    #[error(
        "the models of device 1 and device {number} would answer differently: {differences}; give --dtype and \
         --merge, or devices of one kind"
    )]
    DifferentModels {
        /// Which model, from 1.
        number: usize,
        /// Each differing setting with both values.
        differences: String,
    },
    /// An item was answered when its picture or its questions were other ones.
    #[error(
        "task {task}, item {id:?}: {} answers another picture or question than the benchmark has now; give the \
         benchmark it was made with, or another --out", path.display()
    )]
    AnotherItem {
        /// The task.
        task: Task,
        /// The item.
        id: String,
        /// The answer file.
        path: PathBuf,
    },
    /// An answered item can no longer be compared with what was asked.
    #[error(
        "task {task}, item {id:?} is answered in {} and cannot be compared with the benchmark ({reason}); mend the \
         benchmark or give another --out", path.display()
    )]
    Unverifiable {
        /// The task.
        task: Task,
        /// The item.
        id: String,
        /// The answer file.
        path: PathBuf,
        /// What is wrong with the item.
        reason: String,
    },
    /// Two items of the benchmark share an id, so an answer could not be told to belong to either.
    #[error(
        "task {task}: the id {id:?} is in the benchmark twice (items {first} and {second}); remove one of them"
    )]
    DoubleId {
        /// The task.
        task: Task,
        /// The id.
        id: String,
        /// Position of the first item, from 1.
        first: u64,
        /// Position of the second item, from 1.
        second: u64,
    },
    /// Another process writes to the folder.
    #[error("{} is in use by another run; wait for it or give another --out", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A `run.json` cannot be understood.
    #[error("{}: {reason}; expected the settings that `pulse-eval run` writes", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A `benchmark.json` cannot be understood.
    #[error(
        "{}: {reason}; expected a digest and the number of questions of each task, as this version writes them: delete the \
         file and run again with the same command, which keeps the answers that fit the benchmark",
        path.display()
    )]
    Benchmark {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The bench is neither a folder nor on the Hub.
    #[error(
        "--bench {found:?} is neither a folder nor `hub` nor owner/name of a data set of the Hub"
    )]
    NoBench {
        /// What was given.
        found: String,
    },
    /// The shares do not make a whole.
    #[error("the shares cannot be merged: {reason}")]
    Shares {
        /// What is wrong, and where.
        reason: String,
    },
    /// Two shares answer an item differently.
    #[error("task {task}, item {id:?} is answered in {} and in {}; give each share once", first.display(), second.display())]
    AnsweredTwice {
        /// The task.
        task: Task,
        /// The item.
        id: String,
        /// A folder.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// No model was given to run on.
    #[error("there is no model to ask; give at least one device")]
    NoModel,
    /// A thread stopped for no reason it could give.
    #[error("a working thread stopped unexpectedly; what was answered is kept, run again to go on")]
    Worker,
    /// The benchmark cannot be read.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The model cannot answer anything any more.
    #[error(transparent)]
    Model(#[from] PulseError),
    /// The benchmark cannot be downloaded.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// What looks like a folder and like a data set is neither.
    #[error("there is no folder {found} here; as a data set of the Hub: {source}")]
    NeitherFolderNorHub {
        /// What was given.
        found: String,
        /// What the Hub said.
        source: HubError,
    },
}

impl RunError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
