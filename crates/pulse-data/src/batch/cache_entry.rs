//! The file format of cached tiles: magic bytes, version, size of the picture, tiles, BLAKE3 digest of
//! everything in front. Numbers are little endian.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use pulse_vision::{PixelSize, Preprocessor, TilePixels};

/// Format of the entries; another number makes the older ones unreachable.
const VERSION: u32 = 1;
/// Magic bytes, version, width and height of the picture.
const HEADER: usize = 20;
const MAGIC: &[u8; 8] = b"PULSETIL";
const DIGEST: usize = 32;
/// How the names of files begin that are being written.
const TEMPORARY: &str = ".tmp";
/// A file that has been written to for so long is what a killed run left: tiles are written in milliseconds.
const ABANDONED: Duration = Duration::from_secs(600);

/// The bytes of an entry.
pub(super) fn encode(tiles: &TilePixels) -> Vec<u8> {
    let mut entry = Vec::with_capacity(HEADER + tiles.len() + DIGEST);
    entry.extend(MAGIC);
    entry.extend(VERSION.to_le_bytes());
    entry.extend(tiles.picture().width.to_le_bytes());
    entry.extend(tiles.picture().height.to_le_bytes());
    entry.extend(tiles.tiles_u8());
    let digest = blake3::hash(&entry);
    entry.extend(digest.as_bytes());
    entry
}

/// The tiles of an entry; `None` for anything but a whole one of this version.
pub(super) fn decode(mut entry: Vec<u8>, preprocessor: &Preprocessor) -> Option<TilePixels> {
    let end = entry.len().checked_sub(DIGEST)?;
    let (body, digest) = entry.split_at(end);
    if blake3::hash(body).as_bytes() != digest || !body.starts_with(MAGIC) {
        return None;
    }
    let word = |at: usize| Some(u32::from_le_bytes(*body.get(at..)?.first_chunk()?));
    let (version, width, height) = (word(8)?, word(12)?, word(16)?);
    if version != VERSION {
        return None;
    }
    entry.truncate(end);
    entry.drain(..HEADER);
    preprocessor
        .restore(PixelSize::new(width, height), entry)
        .ok()
}

/// Whether a file is one that a run was writing when it was killed.
pub(super) fn is_abandoned(name: &OsStr, metadata: &Metadata) -> bool {
    let is_temporary = name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
    let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
    is_temporary && age.is_some_and(|age| age > ABANDONED)
}

/// Writes an entry under a temporary name and renames it. It is not synced: an entry that a power cut
/// damages is found by its digest.
pub(super) fn write(path: &Path, entry: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder)?;
    file.write_all(entry)?;
    file.persist(path)?;
    Ok(())
}
