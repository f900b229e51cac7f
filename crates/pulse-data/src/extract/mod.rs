//! Picture archives to an image root.
//!
//! ECGInstruct's pictures come in up to 51 archives of 39 to 40 GB. [`extract`] unpacks several at once,
//! goes on after a kill, refuses archives that would write outside the folder, and can prove afterwards
//! that every file is what the archive held.

mod claims;
mod error;
mod identity;
mod journal;
mod links;
mod meter;
mod options;
mod path;
mod presence;
mod progress;
mod run;
mod shard;
mod space;
mod verify;

pub use error::ExtractError;
pub use options::{ExtractOptions, ExtractReport};
pub use path::{PathRefusal, safe_path};
pub use run::{extract, find_shards};
pub use verify::{VerifyReport, verify_extracted};
