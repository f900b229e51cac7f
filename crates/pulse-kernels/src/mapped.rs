//! Read-only memory maps of checkpoint files.
//!
//! A tensor made from a map copies nothing: its bytes are the file's pages, shared with the page
//! cache and with every other process that has the same checkpoint open, and loading costs no more
//! than the page faults of first use.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use memmap2::Mmap;

/// A file mapped for reading. Clones share the map; it is released with the last clone.
#[derive(Debug, Clone)]
pub struct MappedFile {
    map: Arc<Mmap>,
    bytes: Bytes,
}

/// What keeps the map alive for [`Bytes`].
struct Owner(Arc<Mmap>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
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
        let map = unsafe { Mmap::map(&file) }.map_err(fail)?;
        if map.is_empty() {
            return Err(fail(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the file is empty",
            )));
        }
        let map = Arc::new(map);
        let bytes = Bytes::from_owner(Owner(map.clone()));
        Ok(Self { map, bytes })
    }

    /// The file's bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// A part of the file that keeps the map alive.
    ///
    /// # Panics
    /// Panics if the range lies outside the file; callers check ranges when they read a header.
    pub fn slice(&self, range: Range<usize>) -> Bytes {
        self.bytes.slice(range)
    }

    /// Gives the pages of a part back to the system, so that they stop counting as this process' memory. Who
    /// reads them again gets the same bytes from the page cache or the disk. Does nothing where the system
    /// has no such call or the range lies outside the file.
    pub fn release(&self, range: Range<usize>) {
        #[cfg(unix)]
        if range.start < range.end && range.end <= self.map.len() {
            // SAFETY: the map is a read-only view of a file that nobody changes (see `open`), so that pages
            // dropped here come back with the same content, also under a reader at this moment.
            let released = unsafe {
                self.map.unchecked_advise_range(
                    memmap2::UncheckedAdvice::DontNeed,
                    range.start,
                    range.len(),
                )
            };
            // Only memory is at stake, not the answer.
            drop(released);
        }
        #[cfg(not(unix))]
        let _ = range;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "maps a file")]
    #[allow(clippy::reversed_empty_ranges)]
    fn released_pages_come_back_as_they_were() {
        let path = std::env::temp_dir().join(format!("pulse-mapped-{}", std::process::id()));
        let content: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let mapped = MappedFile::open(&path).unwrap();
        let slice = mapped.slice(10..99_990);
        for range in [0..100_000, 1..2, 5_000..60_001, 7..7, 9..3, 10..200_000] {
            mapped.release(range);
            assert_eq!(mapped.as_slice(), content);
            assert_eq!(slice, &content[10..99_990]);
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps a file")]
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
