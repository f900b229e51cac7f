//! The choices that decide which tiles a picture gives.

use serde::{Deserialize, Serialize};

/// `image_aspect_ratio` of LLaVA configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AspectMode {
    /// The whole picture squeezed to a square, and a grid of tiles in its own shape.
    Anyres,
    /// Padded to a square with the mean colour: one tile.
    Pad,
    /// The short side resized and the centre cut out: one tile. Cuts the ends off an ECG page.
    Crop,
}

impl AspectMode {
    /// The mode a configuration means: everything but `anyres` and `pad`, also nothing, is the crop
    /// of the plain CLIP processor, as in the original.
    pub fn from_config(value: Option<&str>) -> Self {
        match value {
            Some("anyres") => Self::Anyres,
            Some("pad") => Self::Pad,
            _ => Self::Crop,
        }
    }
}

/// Whose rules the tile geometry follows where the two implementations differ.
///
/// They differ for pictures so small or thin that two canvases hold them equally well, and in one
/// or two rows of `spatial_unpad` for a few sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TileConvention {
    /// The original: pinpoints are (width, height), unpadding truncates.
    Llava,
    /// transformers 4.57: pinpoints are (height, width), unpadding rounds at the seventh decimal
    /// before it truncates.
    Hf,
}
