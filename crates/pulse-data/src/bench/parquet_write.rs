//! Parquet files like those of the Hub.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::error::BenchError;
use super::item::{BenchConversation, BenchItem};
use super::text::TurnValue;

/// Rows of a row group, as the Hub's library uses for pictures; it bounds the memory.
const GROUP: usize = 100;

/// What the values of a file's conversations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Texts,
    Lists,
    Arena,
}

/// Writes the items of one configuration. The type of `conversations` is chosen by the first pass over
/// them: `{question, answer}` if they are, lists if any value is a list of answers, texts otherwise.
///
/// `items` is called twice and must give the same items both times.
pub(super) fn write_parquet<I>(
    path: &Path,
    items: impl Fn() -> Result<I, BenchError>,
) -> Result<u64, BenchError>
where
    I: Iterator<Item = Result<BenchItem, BenchError>>,
{
    let mut shape = None;
    for item in items()? {
        shape = Some(merge(path, shape, &item?)?);
    }
    let shape = shape.unwrap_or(Shape::Texts);
    let schema = Arc::new(schema(shape));
    let temporary = path.with_extension("parquet-new");
    let failed = |source| BenchError::File {
        path: path.to_owned(),
        source,
    };
    let bad = |error: &dyn std::fmt::Display| BenchError::Parquet {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = File::create(&temporary).map_err(failed)?;
    let written = || -> Result<u64, BenchError> {
        let handle = file.try_clone().map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP))
            .set_created_by("pulse-data".to_owned())
            .build();
        let mut writer = ArrowWriter::try_new(handle, schema.clone(), Some(properties))
            .map_err(|error| bad(&error))?;
        let mut group = Vec::with_capacity(GROUP);
        let mut count = 0;
        for item in items()? {
            let item = item?;
            let bytes = item.picture_bytes()?;
            group.push((item, bytes));
            count += 1;
            if group.len() == GROUP {
                let batch = batch(&schema, shape, &group).map_err(|error| bad(&error))?;
                writer.write(&batch).map_err(|error| bad(&error))?;
                group.clear();
            }
        }
        let batch = batch(&schema, shape, &group).map_err(|error| bad(&error))?;
        writer.write(&batch).map_err(|error| bad(&error))?;
        writer.append_key_value_metadata(KeyValue::new("huggingface".to_owned(), features(shape)));
        writer.close().map_err(|error| bad(&error))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&temporary, path).map_err(failed)?;
        Ok(count)
    };
    written().inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

fn merge(path: &Path, shape: Option<Shape>, item: &BenchItem) -> Result<Shape, BenchError> {
    let this = match &item.conversation {
        BenchConversation::Arena(_) => Shape::Arena,
        BenchConversation::Turns(turns) => {
            let is_list = |value: &TurnValue| matches!(value, TurnValue::Answers(_));
            match turns.iter().any(|turn| is_list(&turn.value)) {
                true => Shape::Lists,
                false => Shape::Texts,
            }
        }
    };
    match (shape, this) {
        (None, this) => Ok(this),
        (Some(old), this) if old == this => Ok(this),
        (Some(Shape::Texts | Shape::Lists), Shape::Texts | Shape::Lists) => Ok(Shape::Lists),
        _ => Err(BenchError::Parquet {
            path: PathBuf::from(path),
            reason: format!(
                "item {} has another kind of turns than those before it",
                item.id
            ),
        }),
    }
}

fn text_field(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn image_fields() -> Fields {
    Fields::from(vec![
        Field::new("bytes", DataType::Binary, true),
        text_field("path"),
    ])
}

fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

fn turn_fields(shape: Shape) -> Fields {
    Fields::from(match shape {
        Shape::Arena => vec![text_field("question"), text_field("answer")],
        Shape::Texts => vec![text_field("from"), text_field("value")],
        Shape::Lists => vec![
            text_field("from"),
            Field::new("value", list_of(DataType::Utf8), true),
        ],
    })
}

fn schema(shape: Shape) -> Schema {
    Schema::new(vec![
        text_field("id"),
        text_field("image_path"),
        Field::new("image", DataType::Struct(image_fields()), true),
        Field::new(
            "conversations",
            list_of(DataType::Struct(turn_fields(shape))),
            true,
        ),
    ])
}

/// What tells the Hub's library that `image` is a picture.
fn features(shape: Shape) -> String {
    let text = serde_json::json!({ "dtype": "string", "_type": "Value" });
    let turns = match shape {
        Shape::Arena => serde_json::json!([{ "question": text, "answer": text }]),
        Shape::Texts => serde_json::json!([{ "from": text, "value": text }]),
        Shape::Lists => serde_json::json!([{ "from": text, "value": [text] }]),
    };
    serde_json::json!({ "info": { "features": {
        "id": text,
        "image_path": text,
        "image": { "_type": "Image" },
        "conversations": turns,
    }}})
    .to_string()
}

fn batch(
    schema: &Arc<Schema>,
    shape: Shape,
    items: &[(BenchItem, Vec<u8>)],
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let ids = StringArray::from_iter_values(items.iter().map(|(item, _)| &item.id));
    let paths = StringArray::from_iter_values(items.iter().map(|(item, _)| &item.image_path));
    let names = items
        .iter()
        .map(|(item, _)| item.image_path.rsplit('/').next().unwrap_or_default());
    let images = StructArray::try_new(
        image_fields(),
        vec![
            Arc::new(BinaryArray::from_iter_values(
                items.iter().map(|(_, bytes)| bytes),
            )) as ArrayRef,
            Arc::new(StringArray::from_iter_values(names)),
        ],
        None,
    )?;
    let turns = StructArray::try_new(turn_fields(shape), turn_columns(shape, items)?, None)?;
    let lengths = items.iter().map(|(item, _)| match &item.conversation {
        BenchConversation::Turns(turns) => turns.len(),
        BenchConversation::Arena(turns) => turns.len(),
    });
    let conversations = ListArray::try_new(
        Arc::new(Field::new_list_field(
            DataType::Struct(turn_fields(shape)),
            true,
        )),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(turns),
        None,
    )?;
    RecordBatch::try_new(
        schema.clone(),
        vec![
            Arc::new(ids),
            Arc::new(paths),
            Arc::new(images),
            Arc::new(conversations),
        ],
    )
}

/// The columns of all turns of all items, one after the other.
fn turn_columns(
    shape: Shape,
    items: &[(BenchItem, Vec<u8>)],
) -> Result<Vec<ArrayRef>, arrow_schema::ArrowError> {
    let mut first = Vec::new();
    let mut texts = Vec::new();
    let mut lists = Vec::new();
    for (item, _) in items {
        match &item.conversation {
            BenchConversation::Arena(turns) => {
                for turn in turns {
                    first.push(turn.question.as_str());
                    texts.push(turn.answer.clone());
                }
            }
            BenchConversation::Turns(turns) => {
                for turn in turns {
                    first.push(turn.from.as_str());
                    match shape {
                        Shape::Lists => lists.push(stored_list(&turn.value)),
                        Shape::Texts | Shape::Arena => texts.push(turn.value.joined()),
                    }
                }
            }
        }
    }
    let first = Arc::new(StringArray::from_iter_values(first));
    if shape != Shape::Lists {
        return Ok(vec![first, Arc::new(StringArray::from_iter_values(texts))]);
    }
    let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
    let values = StringArray::from_iter_values(lists.into_iter().flatten());
    let lists = ListArray::try_new(
        Arc::new(Field::new_list_field(DataType::Utf8, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(values),
        None,
    )?;
    Ok(vec![first, Arc::new(lists)])
}

/// A text in a column of lists becomes the list of its characters, which is how the published
/// `ecgqa-test` has it and what readers undo.
fn stored_list(value: &TurnValue) -> Vec<String> {
    match value {
        TurnValue::Text(text) => text.chars().map(String::from).collect(),
        TurnValue::Answers(answers) => answers.clone(),
    }
}
