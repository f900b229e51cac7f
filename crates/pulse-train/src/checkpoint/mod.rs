//! The state of a run on disk.
//!
//! ```text
//! RUN/checkpoint-00000040/   a model that loads like any other, and what resuming needs:
//!     config.json model*.safetensors tokenizer… vision_tower/…
//!     trainer/state.json          step, schedule, place in the data, best, versions
//!     trainer/optimizer.safetensors   first.*, second.* and, where the model is not f32, master.*
//!     trainer/run.toml            the settings
//!     trainer/files.json          sizes of all files
//! ```
//!
//! A checkpoint is written under another name, synced and renamed: a folder of this name is whole.

mod error;
mod folder;
mod keep;
mod model_files;
mod read;
mod snapshot;
mod state;
mod tensors;
mod write;
mod writer;

pub use error::CheckpointError;
pub(crate) use folder::REMOVING;
pub use folder::{CheckpointFolder, checkpoints, clean, latest};
pub use keep::prune;
pub use model_files::ModelFiles;
pub use read::{SavedRun, read};
pub(crate) use snapshot::weights;
pub use snapshot::{NamedTensor, Snapshot};
pub use state::{BestScore, RunState};
pub(crate) use write::write_model_with_head;
pub use write::{write_checkpoint, write_model};
pub use writer::CheckpointWriter;
