//! One archive to files.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;
use tar::{Archive, EntryType};

use super::claims::Claims;
use super::error::ExtractError;
use super::journal::{Entry, Journal, drop_superseded};
use super::links::refuse_links;
use super::meter::{Meter, Metered};
use super::options::ExtractOptions;
use super::path::safe_path;
use super::progress::Counted;

/// Bytes of a header, of the padding of contents and of each half of an archive's end.
const BLOCK: u64 = 512;
const BUFFER: usize = 1 << 18;
/// Most bytes of what describes an entry: its header, long names (GNU's `L` and `K`), extended attributes (pax).
/// They are read into memory before the entry is known; no file system takes names of 4 KiB.
const DESCRIPTION: u64 = 64 << 10;
/// Entries between two flushes of the journal: what a kill costs at most.
const FLUSH: usize = 16;
/// Most bytes of an entry that is there already that are held in memory while they are compared; longer ones go to the
/// temporary file.
const HELD: u64 = 8 << 20;

/// What one archive gave.
#[derive(Debug, Default)]
pub(super) struct ShardReport {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) written: u64,
    /// Files among them that an earlier run had written and that were gone.
    pub(super) restored: u64,
    /// Files among them that an earlier run had written with other content.
    pub(super) corrected: u64,
}

/// Unpacks an archive, or what an earlier run left of it.
pub(super) fn unpack(
    shard: &Path,
    root: &Path,
    mut journal: Journal,
    options: &ExtractOptions,
    claims: &Claims<'_>,
    bar: &ProgressBar,
) -> Result<ShardReport, ExtractError> {
    let file = File::open(shard).map_err(|source| ExtractError::file(shard, source))?;
    let counted = Counted {
        reader: file,
        bar: bar.clone(),
    };
    let reader = BufReader::with_capacity(BUFFER, counted);
    let is_plain = shard.extension().is_some_and(|kind| kind == "tar");
    let reader: Box<dyn Read> = match is_plain {
        true => Box::new(reader),
        false => Box::new(MultiGzDecoder::new(reader)),
    };
    let meter = Rc::new(Meter::default());
    let reader: Box<dyn Read> = Box::new(Metered {
        reader,
        meter: meter.clone(),
    });
    let mut archive = Archive::new(reader);
    let mut work = Work {
        shard,
        root,
        options,
        claims,
        held: Vec::new(),
        buffer: vec![0; BUFFER],
        temporary: journal.path().with_extension("part"),
        report: ShardReport::default(),
    };
    let damaged = |entry, error: &io::Error| ExtractError::Damaged {
        shard: shard.to_owned(),
        entry,
        reason: error.to_string(),
    };
    let done = std::mem::take(&mut journal.done);
    let mut done = done.into_iter();
    let mut number = 0;
    // Where the last entry ends.
    let mut end = 0u64;
    let mut entries = archive.entries().map_err(|error| damaged(0, &error))?;
    loop {
        meter.allow(end.saturating_add(DESCRIPTION));
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(|error| match meter.is_over() {
            true => ExtractError::LongName {
                shard: shard.to_owned(),
                entry: number,
                limit: DESCRIPTION,
            },
            false => damaged(number, &error),
        })?;
        meter.allow(u64::MAX);
        let padded = entry.size().checked_next_multiple_of(BLOCK);
        end = (entry.raw_file_position()).saturating_add(padded.unwrap_or(u64::MAX));
        if entry.header().entry_type() == EntryType::XGlobalHeader {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let path = work.accept(&name, entry.header().entry_type(), number)?;
        match (path, done.next()) {
            (path, Some(before)) => {
                let is_folder = entry.header().entry_type().is_dir();
                let size = (!is_folder).then_some(entry.size());
                if before.path != path || before.size != size {
                    return Err(ExtractError::OtherArchive {
                        shard: shard.to_owned(),
                        entry: number,
                        journal: journal.path().to_owned(),
                    });
                }
                let again = work.keep(&before, &mut entry, number, journal.is_complete)?;
                if let Some(record) = again {
                    journal.correct(number, &record)?;
                }
            }
            (path, None) => {
                let record = match entry.header().entry_type().is_dir() {
                    true => work.folder(path)?,
                    false => work.file(path, &mut entry, number)?,
                };
                journal.append(&record)?;
                if number % FLUSH as u64 == 0 {
                    journal.flush()?;
                }
            }
        }
        number += 1;
    }
    meter.allow(u64::MAX);
    if done.next().is_some() {
        return Err(ExtractError::OtherArchive {
            shard: shard.to_owned(),
            entry: number,
            journal: journal.path().to_owned(),
        });
    }
    // An archive ends with blocks of zeros. One that was cut off between two entries is sound but for them.
    if meter.taken() < end.saturating_add(BLOCK) {
        return Err(ExtractError::Damaged {
            shard: shard.to_owned(),
            entry: number,
            reason: "the mark of the archive's end is missing".to_owned(),
        });
    }
    // The checksum of gzip stands behind the last byte of the archive: read up to it.
    let mut rest = archive.into_inner();
    loop {
        match rest.read(&mut work.buffer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(damaged(number, &error)),
        }
    }
    let path = journal.path().to_owned();
    journal.complete()?;
    drop_superseded(&path, shard)?;
    let _ = std::fs::remove_file(&work.temporary);
    Ok(work.report)
}

struct Work<'a> {
    shard: &'a Path,
    root: &'a Path,
    options: &'a ExtractOptions,
    claims: &'a Claims<'a>,
    /// The content of an entry that is compared.
    held: Vec<u8>,
    buffer: Vec<u8>,
    /// Where files grow; beside the journals, so on the disk of the image root.
    temporary: PathBuf,
    report: ShardReport,
}

impl Work<'_> {
    /// The path of an entry that may be written.
    fn accept(&self, name: &[u8], kind: EntryType, entry: u64) -> Result<PathBuf, ExtractError> {
        let kind = match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::Directory => {
                // The archive's own folder.
                if kind_is_root(name, kind) {
                    return Ok(PathBuf::new());
                }
                return safe_path(name).map_err(|reason| ExtractError::Path {
                    shard: self.shard.to_owned(),
                    entry,
                    reason,
                });
            }
            EntryType::Symlink => "symbolic link",
            EntryType::Link => "hard link",
            EntryType::Char => "character device",
            EntryType::Block => "block device",
            EntryType::Fifo => "named pipe",
            EntryType::GNUSparse => "sparse file",
            _ => "special entry",
        };
        Err(ExtractError::Kind {
            shard: self.shard.to_owned(),
            entry,
            name: String::from_utf8_lossy(name).into_owned(),
            kind,
        })
    }

    fn folder(&mut self, path: PathBuf) -> Result<Entry, ExtractError> {
        refuse_links(self.root, &path, true)?;
        self.create(&self.root.join(&path))?;
        Ok(Entry {
            size: None,
            digest: "-".to_owned(),
            path,
        })
    }

    fn create(&self, folder: &Path) -> Result<(), ExtractError> {
        std::fs::create_dir_all(folder).map_err(|source| ExtractError::file(folder, source))
    }

    /// Writes an entry's file: temporary name, sync, rename.
    fn file(
        &mut self,
        path: PathBuf,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        number: u64,
    ) -> Result<Entry, ExtractError> {
        let size = entry.size();
        refuse_links(self.root, &path, false)?;
        let digest = self.receive(entry, number)?;
        let record = Entry {
            size: Some(size),
            digest: digest.to_hex().to_string(),
            path,
        };
        self.claims.claim(self.shard, number, &record)?;
        self.place(&record, None)?;
        Ok(record)
    }

    /// Gives the temporary file the name of the entry that it holds, unless a file of this content has it already.
    /// What is there with the content of `before` is an earlier run's and is replaced unasked.
    fn place(&mut self, record: &Entry, before: Option<&Entry>) -> Result<(), ExtractError> {
        let target = self.root.join(&record.path);
        let is = |entry: &Entry, found: Option<(u64, blake3::Hash)>| {
            found.is_some_and(|(size, digest)| {
                entry.size == Some(size) && entry.digest == digest.to_hex().as_str()
            })
        };
        self.report.files += 1;
        self.report.bytes += record.size.unwrap_or(0);
        if target.symlink_metadata().is_ok() {
            let found = hash_file(&target, &mut self.buffer)?;
            if is(record, found) {
                return Ok(());
            }
            if !self.options.overwrite && !before.is_some_and(|before| is(before, found)) {
                return Err(ExtractError::Conflict {
                    shard: self.shard.to_owned(),
                    path: target,
                });
            }
        }
        if let Some(folder) = target.parent() {
            self.create(folder)?;
        }
        std::fs::rename(&self.temporary, &target)
            .map_err(|source| ExtractError::file(&target, source))?;
        self.report.written += 1;
        Ok(())
    }

    /// The entry's content to the temporary file.
    fn receive(
        &mut self,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        number: u64,
    ) -> Result<blake3::Hash, ExtractError> {
        let mut output = self.begin()?;
        let temporary = self.temporary.clone();
        let write = |part: &[u8]| {
            let done = output.write_all(part);
            done.map_err(|source| ExtractError::file(&temporary, source))
        };
        let digest = self.stream(entry, number, write)?;
        self.end(&output)?;
        Ok(digest)
    }

    /// The entry's content to memory.
    fn hold(
        &mut self,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        number: u64,
    ) -> Result<blake3::Hash, ExtractError> {
        let mut held = std::mem::take(&mut self.held);
        held.clear();
        let write = |part: &[u8]| {
            held.extend_from_slice(part);
            Ok(())
        };
        let digest = self.stream(entry, number, write)?;
        self.held = held;
        Ok(digest)
    }

    /// What [`hold`](Self::hold) holds to the temporary file.
    fn spill(&self) -> Result<(), ExtractError> {
        let mut output = self.begin()?;
        let done = output.write_all(&self.held);
        done.map_err(|source| ExtractError::file(&self.temporary, source))?;
        self.end(&output)
    }

    fn begin(&self) -> Result<File, ExtractError> {
        // Whatever lies there, a link too, is an earlier run's and not written through.
        let _ = std::fs::remove_file(&self.temporary);
        File::create_new(&self.temporary)
            .map_err(|source| ExtractError::file(&self.temporary, source))
    }

    fn end(&self, output: &File) -> Result<(), ExtractError> {
        if self.options.sync {
            let done = output.sync_all();
            done.map_err(|source| ExtractError::file(&self.temporary, source))?;
        }
        Ok(())
    }

    /// The entry's content part by part, and its BLAKE3.
    fn stream(
        &mut self,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        number: u64,
        mut write: impl FnMut(&[u8]) -> Result<(), ExtractError>,
    ) -> Result<blake3::Hash, ExtractError> {
        let damaged = |reason| ExtractError::Damaged {
            shard: self.shard.to_owned(),
            entry: number,
            reason,
        };
        let mut hasher = blake3::Hasher::new();
        let mut left = entry.size();
        loop {
            let count = entry
                .read(&mut self.buffer)
                .map_err(|error| damaged(error.to_string()))?;
            if count == 0 {
                break;
            }
            hasher.update(&self.buffer[..count]);
            write(&self.buffer[..count])?;
            left = left.saturating_sub(count as u64);
        }
        if left > 0 {
            let reason = format!("the archive ends {left} bytes before the entry does");
            return Err(damaged(reason));
        }
        Ok(hasher.finalize())
    }

    /// An entry that an earlier run finished. Its file is written again if it was lost, or if the archive has other
    /// content than the one that it was written from: that one was damaged, which gzip tells only at its end. Then the
    /// entry is given back as it is now. Of an archive that was proved to its end other content is an error.
    fn keep(
        &mut self,
        before: &Entry,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        number: u64,
        is_proved: bool,
    ) -> Result<Option<Entry>, ExtractError> {
        let target = self.root.join(&before.path);
        refuse_links(self.root, &before.path, before.size.is_none())?;
        let Some(size) = before.size else {
            return self.create(&target).map(|()| None);
        };
        let is_held = size <= HELD;
        let digest = match is_held {
            true => self.hold(entry, number)?,
            false => self.receive(entry, number)?,
        };
        let now = Entry {
            digest: digest.to_hex().to_string(),
            ..before.clone()
        };
        let is_same = now == *before;
        if !is_same && is_proved {
            return Err(ExtractError::OtherArchive {
                shard: self.shard.to_owned(),
                entry: number,
                journal: self.temporary.with_extension("journal"),
            });
        }
        self.claims.claim(self.shard, number, &now)?;
        let found = target.symlink_metadata().ok();
        let is_there = found.is_some_and(|found| found.is_file() && found.len() == size);
        if is_same && is_there {
            self.report.files += 1;
            self.report.bytes += size;
            return Ok(None);
        }
        if is_held {
            self.spill()?;
        }
        let written = self.report.written;
        self.place(&now, Some(before))?;
        match is_same {
            true => self.report.restored += self.report.written - written,
            false => self.report.corrected += self.report.written - written,
        }
        Ok((!is_same).then_some(now))
    }
}

fn kind_is_root(name: &[u8], kind: EntryType) -> bool {
    kind == EntryType::Directory && matches!(name, b"." | b"./")
}

/// Length and BLAKE3 of a file; `None` if it is no plain file.
pub(super) fn hash_file(
    path: &Path,
    buffer: &mut [u8],
) -> Result<Option<(u64, blake3::Hash)>, ExtractError> {
    let failed = |source| ExtractError::file(path, source);
    if !path.symlink_metadata().map_err(failed)?.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut length = 0;
    loop {
        let count = file.read(buffer).map_err(failed)?;
        if count == 0 {
            return Ok(Some((length, hasher.finalize())));
        }
        hasher.update(&buffer[..count]);
        length += count as u64;
    }
}
