//! What could be read from one answer.

use serde::{Deserialize, Serialize};

/// What could be read from one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    /// This.
    Read(T),
    /// Nothing, and why.
    Unreadable(Unreadable),
}

impl<T> Reading<T> {
    /// What was read, if anything.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// There is no text.
    Empty,
    /// The text names nothing that is asked for.
    NothingRecognised,
    /// The text names several options where one is asked for.
    Ambiguous,
    /// The text names a letter that the question does not have.
    OutsideOptions,
}
