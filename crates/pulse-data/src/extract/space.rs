//! Whether the disk has room.

use std::path::{Path, PathBuf};

use super::error::ExtractError;

/// Room for journals, folders and rounding to blocks.
const RESERVE: u64 = 64 << 20;

/// Refuses to begin if the image root has not the room that the archives need, by the estimate that
/// [`ExtractOptions::check_space`](super::ExtractOptions::check_space) describes, and `more` bytes of files
/// whose sizes are known.
pub(super) fn check(root: &Path, archive_bytes: u64, more: u64) -> Result<(), ExtractError> {
    let free = fs4::available_space(root).map_err(|source| ExtractError::file(root, source))?;
    let needed = estimate(archive_bytes).saturating_add(more);
    if free >= needed {
        return Ok(());
    }
    Err(ExtractError::NoSpace {
        path: PathBuf::from(root),
        free,
        needed,
    })
}

fn estimate(archive_bytes: u64) -> u64 {
    archive_bytes
        .saturating_add(archive_bytes / 10)
        .saturating_add(RESERVE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_disk_has_is_refused_with_both_numbers() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path(), 1000, 1000).unwrap();
        let error = check(folder.path(), 1000, u64::MAX / 4).unwrap_err();
        let ExtractError::NoSpace { free, needed, .. } = error else {
            unreachable!("{error}")
        };
        assert!(free > 0 && needed > free);
        assert_eq!(estimate(u64::MAX), u64::MAX);
    }
}
