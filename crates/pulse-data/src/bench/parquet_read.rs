//! ECGBench's Parquet files: `id`, `image_path`, `image {bytes, path}`, `conversations`.
//!
//! Rows are read a few at a time, so memory is a handful of pictures, whatever the size of the file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{GenericBinaryType, GenericStringType};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::error::BenchError;
use super::item::{ArenaTurn, BenchConversation, BenchItem, BenchPicture, BenchTurn};
use super::text::{TurnValue, repair_characters};

/// Rows decoded at once; a picture is 1.5 MB on average.
const ROWS: usize = 8;
/// The column of the pictures.
const PICTURE: &str = "image";

/// The items of one file in order.
pub(super) struct ParquetItems {
    path: PathBuf,
    with_pictures: bool,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    next: usize,
    row: u64,
}

impl ParquetItems {
    pub(super) fn open(path: &Path, with_pictures: bool) -> Result<Self, BenchError> {
        let file = File::open(path).map_err(|source| BenchError::File {
            path: path.to_owned(),
            source,
        })?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| match with_pictures {
                true => builder.with_batch_size(ROWS).build(),
                false => {
                    let columns = builder.schema().fields().iter().enumerate();
                    let wanted = columns.filter(|(_, column)| column.name() != PICTURE);
                    let wanted = wanted.map(|(index, _)| index);
                    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
                    builder.with_projection(mask).build()
                }
            })
            .map_err(|error| damaged(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            with_pictures,
            reader,
            batch: None,
            next: 0,
            row: 0,
        })
    }
}

/// Number of rows that a file announces.
pub(super) fn count_rows(path: &Path) -> Result<u64, BenchError> {
    let file = File::open(path).map_err(|source| BenchError::File {
        path: path.to_owned(),
        source,
    })?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(path, &error))?;
    let rows = builder.metadata().file_metadata().num_rows();
    Ok(u64::try_from(rows).unwrap_or(0))
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> BenchError {
    if let Some((what, advice)) = other_kind(path) {
        return BenchError::NotParquet {
            path: path.to_owned(),
            what,
            advice,
        };
    }
    BenchError::Parquet {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// What a file is that does not begin as Parquet files do, and what to do.
fn other_kind(path: &Path) -> Option<(&'static str, &'static str)> {
    const KINDS: [(&[u8], &str, &str); 5] = [
        (
            b"\x1f\x8b",
            "is compressed with gzip as a whole",
            "unpack it with `gunzip` (inside, Parquet files may be compressed)",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "is compressed with Zstandard as a whole",
            "unpack it with `unzstd`",
        ),
        (b"PK", "is a zip archive", "unpack it"),
        (
            b"version https://git-lfs",
            "is a pointer of Git LFS, not the file itself",
            "get the file with `git lfs pull` or `pulse-data download`",
        ),
        (
            b"<",
            "is a web page",
            "get the file with `pulse-data download`",
        ),
    ];
    let mut start = Vec::new();
    File::open(path)
        .ok()?
        .take(32)
        .read_to_end(&mut start)
        .ok()?;
    let kind = KINDS.iter().find(|(magic, ..)| start.starts_with(magic))?;
    Some((kind.1, kind.2))
}

impl Iterator for ParquetItems {
    type Item = Result<BenchItem, BenchError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self
                .batch
                .as_ref()
                .filter(|batch| self.next < batch.num_rows())
            {
                let row = Row {
                    path: &self.path,
                    batch,
                    index: self.next,
                    number: self.row,
                };
                let item = row.item(self.with_pictures);
                self.next += 1;
                self.row += 1;
                return Some(item);
            }
            match self.reader.next()? {
                Ok(batch) => {
                    self.batch = Some(batch);
                    self.next = 0;
                }
                Err(error) => return Some(Err(damaged(&self.path, &error))),
            }
        }
    }
}

/// One row of a batch.
struct Row<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
    index: usize,
    number: u64,
}

impl Row<'_> {
    fn item(&self, with_picture: bool) -> Result<BenchItem, BenchError> {
        let picture = match with_picture {
            true => BenchPicture::Bytes(self.picture()?),
            false => BenchPicture::Absent,
        };
        Ok(BenchItem {
            id: self.text(&self.column("id", "text")?, self.index, "id")?,
            image_path: {
                let column = self.column("image_path", "text")?;
                self.text(&column, self.index, "image_path")?
            },
            picture,
            conversation: self.conversation()?,
            number: None,
        })
    }

    fn picture(&self) -> Result<Vec<u8>, BenchError> {
        let image = self.column(PICTURE, "a struct of bytes and path")?;
        match image.as_struct_opt() {
            Some(parts) => {
                let bytes = self.field(parts, PICTURE, "bytes")?;
                self.bytes(&bytes, self.index, "image.bytes")
            }
            None => self.bytes(&image, self.index, PICTURE),
        }
    }

    fn conversation(&self) -> Result<BenchConversation, BenchError> {
        const NAME: &str = "conversations";
        let column = self.column(NAME, "a list of structs")?;
        let turns = self.list(&column, self.index, NAME)?;
        let turns = turns
            .as_struct_opt()
            .ok_or_else(|| self.wrong(NAME, &turns, "a list of structs"))?;
        let indices = 0..turns.len();
        if turns.column_by_name("question").is_some() {
            let questions = self.field(turns, NAME, "question")?;
            let answers = self.field(turns, NAME, "answer")?;
            let turns = indices.map(|at| {
                Ok(ArenaTurn {
                    question: self.text(&questions, at, "conversations.question")?,
                    answer: self.text(&answers, at, "conversations.answer")?,
                })
            });
            return Ok(BenchConversation::Arena(turns.collect::<Result<_, _>>()?));
        }
        let from = self.field(turns, NAME, "from")?;
        let value = self.field(turns, NAME, "value")?;
        let turns = indices.map(|at| {
            Ok(BenchTurn {
                from: self.text(&from, at, "conversations.from")?,
                value: self.value(&value, at)?,
            })
        });
        Ok(BenchConversation::Turns(turns.collect::<Result<_, _>>()?))
    }

    /// A text, or a list of texts by the rule for lists of characters.
    fn value(&self, column: &ArrayRef, at: usize) -> Result<TurnValue, BenchError> {
        const NAME: &str = "conversations.value";
        if !matches!(
            column.data_type(),
            DataType::List(_) | DataType::LargeList(_)
        ) {
            return Ok(TurnValue::Text(self.text(column, at, NAME)?));
        }
        let list = self.list(column, at, NAME)?;
        let parts = (0..list.len()).map(|at| self.text(&list, at, NAME));
        Ok(repair_characters(parts.collect::<Result<_, _>>()?))
    }

    fn column(&self, name: &str, expected: &'static str) -> Result<ArrayRef, BenchError> {
        self.batch
            .column_by_name(name)
            .cloned()
            .ok_or_else(|| BenchError::Column {
                path: self.path.to_owned(),
                column: name.to_owned(),
                found: "missing".to_owned(),
                expected,
            })
    }

    fn field(&self, parts: &StructArray, column: &str, name: &str) -> Result<ArrayRef, BenchError> {
        parts
            .column_by_name(name)
            .cloned()
            .ok_or_else(|| BenchError::Column {
                path: self.path.to_owned(),
                column: format!("{column}.{name}"),
                found: "missing".to_owned(),
                expected: "a field of this name",
            })
    }

    fn text(&self, column: &ArrayRef, at: usize, name: &str) -> Result<String, BenchError> {
        self.present(column, at, name)?;
        if let Some(texts) = column.as_bytes_opt::<GenericStringType<i32>>() {
            Ok(texts.value(at).to_owned())
        } else if let Some(texts) = column.as_bytes_opt::<GenericStringType<i64>>() {
            Ok(texts.value(at).to_owned())
        } else if let Some(texts) = column.as_string_view_opt() {
            Ok(texts.value(at).to_owned())
        } else {
            Err(self.wrong(name, column, "text"))
        }
    }

    fn bytes(&self, column: &ArrayRef, at: usize, name: &str) -> Result<Vec<u8>, BenchError> {
        self.present(column, at, name)?;
        if let Some(bytes) = column.as_bytes_opt::<GenericBinaryType<i32>>() {
            Ok(bytes.value(at).to_vec())
        } else if let Some(bytes) = column.as_bytes_opt::<GenericBinaryType<i64>>() {
            Ok(bytes.value(at).to_vec())
        } else if let Some(bytes) = column.as_binary_view_opt() {
            Ok(bytes.value(at).to_vec())
        } else {
            Err(self.wrong(name, column, "bytes"))
        }
    }

    fn list(&self, column: &ArrayRef, at: usize, name: &str) -> Result<ArrayRef, BenchError> {
        self.present(column, at, name)?;
        if let Some(lists) = column.as_list_opt::<i32>() {
            Ok(lists.value(at))
        } else if let Some(lists) = column.as_list_opt::<i64>() {
            Ok(lists.value(at))
        } else {
            Err(self.wrong(name, column, "a list"))
        }
    }

    fn present(&self, column: &ArrayRef, at: usize, name: &str) -> Result<(), BenchError> {
        if column.is_valid(at) {
            return Ok(());
        }
        Err(BenchError::MissingValue {
            path: self.path.to_owned(),
            row: self.number,
            column: name.to_owned(),
        })
    }

    fn wrong(&self, name: &str, column: &ArrayRef, expected: &'static str) -> BenchError {
        BenchError::Column {
            path: self.path.to_owned(),
            column: name.to_owned(),
            found: format!("{:?}", column.data_type()),
            expected,
        }
    }
}
