//! One item of the benchmark.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The true answer as the file has it.
///
/// Kept apart because the original's ECG-QA rule depends on it: it compares a set of answers with the set of
/// the value's elements, and the elements of a string are its characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GoldAnswer {
    /// A string.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
}

impl GoldAnswer {
    /// The value as one string: lists of single characters (how the Hub's ECG-QA files store a string) are
    /// joined without, other lists with a comma.
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(parts) if is_characters(parts) => parts.concat(),
            Self::List(parts) => parts.join(", "),
        }
    }
}

/// Whether a list is a string taken apart into characters. A list of one element is an answer.
pub(crate) fn is_characters(parts: &[String]) -> bool {
    parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1)
}

/// One question of an arena item with its reference answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldTurn {
    /// What is asked.
    pub question: String,
    /// The reference answer.
    pub answer: String,
}

/// One item: a picture, what is asked about it, and the truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoldItem {
    /// The whole id. Numbers become their decimal digits.
    pub id: String,
    /// The picture's path as the file has it.
    pub image: Option<PathBuf>,
    /// The question without picture marks; of an arena item the first one.
    pub question: String,
    /// The true answer; of an arena item the first one.
    pub answer: GoldAnswer,
    /// All turns of an arena item; empty for other tasks.
    pub turns: Vec<GoldTurn>,
}
