//! Weights on disk to modules.
//!
//! Files are mapped, headers are checked, every defect is collected and reported at once, and
//! tensors go to the device in the type they run in. On the CPU a tensor that keeps its type is the
//! file's own pages: loading copies nothing.

mod defects;
mod digest;
mod digest_cache;
mod files;
mod fresh;
mod layout;
mod new_folder;
mod packed;
mod parameters;
mod precision;
mod quantize;
mod source;

pub use defects::{CheckpointError, Defects};
pub use digest::WeightsDigest;
pub use files::{StoredTensor, WeightFiles};
pub use fresh::{FreshModel, RandomSource, write_fresh_model};
pub use layout::Layout;
pub(crate) use layout::names as layout_names;
pub(crate) use packed::check_declared;
pub use packed::{PACKED_VERSION, PackedFolder};
pub use parameters::{ModelPart, ParameterPlace, parameters};
pub use precision::{CacheDtype, CacheDtypeError, TensorDtype, WeightDtype, WeightDtypeError};
pub use quantize::{QuantizedCheckpoint, quantize_checkpoint};
pub use source::{CheckpointSource, OptionalSource, StoredLayers};
