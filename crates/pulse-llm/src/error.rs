//! The error of the user's API: one variant per stage, each with its own message.

use pulse_vision::{EncoderConfigError, MergeError, PictureError, PreprocessError};

use crate::checkpoint::CheckpointError;
use crate::config::ConfigError;
use crate::decoder::DecoderConfigError;
use crate::device::DeviceError;
use crate::generation::GenerationError;
use crate::hub::HubError;
use crate::multimodal::SpliceError;
use crate::text::{PromptError, TemplateError, TokenizerError};

/// Why a model cannot be loaded or a question cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum PulseError {
    /// The model could not be found or downloaded.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The decoder's configuration cannot be used.
    #[error(transparent)]
    Decoder(#[from] DecoderConfigError),
    /// The vision tower's configuration cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncoderConfigError),
    /// The tokenizer cannot be used, or failed on a text.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The tokenizer belongs to another model.
    #[error(
        "the tokenizer has {tokenizer} tokens and the model {model}; put the tokenizer of this \
         checkpoint into its folder"
    )]
    Vocabulary {
        /// Tokens of the tokenizer.
        tokenizer: usize,
        /// Rows of the embedding table.
        model: usize,
    },
    /// There is no conversation template of this name.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The question cannot be made into a prompt.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The picture cannot be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The picture cannot be made into tiles.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The tiles cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Prompt and pictures do not belong together.
    #[error(transparent)]
    Splice(#[from] SpliceError),
    /// No answer can be generated.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
}
