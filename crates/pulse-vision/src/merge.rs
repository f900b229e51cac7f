//! Projected tiles of one picture to the token sequence that the decoder sees.
//!
//! Reference: `prepare_inputs_labels_for_multimodal` and `unpad_image` of LLaVA
//! (`llava_arch.py`). PULSE-7B was trained with `flat`; the LLaVA-1.6 bases with `spatial_unpad`.

use burn::tensor::Tensor;

use crate::{MergeType, TileGrid, TilePlan, UnpaddedGrid};

/// The embeddings of one picture, `[tokens, hidden]`, in the decoder's order.
#[derive(Debug, Clone)]
pub struct VisualTokens {
    /// `[tokens, hidden]`.
    pub embeddings: Tensor<2>,
}

impl VisualTokens {
    /// Number of tokens.
    pub fn count(&self) -> usize {
        self.embeddings.dims()[0]
    }
}

/// Why tiles cannot be merged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// The merge type needs tensors that are not there.
    #[error(
        "merge type spatial_unpad needs the checkpoint's image_newline, which is missing; \
         use --merge flat or spatial, or a checkpoint that has it"
    )]
    NoNewline,
    /// The number of tiles is not what the plan says.
    #[error("{found} tiles of features for a plan of {expected}; encode the tiles of this plan")]
    TileCount {
        /// Tiles in the features.
        found: usize,
        /// Tiles in the plan, the base picture included.
        expected: usize,
    },
    /// A spatial merge of something that is not a square of patches.
    #[error(
        "spatial merge needs {expected} features per tile, found {found}; \
         select feature \"patch\", not \"cls_patch\""
    )]
    NotASquare {
        /// Features per tile.
        found: usize,
        /// Patches of a tile.
        expected: usize,
    },
}

/// Joins `[tiles, features, hidden]` of one picture.
///
/// `plan` is the anyres plan, or `None` for a picture of one tile (modes `pad` and crop).
/// `patches_per_side` is the encoder's; `newline` is the checkpoint's `image_newline`, `[hidden]`.
///
/// - `flat`: tiles one after the other, each in raster order: `tiles x features` tokens.
/// - `spatial`: the base tile, then the grid as one raster.
/// - `spatial_unpad`: the base tile, then the grid's raster without the padding, one newline token
///   at the end of every row.
///
/// A picture of one tile (no plan) is its features as they are, whatever the merge type: the
/// original stacks such pictures and merges only what has tiles, so that no newline is added.
///
/// # Errors
/// [`MergeError`] if the features do not fit the plan or the newline is missing.
pub fn merge_tiles(
    features: Tensor<3>,
    plan: Option<&TilePlan>,
    merge: MergeType,
    patches_per_side: usize,
    newline: Option<Tensor<1>>,
) -> Result<VisualTokens, MergeError> {
    let [tiles, per_tile, hidden] = features.dims();
    let expected = plan.map_or(1, |plan| plan.grid().tiles() + 1);
    if tiles != expected {
        return Err(MergeError::TileCount {
            found: tiles,
            expected,
        });
    }
    let needs_newline = merge == MergeType::SpatialUnpad && plan.is_some();
    let newline = needs_newline
        .then(|| newline.ok_or(MergeError::NoNewline))
        .transpose()?;
    let embeddings = match plan {
        Some(plan) if merge != MergeType::Flat => {
            let patches = patches_per_side * patches_per_side;
            if per_tile != patches {
                return Err(MergeError::NotASquare {
                    found: per_tile,
                    expected: patches,
                });
            }
            let base = features.clone().slice([0..1, 0..per_tile, 0..hidden]);
            let base = base.reshape([per_tile, hidden]);
            let grid = features.slice([1..tiles, 0..per_tile, 0..hidden]);
            let raster = rasterise(grid, plan.grid(), patches_per_side);
            let rows = match newline {
                Some(newline) => end_rows(raster, plan.unpadded(patches_per_side), newline),
                None => Some(raster),
            };
            match rows {
                Some(rows) => {
                    let [height, width, _] = rows.dims();
                    Tensor::cat(vec![base, rows.reshape([height * width, hidden])], 0)
                }
                None => base,
            }
        }
        _ => features.reshape([tiles * per_tile, hidden]),
    };
    Ok(VisualTokens { embeddings })
}

/// `[columns * rows, side², hidden]` to the raster `[rows * side, columns * side, hidden]`.
fn rasterise(tiles: Tensor<3>, grid: TileGrid, side: usize) -> Tensor<3> {
    let [_, _, hidden] = tiles.dims();
    let (columns, rows) = (grid.columns as usize, grid.rows as usize);
    tiles
        .reshape([rows, columns, side, side, hidden])
        .permute([0, 2, 1, 3, 4])
        .reshape([rows * side, columns * side, hidden])
}

/// Cuts the padding off and puts the newline behind every row; `None` when no row is left, as with
/// pictures so thin that their padding covers the grid.
fn end_rows(raster: Tensor<3>, kept: UnpaddedGrid, newline: Tensor<1>) -> Option<Tensor<3>> {
    if kept.rows == 0 {
        return None;
    }
    let [_, _, hidden] = raster.dims();
    let newlines = newline
        .reshape([1, 1, hidden])
        .expand([kept.rows, 1, hidden]);
    if kept.columns == 0 {
        return Some(newlines);
    }
    let kept_rows = kept.first_row..kept.first_row + kept.rows;
    let kept_columns = kept.first_column..kept.first_column + kept.columns;
    Some(Tensor::cat(
        vec![raster.slice([kept_rows, kept_columns, 0..hidden]), newlines],
        1,
    ))
}
