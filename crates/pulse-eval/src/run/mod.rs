//! Asking a model all of ECGBench.
//!
//! Pictures are opened and cut into tiles by threads of their own while the model answers; each answer is
//! appended to `OUT/TASK/step-final.jsonl` and synced when it exists. A run that was killed loses the answers
//! it was working on; the same call goes on with what is open and refuses a folder that another model or other
//! settings made. Lines have the fields of the original's scripts, so that its tools read them, and say in
//! `metadata` where they come from.

mod answer;
mod benchmark;
mod busy;
mod candidates;
mod error;
mod failures;
mod journal;
mod line;
mod lock;
mod merge;
mod pipeline;
mod prepare;
mod progress;
mod runner;
mod settings;
mod shard;
mod source;
mod whole_file;

pub use busy::Busy;
pub use candidates::{LabelCandidates, label_candidates};
pub use error::RunError;
pub use failures::FailedQuestion;
pub(crate) use journal::last_answered;
pub use merge::{MergeReport, merge_shards};
pub use progress::Progress;
pub use runner::{RunOptions, RunReport, TaskRun, run};
pub use settings::{History, RunSettings};
pub use shard::Shard;
pub(crate) use source::config_of;
pub use source::find_bench;
