//! What can be wrong with tokenizers, templates and prompts.

use std::path::PathBuf;

/// Why a tokenizer cannot be used, or failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The folder has no tokenizer.
    #[error("no tokenizer in {}: expected tokenizer.model or tokenizer.json; copy it from the checkpoint", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not what its name says.
    #[error("{file} is damaged or of another kind: {reason}; copy it again from the checkpoint")]
    Malformed {
        /// The file's name.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The tokenizer works in a way that is not implemented.
    #[error("{file}: {field} is {found}, expected {expected}; this is no Llama tokenizer")]
    Unsupported {
        /// The file's name.
        file: &'static str,
        /// The property.
        field: &'static str,
        /// Its value.
        found: String,
        /// What is implemented.
        expected: &'static str,
    },
    /// The two files of a folder are of different tokenizers.
    #[error(
        "tokenizer.model has {model} tokens and tokenizer.json {json}; they belong to different \
         checkpoints, remove the wrong one"
    )]
    Disagree {
        /// Tokens in `tokenizer.model`.
        model: usize,
        /// Tokens in `tokenizer.json`.
        json: usize,
    },
    /// A text could not be encoded.
    #[error("the text could not be encoded: {reason}")]
    Encode {
        /// What the encoder said.
        reason: String,
    },
    /// An id is not in the vocabulary.
    #[error("token id {id} is outside the vocabulary of {vocabulary}")]
    UnknownId {
        /// The id.
        id: u32,
        /// Number of ids.
        vocabulary: usize,
    },
}

/// A conversation template that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown conversation template {found:?}; expected one of {known}")]
pub struct TemplateError {
    /// The name asked for.
    pub found: String,
    /// All names, comma-separated.
    pub known: String,
}

/// Why a question cannot be made into a prompt.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PromptError {
    /// There is nothing to answer.
    #[error("the question is empty; ask something")]
    EmptyQuestion,
    /// Marks and pictures do not match.
    #[error(
        "the question contains <image> {marks} times, the new pictures are {pictures}; leave \
         <image> out to put the pictures in front, or write it once for each"
    )]
    PictureMarks {
        /// `<image>` in the question.
        marks: usize,
        /// Pictures attached since the last question.
        pictures: usize,
    },
    /// A given answer adds no tokens of its own to the prompt.
    #[error(
        "the answer {answer:?} cannot be weighed: it is empty, or its first token and the last of the prompt \
         are one; give another text"
    )]
    AnswerBoundary {
        /// The answer.
        answer: String,
    },
}
