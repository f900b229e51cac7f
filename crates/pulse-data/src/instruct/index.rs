//! The index file.
//!
//! Little endian: 8 bytes of magic, a 4-byte version, the header's fields in order, then 32 bytes an
//! item, then a BLAKE3 over everything before. 1.16 million items are 37 MB, read and checked in a few
//! hundredths of a second.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::InstructError;
use crate::files::read_plain;

const MAGIC: &[u8; 8] = b"PULSEIDX";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8 + 16 + 32 + 8 + 8;
const DIGEST: usize = 32;

/// What an index says about its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexHeader {
    /// Length of the conversations' file in bytes.
    pub source_length: u64,
    /// Its time of change in nanoseconds since 1970.
    pub source_modified_ns: u128,
    /// BLAKE3 of its content.
    pub source_digest: [u8; 32],
    /// Number of items.
    pub items: u64,
    /// Items among them that are no conversations.
    pub defective: u64,
}

/// What the index keeps of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) offset: u64,
    pub(super) length: u32,
    /// Words of all messages, or [`Record::DEFECTIVE`].
    pub(super) words: u32,
    /// Hash of the id.
    pub(super) id: u64,
    /// Hash of the picture's path, or [`Record::NO_IMAGE`].
    pub(super) image: u64,
}

impl Record {
    pub(super) const DEFECTIVE: u32 = u32::MAX;
    pub(super) const NO_IMAGE: u64 = 0;
    pub(super) const BYTES: usize = 32;

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.length.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.words.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.id.to_le_bytes());
        bytes[24..].copy_from_slice(&self.image.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut fields = Fields(bytes);
        Self {
            offset: u64::from_le_bytes(fields.take()),
            length: u32::from_le_bytes(fields.take()),
            words: u32::from_le_bytes(fields.take()),
            id: u64::from_le_bytes(fields.take()),
            image: u64::from_le_bytes(fields.take()),
        }
    }
}

/// Where the index of a file lies unless said otherwise: beside it, with `.pulse-index` appended.
pub fn default_index_path(conversations: &Path) -> PathBuf {
    let mut name = conversations.file_name().unwrap_or_default().to_owned();
    name.push(".pulse-index");
    conversations.with_file_name(name)
}

/// Length and time of change of a file. Anything but a plain file is refused: a pipe would be waited for.
pub(super) fn stamp(path: &Path) -> Result<(u64, u128), InstructError> {
    let failed = |source| InstructError::File {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(InstructError::NotPlain {
            path: path.to_owned(),
        });
    }
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let age = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok((metadata.len(), age.as_nanos()))
}

/// Writes an index under its name: temporary name, sync, rename. `records` are the encoded records.
pub(super) fn write_index(
    path: &Path,
    header: &IndexHeader,
    records: impl Iterator<Item = std::io::Result<Vec<u8>>>,
) -> Result<(), InstructError> {
    let failed = |source| InstructError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let temporary = path.with_extension("pulse-index-new");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&temporary)?;
        let mut hasher = blake3::Hasher::new();
        let mut put = |bytes: &[u8]| {
            hasher.update(bytes);
            file.write_all(bytes)
        };
        put(&encode_header(header))?;
        for block in records {
            put(&block?)?;
        }
        let digest = hasher.finalize();
        file.write_all(digest.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        failed(error)
    })
}

fn encode_header(header: &IndexHeader) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(header.source_length.to_le_bytes());
    bytes.extend(header.source_modified_ns.to_le_bytes());
    bytes.extend(header.source_digest);
    bytes.extend(header.items.to_le_bytes());
    bytes.extend(header.defective.to_le_bytes());
    bytes
}

/// Reads an index and checks that it is whole.
pub(super) fn read_index(path: &Path) -> Result<(IndexHeader, Vec<u8>), InstructError> {
    let mut bytes = read_plain(path).map_err(|source| InstructError::File {
        path: path.to_owned(),
        source,
    })?;
    let bad = |reason: String| InstructError::BadIndex {
        path: path.to_owned(),
        reason,
    };
    if bytes.len() < HEADER + DIGEST || !bytes.starts_with(MAGIC) {
        return Err(bad("it is no index of conversations".to_owned()));
    }
    let body = bytes.len() - DIGEST;
    let mut fields = Fields(&bytes[8..HEADER]);
    let version = u32::from_le_bytes(fields.take());
    if version != VERSION {
        return Err(bad(format!(
            "its format is version {version}, this program reads {VERSION}"
        )));
    }
    if blake3::hash(&bytes[..body]).as_bytes() != &bytes[body..] {
        return Err(bad("its checksum is wrong".to_owned()));
    }
    let header = IndexHeader {
        source_length: u64::from_le_bytes(fields.take()),
        source_modified_ns: u128::from_le_bytes(fields.take()),
        source_digest: fields.take(),
        items: u64::from_le_bytes(fields.take()),
        defective: u64::from_le_bytes(fields.take()),
    };
    let table = (body - HEADER) as u64;
    if header.items.checked_mul(Record::BYTES as u64) != Some(table) {
        return Err(bad(format!(
            "it has {table} bytes for {} items",
            header.items
        )));
    }
    bytes.truncate(body);
    bytes.drain(..HEADER);
    Ok((header, bytes))
}

/// Fixed-size fields one after the other.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut field = [0; N];
        if let Some((first, rest)) = self.0.split_first_chunk::<N>() {
            field = *first;
            self.0 = rest;
        }
        field
    }
}
