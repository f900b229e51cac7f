//! What can go wrong between a data set and its batches.

use pulse_vision::PreprocessError;

use crate::labels::LabelError;
use crate::sampler::SamplerError;

/// Why a sample could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The data set could not give the sample.
    #[error("sample {index} of the data set: {reason}")]
    Source {
        /// Its index.
        index: usize,
        /// What the data set said.
        reason: String,
    },
    /// The sample has a defect, or its texts cannot be encoded.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The settings of the preprocessing cannot work.
    #[error("preprocessing: {0}")]
    Preprocess(#[from] PreprocessError),
}

/// Why a loader stopped.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// A sample could not be prepared.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Order, shard or cursor are unusable.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// The order was made for another data set.
    #[error("the order is of {order} samples and the data set has {samples}; make it for this one")]
    Samples {
        /// Samples of the order.
        order: usize,
        /// Samples of the data set.
        samples: usize,
    },
    /// The threads could not be started.
    #[error("cannot start {workers} worker threads: {reason}")]
    Threads {
        /// How many.
        workers: usize,
        /// What the operating system said.
        reason: String,
    },
    /// A worker thread ended in the middle of a batch. This is a defect of the program.
    #[error(
        "a worker thread ended while it made the batch of the samples {indices:?}; report this"
    )]
    Worker {
        /// The batch's samples.
        indices: Vec<usize>,
    },
}
