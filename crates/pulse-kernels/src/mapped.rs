//! Read-only memory maps of checkpoint files.
//!
//! A tensor made from a map copies nothing: its bytes are the file's pages, shared with the page
//! cache and with every other process that has the same checkpoint open, and loading costs no more
//! than the page faults of first use.

use std::fs::File;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// A file mapped for reading. Clones share the map; it is released with the last clone.
#[derive(Debug, Clone)]
pub struct MappedFile {
    bytes: Bytes,
}

/// Why a file could not be mapped.
#[derive(Debug, thiserror::Error)]
#[error("cannot map {}: {source}; check that the file exists, is readable and not empty", path.display())]
pub struct MapError {
    /// The file that was asked for.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: std::io::Error,
}

impl MappedFile {
    /// Maps a whole file.
    ///
    /// The file must not be changed while it is mapped; checkpoints are replaced by renaming a new
    /// file over the old one, which leaves existing maps intact.
    ///
    /// # Errors
    /// [`MapError`] when the file cannot be opened or mapped, or is empty.
    pub fn open(path: &Path) -> Result<Self, MapError> {
        let fail = |source| MapError {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(fail)?;
        // SAFETY: the map is read-only and private to this value. Changing the file under a map is
        // the one thing the operating system cannot prevent; the documentation forbids it, and no
        // code of this project writes to an existing checkpoint file in place.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(fail)?;
        if map.is_empty() {
            return Err(fail(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the file is empty",
            )));
        }
        Ok(Self {
            bytes: Bytes::from_owner(map),
        })
    }

    /// The file's bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// A part of the file that keeps the map alive.
    ///
    /// # Panics
    /// Panics if the range lies outside the file; callers check ranges when they read a header.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_missing_files_are_errors_that_name_the_file() {
        let folder = std::env::temp_dir();
        let empty = folder.join(format!("pulse-mapped-empty-{}", std::process::id()));
        std::fs::write(&empty, b"").unwrap();
        assert!(
            MappedFile::open(&empty)
                .unwrap_err()
                .to_string()
                .contains("empty")
        );
        std::fs::remove_file(&empty).unwrap();
        let missing = MappedFile::open(&empty).unwrap_err().to_string();
        assert!(missing.contains("pulse-mapped-empty"), "{missing}");
    }
}
