//! One conversation about at most one picture, as the LLaVA format and ECGBench have it.
//!
//! Readers (JSON array, Parquet, report list) make samples; the label builder, the lint and the exporters
//! read them. What the file says is kept as it is said: roles and ids are judged by the consumers, so that
//! a malformed sample can be reported with its id instead of failing the whole file.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

/// One message of a conversation, as the file spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks: `human` or `gpt` in the LLaVA format. Other names are kept, and reported by consumers.
    pub from: String,
    /// What is said; `<image>` marks the picture.
    pub value: String,
}

/// One item of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The item's id. Ids that are numbers in the file become their decimal digits.
    #[serde(deserialize_with = "flexible_id")]
    pub id: String,
    /// The picture's path relative to the data set's image root; `None` for a text-only sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<PathBuf>,
    /// The messages in order.
    pub conversations: Vec<Message>,
}

/// Reads an id that is a text or a whole number.
pub(crate) fn flexible_id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an id that is a text or a whole number")]
    enum Id {
        Text(String),
        Positive(u64),
        Negative(i64),
    }
    Ok(match Id::deserialize(from)? {
        Id::Text(text) => text,
        Id::Positive(number) => number.to_string(),
        Id::Negative(number) => number.to_string(),
    })
}
