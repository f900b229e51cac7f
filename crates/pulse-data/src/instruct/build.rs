//! One pass over a conversation file makes its index.
//!
//! While one block of the file is validated on all threads, the next is read, hashed and cut into items.
//! Memory is two blocks and the records of the current checkpoint, whatever the size of the file. Every
//! item is checked for UTF-8 and parsed: what opens later has been seen whole once.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;

use super::error::InstructError;
use super::index::{IndexHeader, Record, default_index_path, read_index, stamp, write_index};
use super::item::{ItemError, measure};
use super::partial::{PartialIndex, Progress};
use super::scan::{ArrayScanner, ItemRange};

/// Bytes read at once.
const BLOCK: usize = 8 << 20;
/// Bytes of the file between two checkpoints.
const CHECKPOINT: u64 = 32 << 20;
/// No conversation is longer; a file with one unclosed bracket must not fill the memory.
const LONGEST_ITEM: u64 = 64 << 20;

/// Settings of [`build_index`].
#[derive(Debug, Clone, Default)]
pub struct IndexOptions {
    /// Where the index goes; `None`: beside the file ([`default_index_path`]).
    pub index: Option<PathBuf>,
    /// Shows a progress bar with rate and remaining time on standard error.
    pub progress: bool,
    /// Makes the index again even if a valid one is there.
    pub rebuild: bool,
}

/// What [`build_index`] did.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct IndexReport {
    /// The index.
    #[serde(serialize_with = "crate::lossy::path")]
    pub index: PathBuf,
    /// Items in the file.
    pub items: u64,
    /// Items among them that are JSON but no conversation: see
    /// [`InstructFile::defects`](super::InstructFile::defects).
    pub defective: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file, in hexadecimal.
    pub blake3: String,
    /// Byte at which an interrupted indexing was continued; 0 if it began anew.
    pub resumed_at: u64,
    /// Whether an index was there already that fits the file.
    pub was_current: bool,
    /// Seconds it took.
    pub seconds: f64,
}

/// Makes the index of a JSON array of conversations, or finds that it is there.
///
/// An indexing that was killed is continued at its last checkpoint (every 32 MiB) after the part before
/// it has proved unchanged. An index whose file only has a new time of change, but the same content, is
/// adopted without parsing the file again.
///
/// # Errors
/// [`InstructError`] if the file cannot be read, is cut off, not UTF-8, or no JSON array of objects, with
/// the byte and the item; if it changes meanwhile; [`InstructError::Unwritable`] if the index cannot be written
/// and [`InstructError::Busy`] if another run makes it. Items that are JSON but no conversation are no
/// error here: they are counted, and reading one of them is.
pub fn build_index(path: &Path, options: &IndexOptions) -> Result<IndexReport, InstructError> {
    let began = Instant::now();
    let index = match &options.index {
        Some(index) => index.clone(),
        None => default_index_path(path),
    };
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    if real(&index).is_some_and(|index| Some(index) == real(path)) {
        return Err(InstructError::SameFile {
            path: path.to_owned(),
        });
    }
    let before = stamp(path)?;
    let report = |header: &IndexHeader, resumed_at, was_current| IndexReport {
        index: index.clone(),
        items: header.items,
        defective: header.defective,
        bytes: header.source_length,
        blake3: blake3::Hash::from_bytes(header.source_digest)
            .to_hex()
            .to_string(),
        resumed_at,
        was_current,
        seconds: began.elapsed().as_secs_f64(),
    };
    if !options.rebuild
        && let Some(header) = adopt(path, &index, before, options)?
    {
        return Ok(report(&header, 0, true));
    }
    let mut partial_path = index.clone().into_os_string();
    partial_path.push(".partial");
    let Some((mut partial, found)) = PartialIndex::open(Path::new(&partial_path), before)? else {
        return Err(InstructError::Busy { index });
    };
    // Another run may have made it just before this one took the lock.
    if !options.rebuild
        && let Some(header) = adopt(path, &index, before, options)?
    {
        partial.remove()?;
        return Ok(report(&header, 0, true));
    }
    let mut pass = Pass::new(path, before.0, options)?;
    let resumed_at = match found {
        Some(progress) if pass.resume(&progress)? => progress.offset,
        _ => {
            partial.clear()?;
            pass.rewind()?;
            0
        }
    };
    let made = finish(&mut pass, &mut partial, path, &index, before);
    match made {
        Ok(header) => {
            partial.remove()?;
            Ok(report(&header, resumed_at, false))
        }
        Err(error) => {
            // What is there of another file, or before the first checkpoint, is of no use to the next run.
            let is_changed = matches!(error, InstructError::Changed { .. });
            if is_changed || !partial.has_blocks() {
                let _ = partial.remove();
            }
            Err(error)
        }
    }
}

/// The pass to the end of the file, and the index under its name.
fn finish(
    pass: &mut Pass<'_>,
    partial: &mut PartialIndex,
    path: &Path,
    index: &Path,
    before: (u64, u128),
) -> Result<IndexHeader, InstructError> {
    let rest = pass.run(partial)?;
    if stamp(path)? != before {
        return Err(InstructError::Changed {
            path: path.to_owned(),
            what: "while it was read".to_owned(),
        });
    }
    let header = IndexHeader {
        source_length: before.0,
        source_modified_ns: before.1,
        source_digest: *pass.hasher.finalize().as_bytes(),
        items: pass.scanner.items(),
        defective: pass.defective,
    };
    let rest = rest
        .into_iter()
        .map(|record| Ok(record.to_bytes().to_vec()));
    write_index(index, &header, partial.records()?.chain(rest))?;
    Ok(header)
}

/// An index that is there and fits, if need be after comparing the content.
fn adopt(
    path: &Path,
    index: &Path,
    stamp: (u64, u128),
    options: &IndexOptions,
) -> Result<Option<IndexHeader>, InstructError> {
    let Ok((mut header, table)) = read_index(index) else {
        return Ok(None);
    };
    if header.source_length != stamp.0 {
        return Ok(None);
    }
    if header.source_modified_ns == stamp.1 {
        return Ok(Some(header));
    }
    let mut pass = Pass::new(path, stamp.0, options)?;
    pass.hash_to(stamp.0)?;
    if *pass.hasher.finalize().as_bytes() != header.source_digest {
        return Ok(None);
    }
    header.source_modified_ns = stamp.1;
    write_index(index, &header, std::iter::once(Ok(table)))?;
    Ok(Some(header))
}

/// A stretch of the file that begins at an item or between two, with the items that end in it.
struct Block {
    base: u64,
    bytes: Vec<u8>,
    ranges: Vec<ItemRange>,
    first_item: u64,
    /// How far the file is done when this block is; its defects are not counted yet.
    reached: Option<Progress>,
}

struct Pass<'a> {
    path: &'a Path,
    file: File,
    hasher: blake3::Hasher,
    scanner: ArrayScanner,
    /// The beginning of an item whose end has not been read.
    carry: Vec<u8>,
    defective: u64,
    bar: ProgressBar,
}

impl<'a> Pass<'a> {
    fn new(path: &'a Path, length: u64, options: &IndexOptions) -> Result<Self, InstructError> {
        let file = File::open(path).map_err(|source| InstructError::File {
            path: path.to_owned(),
            source,
        })?;
        let bar = ProgressBar::new(length);
        if !options.progress {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template(
            "indexing {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ) {
            bar.set_style(style);
        }
        Ok(Self {
            path,
            file,
            hasher: blake3::Hasher::new(),
            scanner: ArrayScanner::new(),
            carry: Vec::new(),
            defective: 0,
            bar,
        })
    }

    fn failed(&self, source: std::io::Error) -> InstructError {
        InstructError::File {
            path: self.path.to_owned(),
            source,
        }
    }

    fn rewind(&mut self) -> Result<(), InstructError> {
        self.hasher.reset();
        self.bar.set_position(0);
        self.file
            .seek(SeekFrom::Start(0))
            .map(|_| ())
            .map_err(|source| self.failed(source))
    }

    /// Goes to where an earlier run stopped. False if the file is not the one it read.
    fn resume(&mut self, progress: &Progress) -> Result<bool, InstructError> {
        self.hash_to(progress.offset)?;
        if *self.hasher.finalize().as_bytes() != progress.digest {
            return Ok(false);
        }
        self.scanner = ArrayScanner::behind_item(progress.offset, progress.items);
        self.defective = progress.defective;
        Ok(true)
    }

    /// Reads and hashes the file up to `end`.
    fn hash_to(&mut self, end: u64) -> Result<(), InstructError> {
        let mut buffer = vec![0; BLOCK];
        let mut left = end;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
            let count = self
                .file
                .read(&mut buffer[..wanted])
                .map_err(|source| self.failed(source))?;
            if count == 0 {
                break;
            }
            self.hasher.update(&buffer[..count]);
            self.bar.inc(count as u64);
            left -= count as u64;
        }
        Ok(())
    }

    /// Reads to the end of the file, appending checkpoints to `partial`; returns the records behind
    /// the last of them.
    fn run(&mut self, partial: &mut PartialIndex) -> Result<Vec<Record>, InstructError> {
        let mut records = Vec::new();
        let mut saved_at = self.scanner.offset();
        let mut current = self.next_block()?;
        while let Some(block) = current {
            let first = block.first_item;
            let path = self.path;
            let (measured, next) =
                rayon::join(|| measure_block(path, &block, first), || self.next_block());
            let measured = measured?;
            self.defective += measured
                .iter()
                .filter(|record| record.words == Record::DEFECTIVE)
                .count() as u64;
            records.extend(measured);
            if let Some(progress) = block.reached
                && progress.offset - saved_at >= CHECKPOINT
            {
                let defective = self.defective;
                partial.append(
                    &records,
                    &Progress {
                        defective,
                        ..progress
                    },
                )?;
                records.clear();
                saved_at = progress.offset;
            }
            current = next?;
        }
        self.scanner
            .finish()
            .map_err(|reason| InstructError::Structure {
                path: self.path.to_owned(),
                reason,
            })?;
        self.bar.finish_and_clear();
        Ok(records)
    }

    /// The next stretch of the file; `None` at the end.
    fn next_block(&mut self) -> Result<Option<Block>, InstructError> {
        let mut block = Block {
            base: self.scanner.offset() - self.carry.len() as u64,
            bytes: std::mem::take(&mut self.carry),
            ranges: Vec::new(),
            first_item: self.scanner.items(),
            reached: None,
        };
        let old = block.bytes.len();
        block.bytes.reserve_exact(BLOCK);
        let count = (&self.file)
            .take(BLOCK as u64)
            .read_to_end(&mut block.bytes)
            .map_err(|source| self.failed(source))?;
        if count == 0 {
            return Ok(None);
        }
        self.bar.inc(count as u64);
        let fresh = &block.bytes[old..];
        let start = self.scanner.offset();
        self.scanner
            .scan(fresh, &mut block.ranges)
            .map_err(|reason| InstructError::Structure {
                path: self.path.to_owned(),
                reason,
            })?;
        // The digest where the last item of the block ends can only be taken now.
        let mut unhashed = fresh;
        if let Some(last) = block.ranges.last() {
            let split = usize::try_from(last.end - start).unwrap_or(fresh.len());
            self.hasher.update(&fresh[..split]);
            unhashed = &fresh[split..];
            block.reached = Some(Progress {
                offset: last.end,
                items: self.scanner.items(),
                defective: 0,
                digest: *self.hasher.finalize().as_bytes(),
            });
        }
        self.hasher.update(unhashed);
        if let Some(open) = self.scanner.open_item() {
            let from = usize::try_from(open - block.base).unwrap_or(0);
            self.carry = block.bytes[from..].to_vec();
            if self.carry.len() as u64 > LONGEST_ITEM {
                return Err(InstructError::TooLong {
                    path: self.path.to_owned(),
                    item: self.scanner.items(),
                    offset: open,
                    limit: LONGEST_ITEM,
                });
            }
        }
        Ok(Some(block))
    }
}

/// Validates the items of a block on all threads; `first` is the number of its first item.
fn measure_block(path: &Path, block: &Block, first: u64) -> Result<Vec<Record>, InstructError> {
    let measured: Vec<Result<Record, InstructError>> = block
        .ranges
        .par_iter()
        .with_min_len(64)
        .enumerate()
        .map(|(index, range)| {
            let item = first + index as u64;
            let place = |at: u64| usize::try_from(at - block.base).unwrap_or(usize::MAX);
            let bytes = &block.bytes[place(range.start)..place(range.end)];
            let text = std::str::from_utf8(bytes).map_err(|error| InstructError::NotUtf8 {
                path: path.to_owned(),
                item,
                offset: range.start + error.valid_up_to() as u64,
            })?;
            match measure(text, *range) {
                Ok(record) => Ok(record),
                Err(ItemError::Syntax { at, reason }) => Err(InstructError::Syntax {
                    path: path.to_owned(),
                    item,
                    offset: range.start + at,
                    reason,
                }),
                Err(ItemError::Shape) => Ok(Record {
                    offset: range.start,
                    length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                    words: Record::DEFECTIVE,
                    id: 0,
                    image: Record::NO_IMAGE,
                }),
            }
        })
        .collect();
    measured.into_iter().collect()
}
