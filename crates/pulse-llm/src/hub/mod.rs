//! Models, data sets and pictures from the network.
//!
//! Models and data sets go to the cache that Python's `huggingface_hub` uses (the layout comes from the `hf-hub`
//! crate), so that what was downloaded once serves both. The transfer itself is our own, because
//! that crate's neither checks what it received nor resumes safely after a cut: a file grows under
//! a temporary name, is continued where it stopped, checked by length and hash, synced, and only then
//! gets its name.

mod client;
mod dataset;
mod download;
mod error;
mod fetch;
mod options;
mod pattern;
mod picture;
mod repository;
mod snapshot;
mod source;

pub use dataset::fetch_dataset;
pub use error::HubError;
pub use fetch::{ModelSnapshot, fetch_model, fetch_model_config};
pub use options::HubOptions;
pub use pattern::NamePattern;
pub use picture::fetch_picture;
pub use repository::RepositoryKind;
pub use snapshot::Snapshot;
pub use source::ModelSource;
