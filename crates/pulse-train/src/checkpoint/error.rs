//! What can be wrong with a checkpoint of a run.

use std::path::PathBuf;

/// Why a checkpoint cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The operating system refused something.
    #[error("checkpoint {}: {source}; check the disk and the permissions, checkpoints before this one are whole", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The disk is too full.
    #[error(
        "checkpoint {}: it takes {needed} bytes and {available} are free; make room or set \
         checkpoint.keep_last lower, the checkpoints before it are whole",
        path.display()
    )]
    DiskFull {
        /// The folder it should become.
        path: PathBuf,
        /// Bytes it takes.
        needed: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// A file of the checkpoint is not what was written.
    #[error("checkpoint {} is damaged: {reason}; resume from an older one with --resume FOLDER", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The checkpoint is of another run.
    #[error("checkpoint {} cannot be resumed with these settings: {differences}; use the settings of the checkpoint (its run.toml), or start a new run from it as a model", path.display())]
    OtherRun {
        /// The folder.
        path: PathBuf,
        /// What changed, in words.
        differences: String,
    },
    /// There is nothing to resume.
    #[error("no checkpoint to resume in {}; start without --resume", path.display())]
    None {
        /// The run's folder.
        path: PathBuf,
    },
    /// The thread that writes ended.
    #[error("the thread that writes checkpoints ended unexpectedly; report this")]
    Writer,
}
