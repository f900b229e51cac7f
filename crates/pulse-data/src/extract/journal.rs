//! What is done of an archive, line by line.
//!
//! `<root>/.pulse-extract/<archive>-<digest>.journal` has the archive's size and digest in its first line, then a line
//! `size blake3 path` for each entry in the archive's order (folders as `d - path`), then `complete`. It is
//! what a killed run goes on from and what verification compares with. Lines are written after the files
//! they tell of have their names; a line that was cut off is dropped. `again n size blake3 path` replaces the line of
//! entry n (from 0): the archive was damaged when that was written.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::ExtractError;
use super::identity::Identity;
use super::path::JOURNALS;
use crate::run_lock::open_locked;

const FIRST: &str = "pulse-extract 2 ";
const LAST: &str = "complete";
const AGAIN: &str = "again ";

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Bytes; `None` for a folder.
    pub(super) size: Option<u64>,
    /// BLAKE3 of the content in hexadecimal; `-` for a folder.
    pub(super) digest: String,
    /// Path below the image root.
    pub(super) path: PathBuf,
}

impl Entry {
    fn line(&self) -> String {
        let size = self.size.map_or("d".to_owned(), |size| size.to_string());
        format!("{size} {} {}\n", self.digest, self.path.display())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        let size = match parts.next()? {
            "d" => None,
            size => Some(size.parse().ok()?),
        };
        Some(Self {
            size,
            digest: parts.next()?.to_owned(),
            path: PathBuf::from(parts.next()?),
        })
    }
}

/// Where the journal of an archive lies.
pub(super) fn journal_path(root: &Path, shard: &Path, identity: &Identity) -> PathBuf {
    let mut name = shard.file_name().unwrap_or_default().to_owned();
    name.push(format!("-{}.journal", identity.short()));
    root.join(JOURNALS).join(name)
}

/// The journal of one archive, open for appending. No other process can open it meanwhile.
pub(super) struct Journal {
    path: PathBuf,
    output: BufWriter<File>,
    /// Entries that an earlier run finished.
    pub(super) done: Vec<Entry>,
    /// Whether the archive is done.
    pub(super) is_complete: bool,
}

impl Journal {
    /// Opens the journal of an archive, or begins one. Two runs that waited for each other's archives would
    /// never end: the second is refused.
    pub(super) fn open(
        path: &Path,
        shard: &Path,
        identity: &Identity,
    ) -> Result<Self, ExtractError> {
        let failed = |source| ExtractError::file(path, source);
        let Some(mut file) = open_locked(path).map_err(failed)? else {
            return Err(ExtractError::Busy {
                shard: shard.to_owned(),
                journal: path.to_owned(),
            });
        };
        let contents = read(path, &mut file)?;
        let first = format!("{FIRST}{} {}", identity.length, identity.short());
        let (mut done, mut is_complete, mut end) = (Vec::new(), false, 0);
        if contents.first == first {
            (done, is_complete, end) = (contents.entries, contents.is_complete, contents.end);
        }
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut output = BufWriter::new(file);
        if end == 0 {
            writeln!(output, "{first}").map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            output,
            done,
            is_complete,
        })
    }

    /// Appends an entry; it is kept when [`flush`](Self::flush) has been called.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), ExtractError> {
        self.output
            .write_all(entry.line().as_bytes())
            .map_err(|source| ExtractError::file(&self.path, source))
    }

    /// Appends that an entry is another than was noted before.
    pub(super) fn correct(&mut self, number: u64, entry: &Entry) -> Result<(), ExtractError> {
        write!(self.output, "{AGAIN}{number} {}", entry.line())
            .map_err(|source| ExtractError::file(&self.path, source))?;
        self.flush()
    }

    /// Hands what was appended to the operating system.
    pub(super) fn flush(&mut self) -> Result<(), ExtractError> {
        self.output
            .flush()
            .map_err(|source| ExtractError::file(&self.path, source))
    }

    /// Notes that the archive is done.
    pub(super) fn complete(mut self) -> Result<(), ExtractError> {
        let failed = |source| ExtractError::file(&self.path, source);
        if !self.is_complete {
            writeln!(self.output, "{LAST}").map_err(failed)?;
        }
        self.output.flush().map_err(failed)?;
        self.output.get_ref().sync_all().map_err(failed)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Deletes the journals of what was the beginning of this archive: of a download that was not whole or damaged, unpacked
/// as far as it went. The files that they tell of are all in the journal of the whole, with the content that the
/// whole has. Journals that another process has open
/// are left alone.
pub(super) fn drop_superseded(journal: &Path, shard: &Path) -> Result<(), ExtractError> {
    let (Some(folder), Some(name)) = (journal.parent(), shard.file_name()) else {
        return Ok(());
    };
    let start = format!("{}-", name.to_string_lossy());
    let failed = |source| ExtractError::file(folder, source);
    let whole = entries_of(journal)?;
    for other in std::fs::read_dir(folder).map_err(failed)? {
        let other = other.map_err(failed)?.path();
        let other_name = other.file_name().unwrap_or_default().to_string_lossy();
        let digest = other_name
            .strip_prefix(&start)
            .and_then(|rest| rest.strip_suffix(".journal"));
        let is_of_name = digest.is_some_and(|digest| digest.len() == 16);
        if !is_of_name || other == journal {
            continue;
        }
        let failed = |source| ExtractError::file(&other, source);
        let mut file = File::open(&other).map_err(failed)?;
        if file.try_lock().is_err() {
            continue;
        }
        let contents = read(&other, &mut file)?;
        let is_start = contents.entries.len() <= whole.len()
            && (contents.entries.iter().zip(&whole))
                .all(|(a, b)| (&a.path, a.size) == (&b.path, b.size));
        if !contents.is_complete && is_start {
            std::fs::remove_file(&other).map_err(failed)?;
        }
    }
    Ok(())
}

fn entries_of(path: &Path) -> Result<Vec<Entry>, ExtractError> {
    let mut file = File::open(path).map_err(|source| ExtractError::file(path, source))?;
    Ok(read(path, &mut file)?.entries)
}

/// What a journal says.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) first: String,
    pub(super) entries: Vec<Entry>,
    pub(super) is_complete: bool,
    /// Bytes up to the end of the last whole line.
    end: u64,
}

impl Contents {
    /// Takes a line of an entry.
    fn add(&mut self, text: &str) -> Option<()> {
        let Some(again) = text.strip_prefix(AGAIN) else {
            self.entries.push(Entry::parse(text)?);
            return Some(());
        };
        let (number, entry) = again.split_once(' ')?;
        let place = self.entries.get_mut(number.parse::<usize>().ok()?)?;
        *place = Entry::parse(entry)?;
        Some(())
    }
}

/// Reads a journal; a last line without line break is left out.
pub(super) fn read(path: &Path, file: &mut File) -> Result<Contents, ExtractError> {
    let failed = |source| ExtractError::file(path, source);
    let mut reader = BufReader::new(file);
    let mut contents = Contents::default();
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let count = reader.read_line(&mut line).map_err(failed)?;
        let Some(text) = line.strip_suffix('\n') else {
            break;
        };
        if number == 1 {
            contents.first = text.to_owned();
        } else if text == LAST {
            contents.is_complete = true;
        } else {
            contents.add(text).ok_or_else(|| ExtractError::Journal {
                path: path.to_owned(),
                line: number,
            })?;
        }
        contents.end += count as u64;
    }
    Ok(contents)
}
