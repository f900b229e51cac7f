//! An indexed conversation file: any item, at once, from any thread.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::{InstructError, ItemDefect};
use super::index::{IndexHeader, Record, default_index_path, read_index, stamp};
use super::item::{name_hash, parse_sample};
use super::read_at::read_exact_at;
use crate::sample::Sample;

/// A JSON array of conversations with its index. Items are read where they lie when they are asked for;
/// in memory is the table alone, 32 bytes an item.
#[derive(Debug)]
pub struct InstructFile {
    path: PathBuf,
    file: File,
    header: IndexHeader,
    table: Vec<u8>,
}

impl InstructFile {
    /// Opens an indexed file; `index: None` looks beside it. The index is checked by its checksum, the
    /// file by its length and time of change.
    ///
    /// # Errors
    /// [`InstructError::NoIndex`], [`InstructError::BadIndex`] or [`InstructError::Changed`], which say
    /// how to make the index (again); [`InstructError::File`] if a file cannot be read.
    pub fn open(path: &Path, index: Option<&Path>) -> Result<Self, InstructError> {
        let index = match index {
            Some(index) => index.to_owned(),
            None => default_index_path(path),
        };
        let (length, modified) = stamp(path)?;
        if !index.is_file() {
            return Err(InstructError::NoIndex {
                path: path.to_owned(),
                index,
            });
        }
        let (header, table) = read_index(&index)?;
        let changed = |what: String| InstructError::Changed {
            path: path.to_owned(),
            what,
        };
        if header.source_length != length {
            let old = header.source_length;
            return Err(changed(format!("it had {old} bytes and now has {length}")));
        }
        if header.source_modified_ns != modified {
            return Err(changed("its time of change differs".to_owned()));
        }
        let file = File::open(path).map_err(|source| InstructError::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            header,
            table,
        })
    }

    /// What the index says about the file.
    pub fn header(&self) -> &IndexHeader {
        &self.header
    }

    /// The conversations' file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of items.
    pub fn len(&self) -> u64 {
        self.header.items
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Item number `item`, from 0.
    ///
    /// # Errors
    /// [`InstructError::OutOfRange`]; [`InstructError::Item`] if it is no conversation;
    /// [`InstructError::Changed`] if what lies there is not what was indexed.
    pub fn sample(&self, item: u64) -> Result<Sample, InstructError> {
        let record = self.record(item)?;
        let text = self.text_of(&record)?;
        let sample = parse_sample(&text).map_err(|reason| InstructError::Item {
            path: self.path.clone(),
            defect: ItemDefect {
                item,
                offset: record.offset,
                length: u64::from(record.length),
                reason,
            },
        })?;
        if record.words != Record::DEFECTIVE && record.id != name_hash(&sample.id) {
            return Err(self.changed(&record));
        }
        Ok(sample)
    }

    /// The JSON text of an item, as it is in the file.
    ///
    /// # Errors
    /// As [`sample`](Self::sample), without parsing.
    pub fn text(&self, item: u64) -> Result<String, InstructError> {
        self.text_of(&self.record(item)?)
    }

    /// Number of words of an item's messages, counted as the original's length-grouped sampler does;
    /// `None` for items that are no conversations.
    ///
    /// # Errors
    /// [`InstructError::OutOfRange`].
    pub fn words(&self, item: u64) -> Result<Option<u32>, InstructError> {
        let words = self.record(item)?.words;
        Ok((words != Record::DEFECTIVE).then_some(words))
    }

    /// Words of each item, 1 for those that are no conversations (the orders refuse 0), and whether it names a picture.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = (i64, bool)> {
        let records = self.table.as_chunks::<{ Record::BYTES }>().0.iter();
        records.map(Record::from_bytes).map(|record| {
            let words = match record.words {
                Record::DEFECTIVE => 1,
                words => i64::from(words),
            };
            (words, record.image != Record::NO_IMAGE)
        })
    }

    /// Whether an item names a picture.
    ///
    /// # Errors
    /// [`InstructError::OutOfRange`].
    pub fn has_image(&self, item: u64) -> Result<bool, InstructError> {
        Ok(self.record(item)?.image != Record::NO_IMAGE)
    }

    /// Numbers of the items with this id, in the order of the file.
    ///
    /// # Errors
    /// [`InstructError`] if an item cannot be read.
    pub fn find(&self, id: &str) -> Result<Vec<u64>, InstructError> {
        let wanted = name_hash(id);
        let mut found = Vec::new();
        for (item, record) in (0..).zip(self.records()) {
            if record.id == wanted
                && record.words != Record::DEFECTIVE
                && self.sample(item)?.id == id
            {
                found.push(item);
            }
        }
        Ok(found)
    }

    /// All items in order, each read when the iterator comes to it.
    pub fn samples(&self) -> impl Iterator<Item = Result<Sample, InstructError>> + '_ {
        (0..self.len()).map(|item| self.sample(item))
    }

    /// The items that are JSON but no conversation, with the reason.
    ///
    /// # Errors
    /// [`InstructError`] if an item cannot be read.
    pub fn defects(&self) -> impl Iterator<Item = Result<ItemDefect, InstructError>> + '_ {
        (0..)
            .zip(self.records())
            .filter(|(_, record)| record.words == Record::DEFECTIVE)
            .map(|(item, record)| match self.sample(item) {
                Err(InstructError::Item { defect, .. }) => Ok(defect),
                Err(error) => Err(error),
                Ok(_) => Err(self.changed(&record)),
            })
    }

    fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let (records, _) = self.table.as_chunks::<{ Record::BYTES }>();
        records.iter().map(Record::from_bytes)
    }

    fn record(&self, item: u64) -> Result<Record, InstructError> {
        let (records, _) = self.table.as_chunks::<{ Record::BYTES }>();
        usize::try_from(item)
            .ok()
            .and_then(|at| records.get(at))
            .map(Record::from_bytes)
            .ok_or_else(|| InstructError::OutOfRange {
                path: self.path.clone(),
                item,
                items: self.len(),
            })
    }

    fn text_of(&self, record: &Record) -> Result<String, InstructError> {
        let mut bytes = vec![0; record.length as usize];
        read_exact_at(&self.file, &mut bytes, record.offset).map_err(|source| {
            match source.kind() {
                std::io::ErrorKind::UnexpectedEof => self.changed(record),
                _ => InstructError::File {
                    path: self.path.clone(),
                    source,
                },
            }
        })?;
        match String::from_utf8(bytes) {
            Ok(text) if text.starts_with('{') && text.ends_with('}') => Ok(text),
            _ => Err(self.changed(record)),
        }
    }

    fn changed(&self, record: &Record) -> InstructError {
        InstructError::Changed {
            path: self.path.clone(),
            what: format!("another item lies at byte {}", record.offset),
        }
    }
}
