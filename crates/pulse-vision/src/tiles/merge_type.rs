//! How the tiles of a picture become one sequence.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `mm_patch_merge_type` of LLaVA configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeType {
    /// Tile after tile; what PULSE-7B was trained with.
    Flat,
    /// The base tile, then the grid as one raster.
    Spatial,
    /// As spatial, without the padding and with a newline token after each row.
    SpatialUnpad,
}

/// A merge type that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown merge type {0:?}; expected flat, spatial or spatial_unpad")]
pub struct MergeTypeError(String);

impl FromStr for MergeType {
    type Err = MergeTypeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "flat" => Ok(Self::Flat),
            "spatial" => Ok(Self::Spatial),
            "spatial_unpad" => Ok(Self::SpatialUnpad),
            other => Err(MergeTypeError(other.to_owned())),
        }
    }
}

impl fmt::Display for MergeType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Flat => "flat",
            Self::Spatial => "spatial",
            Self::SpatialUnpad => "spatial_unpad",
        })
    }
}
