//! What an interrupted indexing left, and how it goes on from there.
//!
//! The partial file begins with magic, version, length and time of change of the conversations. Blocks
//! follow: number of records, position in the conversations, defects so far, BLAKE3 of the conversations
//! up to there, the records, BLAKE3 of the block. A block that a kill cut off fails its checksum and is
//! dropped. The BLAKE3 of the prefix lets the next run prove that it continues the same file.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::InstructError;
use super::index::{Fields, Record};
use crate::run_lock::open_locked;

const MAGIC: &[u8; 8] = b"PULSEIDP";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8 + 16;
const BLOCK_HEADER: usize = 8 + 8 + 8 + 32;
const DIGEST: usize = 32;

/// How far the indexing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// Bytes of the conversations that are done; the last of them ends an item.
    pub(super) offset: u64,
    /// Items found.
    pub(super) items: u64,
    /// Items among them that are no conversations.
    pub(super) defective: u64,
    /// BLAKE3 of the first `offset` bytes.
    pub(super) digest: [u8; 32],
}

/// The file that grows while indexing.
pub(super) struct PartialIndex {
    path: PathBuf,
    file: File,
}

impl PartialIndex {
    /// Opens what is there for a file with this length and time of change, or begins. `None` while another
    /// run indexes the same file.
    pub(super) fn open(
        path: &Path,
        stamp: (u64, u128),
    ) -> Result<Option<(Self, Option<Progress>)>, InstructError> {
        let failed = |source| InstructError::Unwritable {
            path: path.to_owned(),
            source,
        };
        let Some(mut file) = open_locked(path).map_err(failed)? else {
            return Ok(None);
        };
        let mut open = || -> std::io::Result<Option<Progress>> {
            let progress = last_block(&mut file, stamp)?;
            if progress.is_none() {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(&header(stamp))?;
            }
            Ok(progress)
        };
        let progress = open().map_err(failed)?;
        let path = path.to_owned();
        Ok(Some((Self { path, file }, progress)))
    }

    /// Forgets everything, for a file that turned out to be another one.
    pub(super) fn clear(&mut self) -> Result<(), InstructError> {
        let clear = |file: &mut File| {
            file.set_len(HEADER as u64)?;
            file.seek(SeekFrom::End(0)).map(|_| ())
        };
        clear(&mut self.file).map_err(|source| self.failed(source))
    }

    /// Appends a block.
    pub(super) fn append(
        &mut self,
        records: &[Record],
        progress: &Progress,
    ) -> Result<(), InstructError> {
        let mut block = Vec::with_capacity(BLOCK_HEADER + records.len() * Record::BYTES + DIGEST);
        block.extend((records.len() as u64).to_le_bytes());
        block.extend(progress.offset.to_le_bytes());
        block.extend(progress.defective.to_le_bytes());
        block.extend(progress.digest);
        for record in records {
            block.extend(record.to_bytes());
        }
        let digest = blake3::hash(&block);
        block.extend(digest.as_bytes());
        self.file
            .write_all(&block)
            .map_err(|source| self.failed(source))
    }

    /// The records of all blocks, block by block, in the order of the file.
    pub(super) fn records(
        &self,
    ) -> Result<impl Iterator<Item = std::io::Result<Vec<u8>>>, InstructError> {
        let file = File::open(&self.path).map_err(|source| self.failed(source))?;
        let mut reader = BufReader::new(file);
        reader
            .seek(SeekFrom::Start(HEADER as u64))
            .map_err(|source| self.failed(source))?;
        Ok(std::iter::from_fn(move || {
            read_block(&mut reader)
                .map(|block| block.map(|(_, records)| records))
                .transpose()
        }))
    }

    /// Whether there is anything to go on from.
    pub(super) fn has_blocks(&self) -> bool {
        let found = self.file.metadata();
        found.is_ok_and(|found| found.len() > HEADER as u64)
    }

    /// Removes the file: the index is written, or cannot be.
    pub(super) fn remove(self) -> Result<(), InstructError> {
        std::fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> InstructError {
        InstructError::Unwritable {
            path: self.path.clone(),
            source,
        }
    }
}

fn header((length, modified): (u64, u128)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(modified.to_le_bytes());
    bytes
}

/// Finds the last whole block and cuts the file behind it. `None`: nothing usable is there.
fn last_block(file: &mut File, stamp: (u64, u128)) -> std::io::Result<Option<Progress>> {
    let mut found = vec![0; HEADER];
    let mut reader = BufReader::new(&mut *file);
    if reader.read_exact(&mut found).is_err() || found != header(stamp) {
        return Ok(None);
    }
    let mut end = HEADER as u64;
    let mut items = 0;
    let mut last = None;
    while let Ok(Some((mut progress, records))) = read_block(&mut reader) {
        end += (BLOCK_HEADER + records.len() + DIGEST) as u64;
        items += (records.len() / Record::BYTES) as u64;
        progress.items = items;
        last = Some(progress);
    }
    drop(reader);
    file.set_len(end)?;
    file.seek(SeekFrom::End(0))?;
    Ok(last)
}

/// The next block, `None` at the end, an error if it is cut off or damaged.
fn read_block(reader: &mut impl Read) -> std::io::Result<Option<(Progress, Vec<u8>)>> {
    let damaged = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let mut head = [0; BLOCK_HEADER];
    match reader.read(&mut head)? {
        0 => return Ok(None),
        count => reader.read_exact(&mut head[count..])?,
    }
    let mut fields = Fields(&head);
    let count = u64::from_le_bytes(fields.take());
    let progress = Progress {
        offset: u64::from_le_bytes(fields.take()),
        items: count,
        defective: u64::from_le_bytes(fields.take()),
        digest: fields.take(),
    };
    let length = count
        .checked_mul(Record::BYTES as u64)
        .ok_or_else(damaged)?;
    let mut records = Vec::new();
    reader.by_ref().take(length).read_to_end(&mut records)?;
    let mut digest = [0; DIGEST];
    reader.read_exact(&mut digest)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head).update(&records);
    if records.len() as u64 != length || hasher.finalize().as_bytes() != &digest {
        return Err(damaged());
    }
    Ok(Some((progress, records)))
}
