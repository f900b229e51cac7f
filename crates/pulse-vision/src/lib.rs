//! Picture to visual tokens, as PULSE (LLaVA-1.6) does it.
//!
//! ```text
//! PageImage -> TilePlan -> TilePixels -> VisualEncoder -> VisualProjector -> merge -> VisualTokens
//! ```
//!
//! | stage | item | source |
//! | --- | --- | --- |
//! | decode a picture to RGB | [`PageImage`] | Pillow's `convert("RGB")` |
//! | choose grid and sizes | [`TilePlan`] | `select_best_resolution`, `resize_and_pad_image` |
//! | resize, cut, normalise | [`Preprocessor`], [`TilePixels`] | Pillow bicubic, `CLIPImageProcessor` |
//! | tiles to features | [`VisualEncoder`], [`ClipVisionEncoder`] | CLIP ViT (Radford et al. 2021) |
//! | features to the decoder's width | [`VisualProjector`], [`MlpProjector`] | LLaVA-1.5 (Liu et al. 2023) |
//! | features to a token sequence | [`merge_tiles`], [`MergeType`] | `prepare_inputs_labels_for_multimodal` |
//!
//! Everything up to [`TilePixels`] is plain Rust on the CPU and exact to the bit; the rest are Burn
//! modules that run on any device.

mod encoder;
mod merge;
mod picture;
mod projector;
mod tiles;

pub use encoder::{
    ClipVisionConfig, ClipVisionEncoder, EncoderConfigError, EncoderGeometry, FeatureSelection,
    SelectedFeature, VisionActivation, VisualEncoder,
};
pub use merge::{MergeError, VisualTokens, merge_tiles};
pub use picture::*;
pub use projector::{MlpProjector, ProjectorKind, ProjectorKindError, VisualProjector};
pub use tiles::*;
