//! Which canvas a picture goes on, at what size and where.
//!
//! Everything is f64 in the reference's order of operations (`select_best_resolution`,
//! `resize_and_pad_image`, `unpad_image` of LLaVA): exact arithmetic would give other sizes.

use crate::{MergeType, PixelSize, TileConvention};

/// Columns and rows of tiles on a canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileGrid {
    /// Tiles side by side.
    pub columns: u32,
    /// Tiles on top of each other.
    pub rows: u32,
}

impl TileGrid {
    /// Number of tiles, the base tile not counted.
    pub fn tiles(self) -> usize {
        self.columns as usize * self.rows as usize
    }
}

/// The part of a grid of patches that shows the picture and not its padding, in patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpaddedGrid {
    /// Rows cut off at the top.
    pub first_row: usize,
    /// Rows kept.
    pub rows: usize,
    /// Columns cut off on the left.
    pub first_column: usize,
    /// Columns kept.
    pub columns: usize,
}

/// The most tiles that a canvas may have.
///
/// LLaVA-1.6 has at most 4 on its canvases; what stands far above that is a mistake in
/// `image_grid_pinpoints`, such as pixels multiplied twice, and would take memory and time without
/// end.
pub const MAX_TILES_PER_CANVAS: u64 = 64;

/// Why no plan can be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// There is nothing to choose from, or a choice that is not made of whole tiles.
    #[error(
        "canvas {canvas} is not made of whole tiles of {tile_side}; \
         expected multiples in image_grid_pinpoints"
    )]
    Canvas {
        /// The canvas at fault; 0x0 when the list is empty.
        canvas: PixelSize,
        /// Side of a tile.
        tile_side: u32,
    },
    /// A choice that is far too large.
    #[error(
        "canvas {canvas} has {tiles} tiles of {tile_side}, expected at most \
         {MAX_TILES_PER_CANVAS}; mend image_grid_pinpoints, which are sizes in pixels"
    )]
    TooManyTiles {
        /// The canvas at fault.
        canvas: PixelSize,
        /// Side of a tile.
        tile_side: u32,
        /// Tiles on the canvas.
        tiles: u64,
    },
    /// The picture has no pixels.
    #[error("a picture of {0} has no pixels to tile")]
    EmptyPicture(PixelSize),
}

/// How a picture is laid out on a canvas of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePlan {
    picture: PixelSize,
    canvas: PixelSize,
    resized: PixelSize,
    tile_side: u32,
    convention: TileConvention,
}

impl TilePlan {
    /// Chooses among `pinpoints` the canvas that keeps most pixels, then wastes least; the first
    /// wins ties.
    ///
    /// # Errors
    /// [`PlanError`] for an empty picture, and for canvases that are not made of whole tiles or
    /// have more than [`MAX_TILES_PER_CANVAS`].
    pub fn new(
        picture: PixelSize,
        pinpoints: &[PixelSize],
        tile_side: u32,
        convention: TileConvention,
    ) -> Result<Self, PlanError> {
        if picture.pixels() == 0 {
            return Err(PlanError::EmptyPicture(picture));
        }
        let (width, height) = (f64::from(picture.width), f64::from(picture.height));
        let mut best: Option<(PixelSize, u64, u64)> = None;
        for pinpoint in pinpoints {
            let canvas = match convention {
                TileConvention::Llava => *pinpoint,
                TileConvention::Hf => PixelSize::new(pinpoint.height, pinpoint.width),
            };
            check_canvas(canvas, tile_side)?;
            let scale = (f64::from(canvas.width) / width).min(f64::from(canvas.height) / height);
            let kept = ((width * scale) as u64 * (height * scale) as u64).min(picture.pixels());
            let waste = canvas.pixels() - kept.min(canvas.pixels());
            let is_better = best.is_none_or(|(_, best_kept, best_waste)| {
                kept > best_kept || (kept == best_kept && waste < best_waste)
            });
            if is_better {
                best = Some((canvas, kept, waste));
            }
        }
        let (canvas, ..) = best.ok_or(PlanError::Canvas {
            canvas: PixelSize::new(0, 0),
            tile_side,
        })?;
        let resized = fit(picture, canvas);
        Ok(Self {
            picture,
            canvas,
            resized,
            tile_side,
            convention,
        })
    }

    /// Size of the picture before anything.
    pub fn picture(&self) -> PixelSize {
        self.picture
    }

    /// The chosen canvas.
    pub fn canvas(&self) -> PixelSize {
        self.canvas
    }

    /// Size of the picture on the canvas.
    pub fn resized(&self) -> PixelSize {
        self.resized
    }

    /// Left and top padding of the picture on the canvas.
    pub fn paste(&self) -> (u32, u32) {
        (
            (self.canvas.width - self.resized.width) / 2,
            (self.canvas.height - self.resized.height) / 2,
        )
    }

    /// Side of a tile in pixels.
    pub fn tile_side(&self) -> u32 {
        self.tile_side
    }

    /// Columns and rows of tiles.
    pub fn grid(&self) -> TileGrid {
        TileGrid {
            columns: self.canvas.width / self.tile_side,
            rows: self.canvas.height / self.tile_side,
        }
    }

    /// What `spatial_unpad` keeps of the grid's patches.
    pub fn unpadded(&self, patches_per_side: usize) -> UnpaddedGrid {
        let grid = self.grid();
        let columns = grid.columns as usize * patches_per_side;
        let rows = grid.rows as usize * patches_per_side;
        let (width, height) = (
            f64::from(self.picture.width),
            f64::from(self.picture.height),
        );
        if width / height > columns as f64 / rows as f64 {
            let shown = self.truncate(height * (columns as f64 / width));
            let first_row = rows.saturating_sub(shown) / 2;
            UnpaddedGrid {
                first_row,
                rows: rows - 2 * first_row,
                first_column: 0,
                columns,
            }
        } else {
            let shown = self.truncate(width * (rows as f64 / height));
            let first_column = columns.saturating_sub(shown) / 2;
            UnpaddedGrid {
                first_row: 0,
                rows,
                first_column,
                columns: columns - 2 * first_column,
            }
        }
    }

    /// Visual tokens of the picture, the base tile included.
    pub fn visual_token_count(&self, merge: MergeType, patches_per_side: usize) -> usize {
        let per_tile = patches_per_side * patches_per_side;
        match merge {
            MergeType::Flat | MergeType::Spatial => per_tile * (1 + self.grid().tiles()),
            MergeType::SpatialUnpad => {
                let kept = self.unpadded(patches_per_side);
                per_tile + kept.rows * (kept.columns + 1)
            }
        }
    }

    fn truncate(&self, value: f64) -> usize {
        match self.convention {
            TileConvention::Llava => value as usize,
            TileConvention::Hf => ((value * 1e7).round_ties_even() / 1e7) as usize,
        }
    }
}

fn check_canvas(canvas: PixelSize, tile_side: u32) -> Result<(), PlanError> {
    let is_whole = |side: u32| side > 0 && side.is_multiple_of(tile_side);
    if tile_side == 0 || !is_whole(canvas.width) || !is_whole(canvas.height) {
        return Err(PlanError::Canvas { canvas, tile_side });
    }
    let tiles = u64::from(canvas.width / tile_side) * u64::from(canvas.height / tile_side);
    if tiles > MAX_TILES_PER_CANVAS {
        return Err(PlanError::TooManyTiles {
            canvas,
            tile_side,
            tiles,
        });
    }
    Ok(())
}

/// The largest size of the picture's shape that the canvas holds.
fn fit(picture: PixelSize, canvas: PixelSize) -> PixelSize {
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let horizontal = f64::from(canvas.width) / width;
    let vertical = f64::from(canvas.height) / height;
    if horizontal < vertical {
        PixelSize::new(
            canvas.width,
            ((height * horizontal).ceil() as u32).min(canvas.height),
        )
    } else {
        PixelSize::new(
            ((width * vertical).ceil() as u32).min(canvas.width),
            canvas.height,
        )
    }
}
