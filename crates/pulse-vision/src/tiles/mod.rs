//! A picture to the tiles that the vision tower sees.

mod contact_sheet;
mod merge_type;
mod mode;
mod normalise;
mod pixels;
mod plan;
mod preprocess;

pub use merge_type::MergeType;
pub use mode::{AspectMode, TileConvention};
pub use pixels::TilePixels;
pub use plan::{MAX_TILES_PER_CANVAS, PlanError, TileGrid, TilePlan, UnpaddedGrid};
pub use preprocess::{PreprocessError, Preprocessor, PreprocessorConfig};
