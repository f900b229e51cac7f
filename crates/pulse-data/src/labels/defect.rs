//! What can be wrong with a sample.

use pulse_llm::text::{TemplateError, TokenizerError};

use crate::extract::PathRefusal;

/// A reason why a sample cannot be learnt from as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleDefect {
    /// It is no conversation at all.
    #[error("it is no conversation: {reason}")]
    Malformed {
        /// What is missing or of another type.
        reason: String,
    },
    /// There are no messages.
    #[error("it has no messages; expected turns of human and gpt")]
    NoMessages,
    /// Somebody else speaks.
    #[error("message {message} is from {found:?}, expected \"human\" or \"gpt\"")]
    UnknownRole {
        /// Position of the message, from 0.
        message: usize,
        /// Its `from`.
        found: String,
    },
    /// Somebody speaks twice in a row, or the wrong side begins.
    #[error(
        "message {message} is from {found:?}, expected {expected:?}: turns must alternate, human first"
    )]
    NotAlternating {
        /// Position of the message, from 0.
        message: usize,
        /// Its `from`.
        found: String,
        /// Whose turn it is.
        expected: &'static str,
    },
    /// The last question has no answer.
    #[error("it ends with a question; expected an answer of gpt as the last message")]
    EndsWithQuestion,
    /// A question without text and picture.
    #[error("message {message}, a question, is empty")]
    EmptyQuestion {
        /// Position of the message, from 0.
        message: usize,
    },
    /// An answer without text.
    #[error("message {message}, an answer, is empty: there is nothing to learn from it")]
    EmptyAnswer {
        /// Position of the message, from 0.
        message: usize,
    },
    /// Marks and pictures do not match.
    #[error(
        "{marked} of its questions contain <image> and it has {pictures} picture(s); expected as \
         many questions with <image> as pictures"
    )]
    PictureMarks {
        /// Questions with `<image>` in them.
        marked: usize,
        /// Pictures of the sample: none or one.
        pictures: usize,
    },
    /// A caption template was given a conversation.
    #[error(
        "a caption needs exactly two messages, the first with <image>; this sample has {messages}"
    )]
    NotACaption {
        /// Messages in the sample.
        messages: usize,
    },
    /// All labels are masked.
    #[error("all {tokens} labels are masked: nothing is left to learn")]
    NothingToLearn {
        /// Tokens of the sample.
        tokens: usize,
    },
    /// It does not fit the context.
    #[error(
        "{visual} visual and {text} text tokens are more than the {limit} of the model; shorten the \
         texts or choose the policy truncate"
    )]
    TooLong {
        /// Tokens that the pictures become.
        visual: usize,
        /// Tokens of the texts.
        text: usize,
        /// The longest sequence.
        limit: usize,
    },
    /// The reference's sums disagree, and it masks the whole sample.
    #[error(
        "counted {counted} of {total} tokens: the original prints \"tokenization mismatch\" and \
         masks the whole sample"
    )]
    TokenizationMismatch {
        /// Sum over the rounds.
        counted: usize,
        /// Ids that are not padding.
        total: usize,
    },
    /// The picture's path leads out of the image folder.
    #[error(transparent)]
    UnsafePath(#[from] PathRefusal),
    /// The picture cannot be used.
    #[error("picture {path}: {reason}")]
    Picture {
        /// Its path in the data set.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl SampleDefect {
    /// A short name for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::NoMessages => "no_messages",
            Self::UnknownRole { .. } => "unknown_role",
            Self::NotAlternating { .. } => "not_alternating",
            Self::EndsWithQuestion => "ends_with_question",
            Self::EmptyQuestion { .. } => "empty_question",
            Self::EmptyAnswer { .. } => "empty_answer",
            Self::PictureMarks { .. } => "picture_marks",
            Self::NotACaption { .. } => "not_a_caption",
            Self::NothingToLearn { .. } => "nothing_to_learn",
            Self::TooLong { .. } => "too_long",
            Self::TokenizationMismatch { .. } => "tokenization_mismatch",
            Self::UnsafePath(_) => "unsafe_path",
            Self::Picture { .. } => "picture",
        }
    }
}

/// Why labelling stopped.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// A sample has a defect and the policy says to stop.
    #[error("sample {id}: {defect}; mend it or choose the policy drop")]
    Defect {
        /// The sample's id.
        id: String,
        /// What is wrong.
        defect: SampleDefect,
    },
    /// A text cannot be encoded.
    #[error("sample {id}: {source}")]
    Tokenizer {
        /// The sample's id.
        id: String,
        /// What the tokenizer said.
        source: TokenizerError,
    },
    /// There is no such template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template has no training form.
    #[error("there are no labels for the template {found}; expected one of {known}")]
    UnsupportedTemplate {
        /// Its name.
        found: String,
        /// The names that work.
        known: &'static str,
    },
    /// A length that cannot hold anything.
    #[error("the longest sequence is {found} tokens, expected at least 2")]
    MaxLength {
        /// The number given.
        found: usize,
    },
}
