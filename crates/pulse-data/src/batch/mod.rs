//! Samples to training batches.
//!
//! | step | item |
//! | --- | --- |
//! | where the pictures are | [`PictureSource`], [`ImageFolder`] |
//! | one sample: ids, labels, tiles | [`TrainingDataset`], [`Prepared`], [`PreparedSample`] |
//! | keep tiles on disk | [`TileCache`] |
//! | samples to one batch | [`TrainingBatcher`], [`HostBatch`], [`TrainingBatch`] |
//! | batches in order, made ahead on several threads | [`Loader`], [`LoaderOptions`], [`Batches`] |
//! | the same for Burn's learner | [`BurnLoader`] |
//!
//! [`TrainingDataset`] and [`TrainingBatcher`] are a `Dataset` and a `Batcher` of Burn and work with
//! its data loader. [`Loader`] is the one to train with: its order does not depend on the number of
//! threads, it can go on from the middle of an epoch, and every rank gets its own part.

mod batcher;
mod burn_loader;
mod cache;
mod cache_entry;
mod dataset;
mod error;
mod host;
mod job;
mod loader;
mod pictures;
mod prepared;
mod tensors;

pub use batcher::TrainingBatcher;
pub use burn_loader::{BurnLoader, LearnerBatch};
pub use cache::{CacheCounts, CacheError, TileCache};
pub use dataset::{DatasetConfig, PicturePolicy, TrainingDataset};
pub use error::{LoaderError, PrepareError};
pub use host::HostBatch;
pub use loader::{Batches, Loader, LoaderOptions};
pub use pictures::{ImageFolder, PictureSource};
pub use prepared::{Prepared, PreparedSample};
pub use tensors::TrainingBatch;
