//! Names of checkpoints and what is left behind by interrupted writing.

use std::path::{Path, PathBuf};

use super::error::CheckpointError;

const PREFIX: &str = "checkpoint-";
/// A folder being written.
pub(super) const WRITING: &str = ".writing-";
/// A folder being removed.
pub(crate) const REMOVING: &str = ".removing-";

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointFolder {
    /// Update after which it was written.
    pub step: u64,
    /// The folder.
    pub path: PathBuf,
}

impl CheckpointFolder {
    /// The checkpoint of a step of a run.
    pub fn of(run: &Path, step: u64) -> Self {
        Self {
            step,
            path: run.join(format!("{PREFIX}{step:08}")),
        }
    }
}

/// The whole checkpoints of a run, oldest first.
///
/// # Errors
/// [`CheckpointError::File`] if the folder cannot be read.
pub fn checkpoints(run: &Path) -> Result<Vec<CheckpointFolder>, CheckpointError> {
    let failed = |source| CheckpointError::File {
        path: run.to_owned(),
        source,
    };
    if !run.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(run).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let step = name
            .and_then(|name| name.strip_prefix(PREFIX))
            .and_then(|digits| digits.parse().ok());
        if let Some(step) = step.filter(|_| path.is_dir()) {
            found.push(CheckpointFolder { step, path });
        }
    }
    found.sort();
    Ok(found)
}

/// The newest checkpoint of a run.
///
/// # Errors
/// [`CheckpointError::None`] if there is none.
pub fn latest(run: &Path) -> Result<CheckpointFolder, CheckpointError> {
    checkpoints(run)?
        .pop()
        .ok_or_else(|| CheckpointError::None {
            path: run.to_owned(),
        })
}

/// Removes what an interrupted run left half-written or half-removed.
///
/// # Errors
/// [`CheckpointError::File`] if the operating system refuses.
pub fn clean(run: &Path) -> Result<(), CheckpointError> {
    if !run.is_dir() {
        return Ok(());
    }
    let failed = |path: &Path, source| CheckpointError::File {
        path: path.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(run).map_err(|source| failed(run, source))? {
        let path = entry.map_err(|source| failed(run, source))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_left =
            name.is_some_and(|name| name.starts_with(WRITING) || name.starts_with(REMOVING));
        if is_left {
            std::fs::remove_dir_all(&path).map_err(|source| failed(&path, source))?;
        }
    }
    Ok(())
}
