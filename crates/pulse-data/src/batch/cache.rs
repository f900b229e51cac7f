//! Preprocessed tiles on disk.
//!
//! An entry is named by the BLAKE3 digest of the picture file's bytes, in a folder named by that of
//! the preprocessing settings: another picture under the same path or other settings find nothing.
//! Entries end with a digest of themselves, so that a damaged one is found, removed and remade; that
//! is also why they are renamed into place without waiting for the disk.
//!
//! When the cache is full, entries of other settings are removed; if that is not enough, new tiles
//! are no longer stored. Epochs go round the whole data set, where throwing out the oldest entry
//! would mean that each one is gone when its turn comes again.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{MutexGuard, PoisonError};

use pulse_vision::{PreprocessError, Preprocessor, PreprocessorConfig, TilePixels};
use serde::{Deserialize, Serialize};

use super::cache_entry::{decode, encode, is_abandoned, write};

/// A cache that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the cache of tiles at {}: {source}; choose another folder or go without the cache", path.display())]
pub struct CacheError {
    /// The folder.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: std::io::Error,
}

/// What a cache did since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheCounts {
    /// Tiles taken from the disk.
    pub hits: u64,
    /// Tiles that had to be made.
    pub misses: u64,
    /// Entries found damaged and removed; each is also a miss.
    pub damaged: u64,
    /// Tiles made and not stored because the cache is full.
    pub refused: u64,
    /// Reads and writes that the operating system refused.
    pub failed: u64,
}

/// A folder of tiles. Usable from several threads and processes.
#[derive(Debug)]
pub struct TileCache {
    folder: PathBuf,
    limit: u64,
    room: Mutex<Room>,
    hits: AtomicU64,
    misses: AtomicU64,
    damaged: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

#[derive(Debug)]
struct Room {
    /// Bytes of all entries, those of other settings included.
    used: u64,
    /// Entries that are being written.
    writing: HashSet<PathBuf>,
}

/// What [`TileCache::reserve`] decided.
enum Reserved {
    Yes,
    /// Another thread made the same tiles meanwhile.
    Stored,
    Full,
}

impl TileCache {
    /// Opens or makes a cache of at most `limit` bytes. Tiles of a PULSE page take 1.7 MB.
    ///
    /// # Errors
    /// [`CacheError`] if the folder cannot be made or read.
    pub fn open(folder: impl Into<PathBuf>, limit: u64) -> Result<Self, CacheError> {
        let folder = folder.into();
        let at = |source| CacheError {
            path: folder.clone(),
            source,
        };
        std::fs::create_dir_all(&folder).map_err(at)?;
        let used = size_of(&folder).map_err(at)?;
        Ok(Self {
            folder,
            limit,
            room: Mutex::new(Room {
                used,
                writing: HashSet::new(),
            }),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })
    }

    /// What the cache did so far.
    pub fn counts(&self) -> CacheCounts {
        CacheCounts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            damaged: self.damaged.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Bytes on disk.
    pub fn used(&self) -> u64 {
        self.room().used
    }

    /// The tiles of a picture file, from the disk or made and stored. A disk that fails costs time,
    /// not the tiles: it is counted and logged.
    ///
    /// # Errors
    /// That of `make`; nothing is stored then.
    pub fn get_or_make(
        &self,
        picture: &[u8],
        preprocessor: &Preprocessor,
        make: impl FnOnce() -> Result<TilePixels, PreprocessError>,
    ) -> Result<TilePixels, PreprocessError> {
        let settings = self.folder.join(settings_name(preprocessor.config()));
        let name = blake3::hash(picture).to_hex();
        // Two levels, because folders of a million files are slow.
        let path = settings.join(&name[..2]).join(format!("{name}.tiles"));
        let stored = self.read(&path, preprocessor);
        if let Some(tiles) = self.or_failed(&path, stored).flatten() {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(tiles);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let tiles = make()?;
        let stored = self.store(&settings, &path, &tiles);
        self.or_failed(&path, stored);
        Ok(tiles)
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn or_failed<T>(&self, path: &Path, result: std::io::Result<T>) -> Option<T> {
        result
            .inspect_err(|error| {
                self.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(path = %path.display(), "the tile cache failed: {error}");
            })
            .ok()
    }

    /// An entry, if there is a sound one. A damaged one is removed.
    fn read(
        &self,
        path: &Path,
        preprocessor: &Preprocessor,
    ) -> std::io::Result<Option<TilePixels>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = bytes.len() as u64;
        if let Some(tiles) = decode(bytes, preprocessor) {
            return Ok(Some(tiles));
        }
        self.damaged.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(path = %path.display(), "a damaged entry of the tile cache is remade");
        // Another process may have removed it first.
        if std::fs::remove_file(path).is_ok() {
            self.release(length);
        }
        Ok(None)
    }

    fn store(&self, settings: &Path, path: &Path, tiles: &TilePixels) -> std::io::Result<()> {
        let entry = encode(tiles);
        let length = entry.len() as u64;
        match self.reserve(length, settings, path)? {
            Reserved::Yes => {}
            Reserved::Stored => return Ok(()),
            Reserved::Full => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
        }
        let written = write(path, &entry).inspect_err(|_| self.release(length));
        self.room().writing.remove(path);
        written
    }

    /// Takes room for an entry, if need be that of other settings. Threads that miss one picture at the same time make
    /// its tiles each; one of them stores them.
    fn reserve(&self, length: u64, settings: &Path, path: &Path) -> std::io::Result<Reserved> {
        let mut room = self.room();
        if room.writing.contains(path) || path.is_file() {
            return Ok(Reserved::Stored);
        }
        if room.used + length > self.limit && remove_others(&self.folder, settings)? {
            room.used = size_of(&self.folder)?;
        }
        if room.used + length > self.limit {
            return Ok(Reserved::Full);
        }
        room.used += length;
        room.writing.insert(path.to_owned());
        Ok(Reserved::Yes)
    }

    fn release(&self, length: u64) {
        let mut room = self.room();
        room.used = room.used.saturating_sub(length);
    }
}

/// The folder of a preprocessing: everything that decides the bytes of the tiles. The text of
/// floating-point numbers is exact in both forms.
fn settings_name(config: &PreprocessorConfig) -> String {
    let text = serde_json::to_string(config).unwrap_or_else(|_| format!("{config:?}"));
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// Bytes of all files below a folder. Files that vanish meanwhile count nothing; what killed runs were writing is
/// removed.
fn size_of(folder: &Path) -> std::io::Result<u64> {
    let mut total = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            total += size_of(&entry.path())?;
        } else if let Ok(data) = entry.metadata() {
            let is_gone = is_abandoned(&entry.file_name(), &data)
                && std::fs::remove_file(entry.path()).is_ok();
            total += if is_gone { 0 } else { data.len() };
        }
    }
    Ok(total)
}

/// Removes the entries of other settings; whether there were any.
fn remove_others(folder: &Path, settings: &Path) -> std::io::Result<bool> {
    let mut has_removed = false;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.path() != settings && is_settings(&entry.path()) {
            std::fs::remove_dir_all(entry.path())?;
            has_removed = true;
        }
    }
    Ok(has_removed)
}

/// Whether a folder's name is one that this cache gives: nothing else is ever removed.
fn is_settings(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
