//! Tiles to features: the trait and the CLIP vision transformer.

mod attention;
mod clip;
mod config;
mod layer;

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;

pub use clip::ClipVisionEncoder;
pub use config::{
    ClipVisionConfig, EncoderConfigError, FeatureSelection, SelectedFeature, VisionActivation,
};

/// Sizes that the stages around an encoder need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderGeometry {
    /// Side of a tile in pixels.
    pub tile_side: usize,
    /// Patches along one side of a tile; a tile has the square of it.
    pub patches_per_side: usize,
    /// Width of a feature.
    pub width: usize,
    /// Features per tile: patches, and one more if the class token is kept.
    pub features_per_tile: usize,
}

/// Turns normalised tiles into features.
pub trait VisualEncoder: Module + ModuleDisplay {
    /// `[tiles, 3, side, side]` to `[tiles, features_per_tile, width]`.
    fn encode(&self, tiles: Tensor<4>) -> Tensor<3>;

    /// The sizes of what goes in and comes out.
    fn geometry(&self) -> EncoderGeometry;
}
