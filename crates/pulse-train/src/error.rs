//! What can go wrong in training.

use std::path::PathBuf;

use pulse_data::batch::LoaderError;
use pulse_llm::PulseError;
use pulse_vision::MergeError;

use crate::checkpoint::CheckpointError;
use crate::config::ConfigError;

/// Why a run cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model cannot be loaded.
    #[error(transparent)]
    Model(#[from] PulseError),
    /// The data set cannot be read, or a sample has a defect under the policy `error`.
    #[error("data: {0}")]
    Data(String),
    /// The loader stopped.
    #[error(transparent)]
    Loader(#[from] LoaderError),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Tiles cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A sample has an id that the model has no embedding for.
    #[error(
        "sample {sample}: token id {id} is outside of the model's vocabulary of {vocabulary}; \
         use the tokenizer that belongs to the model"
    )]
    TokenId {
        /// The sample.
        sample: String,
        /// The id.
        id: i32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },
    /// A sample's picture marks and pictures do not fit.
    #[error(
        "sample {sample}: {marks} picture mark(s) for {pictures} picture(s); expected one mark for \
         a sample with picture and none without"
    )]
    Pictures {
        /// The sample.
        sample: String,
        /// Marks among its ids.
        marks: usize,
        /// Pictures it has.
        pictures: usize,
    },
    /// The loss or gradient is no finite number, or far above what it was.
    #[error(
        "step {step}: {what} is {value}, {expected}; samples of the step: {samples}. The weights are \
         those before this step{saved}. Look at these samples, lower train.learning_rate or lengthen \
         train.warmup_ratio"
    )]
    Diverged {
        /// The step, from 1.
        step: u64,
        /// What diverged.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What was expected.
        expected: String,
        /// Ids of the samples.
        samples: String,
        /// Where the state was saved, in words.
        saved: String,
    },
    /// Nothing can be trained with these settings.
    #[error("{0}")]
    Nothing(String),
    /// A plan does not fit the memory.
    #[error(
        "the run needs {needed} of memory and {available} are free; lower train.batch_size or \
         data.max_length, train one part less (model.tune) or use a machine with more memory"
    )]
    Memory {
        /// What is needed, in words.
        needed: String,
        /// What is there, in words.
        available: String,
    },
    /// A file of the run cannot be written.
    #[error("cannot write {}: {source}; check the disk and the permissions", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}
