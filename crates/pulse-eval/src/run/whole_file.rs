//! Files that are whole or as they were.

use std::io::Write;
use std::path::Path;

use super::error::RunError;

/// Writes a file under a temporary name, syncs it and gives it its name.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write()
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&temporary);
        })
        .map_err(RunError::file(path))
}

/// The bytes of a file; none if it is not there.
pub(super) fn read_if_there(path: &Path) -> Result<Vec<u8>, RunError> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(RunError::file(path)),
    }
}
