//! Writes checkpoints beside the training.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::error::CheckpointError;
use super::folder::CheckpointFolder;
use super::keep::prune;
use super::model_files::ModelFiles;
use super::snapshot::Snapshot;
use super::write::write_checkpoint;

/// At most one checkpoint is being written at a time: the next one waits for it, so that handles of
/// at most one snapshot are held.
#[derive(Debug)]
pub struct CheckpointWriter {
    run: PathBuf,
    files: Arc<ModelFiles>,
    keep_last: usize,
    keep_best: usize,
    running: Option<JoinHandle<Result<CheckpointFolder, CheckpointError>>>,
}

impl CheckpointWriter {
    /// A writer for a run's folder.
    pub fn new(run: PathBuf, files: Arc<ModelFiles>, keep_last: usize, keep_best: usize) -> Self {
        Self {
            run,
            files,
            keep_last,
            keep_best,
            running: None,
        }
    }

    /// Starts writing, after the one before is done.
    ///
    /// # Errors
    /// That of the checkpoint before.
    pub fn start(&mut self, snapshot: Snapshot) -> Result<(), CheckpointError> {
        self.finish()?;
        let (run, files) = (self.run.clone(), self.files.clone());
        let (last, best) = (self.keep_last, self.keep_best);
        let work = move || {
            let written = write_checkpoint(&run, &snapshot, &files)?;
            drop(snapshot);
            prune(&run, last, best)?;
            Ok(written)
        };
        let thread = std::thread::Builder::new().name("pulse-checkpoint".to_owned());
        let started = thread.spawn(work);
        self.running = Some(started.map_err(|source| CheckpointError::File {
            path: self.run.clone(),
            source,
        })?);
        Ok(())
    }

    /// Waits for the checkpoint being written.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn finish(&mut self) -> Result<Option<CheckpointFolder>, CheckpointError> {
        match self.running.take() {
            None => Ok(None),
            Some(thread) => match thread.join() {
                Ok(outcome) => outcome.map(Some),
                Err(_) => Err(CheckpointError::Writer),
            },
        }
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        // A run that ends by an error still leaves its last checkpoint whole.
        let _ = self.finish();
    }
}
