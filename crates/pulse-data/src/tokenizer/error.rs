//! Why no tokenizer can be trained.

use std::io;
use std::path::PathBuf;

use pulse_llm::text::{PromptError, TemplateError, TokenizerError};

use crate::instruct::InstructError;

/// Why no tokenizer was written.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerTrainError {
    /// A vocabulary that cannot hold the bytes and the characters, or larger than a small model's.
    #[error(
        "a vocabulary of {found} tokens: expected {low} (3 special tokens, 256 bytes and the {characters} different \
         characters of the conversations) to {high}"
    )]
    VocabSize {
        /// What was asked for.
        found: usize,
        /// The least that is possible.
        low: usize,
        /// Different characters of the conversations.
        characters: usize,
        /// The most that is allowed.
        high: usize,
    },
    /// No text to learn from.
    #[error("{}: no conversation with text; expected at least one", path.display())]
    Empty {
        /// The conversations.
        path: PathBuf,
    },
    /// The folder holds a tokenizer already.
    #[error("{} is there already; remove it or name another folder", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The conversations cannot be read.
    #[error(transparent)]
    Conversations(#[from] InstructError),
    /// A conversation makes no prompt.
    #[error("conversation {id:?}: {source}")]
    Prompt {
        /// Its id.
        id: String,
        /// Why.
        source: PromptError,
    },
    /// No such template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The library that counts and merges failed.
    #[error("merges cannot be learnt: {reason}")]
    Merges {
        /// What it said.
        reason: String,
    },
    /// What was trained does not read back.
    #[error("the trained tokenizer does not read back: {0}")]
    Unusable(#[from] TokenizerError),
    /// A file that cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
