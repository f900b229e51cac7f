//! One process a folder.

use std::fs::File;
use std::path::Path;

use super::error::RunError;

/// Holds the folder for this process; the lock ends with the file.
pub(super) fn lock(out: &Path) -> Result<File, RunError> {
    let path = out.join(".lock");
    let file = File::create(&path).map_err(RunError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(RunError::Locked {
            path: out.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(source)) => Err(RunError::File { path, source }),
    }
}
