//! Models and pictures from the network.
//!
//! Models go to the cache that Python's `huggingface_hub` uses (the layout comes from the `hf-hub`
//! crate), so that a model downloaded once serves both. The transfer itself is our own, because
//! that crate's neither checks what it received nor resumes safely after a cut: a file grows under
//! a temporary name, is continued where it stopped, checked by length and SHA-256, synced, and only
//! then gets its name.

mod client;
mod download;
mod error;
mod fetch;
mod options;
mod picture;
mod source;

pub use error::HubError;
pub use fetch::{ModelSnapshot, fetch_model};
pub use options::HubOptions;
pub use picture::fetch_picture;
pub use source::ModelSource;
