//! The whole way from a picture to tiles, for the three modes of LLaVA.
//!
//! Reference: `process_images`, `process_anyres_image` and `expand2square` of LLaVA
//! (`mm_utils.py`) with the `CLIPImageProcessor` of transformers 4.37.2.

use serde::{Deserialize, Serialize};

use super::normalise::NormalisationTable;
use super::pixels::TilePixels;
use super::plan::{PlanError, TilePlan};
use crate::{
    AspectMode, PageImage, PassOrder, PictureError, PixelSize, Region, TileConvention,
    resize_bicubic, resize_region,
};

/// What decides the tiles of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreprocessorConfig {
    /// Which of the three modes.
    pub mode: AspectMode,
    /// Side of a tile in pixels.
    pub tile_side: u32,
    /// Canvases for anyres, in the order of the checkpoint.
    pub pinpoints: Vec<PixelSize>,
    /// Whose geometry.
    pub convention: TileConvention,
    /// Which of Pillow's pass orders.
    #[serde(default)]
    pub pass_order: PassOrder,
    /// Mean per channel.
    pub mean: [f64; 3],
    /// Standard deviation per channel.
    pub std: [f64; 3],
    /// Factor from bytes to the range of mean and deviation.
    pub rescale_factor: f64,
}

/// The largest tile side in pixels. Vision towers in use have 224 to 560; together with
/// [`MAX_TILES_PER_CANVAS`](crate::MAX_TILES_PER_CANVAS) this bounds the memory a picture takes.
const MAX_TILE_SIDE: u32 = 1024;

/// Why a picture cannot be made into tiles.
#[derive(Debug, thiserror::Error)]
pub enum PreprocessError {
    /// A number of the normalisation is unusable.
    #[error("{name} is {found}, expected finite numbers, above 0 for factor and deviation")]
    Normalisation {
        /// The field.
        name: &'static str,
        /// Its value.
        found: String,
    },
    /// The side of a tile is unusable.
    #[error("the tile side is {0}, expected 1 to {MAX_TILE_SIDE} pixels; mend image_size")]
    TileSide(u32),
    /// The square that `pad` puts the picture on is larger than a picture may be.
    #[error(
        "padded to a square, the picture of {picture} becomes {padded} = {} pixels, more than the \
         limit of {limit}; use mode anyres or crop, or scale the picture down", padded.pixels()
    )]
    PaddedTooLarge {
        /// Size of the picture.
        picture: PixelSize,
        /// Size of the square.
        padded: PixelSize,
        /// The largest number of pixels.
        limit: u64,
    },
    /// Stored tiles are not those of the picture.
    #[error("{found} bytes of tiles for a picture that gives {expected}; make the tiles anew")]
    StoredTiles {
        /// Bytes that the picture's tiles have.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// No tile plan can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A picture operation failed.
    #[error(transparent)]
    Picture(#[from] PictureError),
}

/// Makes tiles of pictures.
#[derive(Debug, Clone)]
pub struct Preprocessor {
    config: PreprocessorConfig,
    table: NormalisationTable,
}

impl Preprocessor {
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`PreprocessError`] for numbers that cannot work.
    pub fn new(config: PreprocessorConfig) -> Result<Self, PreprocessError> {
        if !(1..=MAX_TILE_SIDE).contains(&config.tile_side) {
            return Err(PreprocessError::TileSide(config.tile_side));
        }
        if config.mode == AspectMode::Anyres {
            // Any picture shows whether all canvases are sound.
            let probe = PixelSize::square(1);
            TilePlan::new(
                probe,
                &config.pinpoints,
                config.tile_side,
                config.convention,
            )?;
        }
        let table = NormalisationTable::new(config.rescale_factor, config.mean, config.std)?;
        Ok(Self { config, table })
    }

    /// The configuration.
    pub fn config(&self) -> &PreprocessorConfig {
        &self.config
    }

    /// A picture to its tiles.
    ///
    /// # Errors
    /// [`PreprocessError`] if the picture cannot be laid out.
    pub fn preprocess(&self, picture: &PageImage) -> Result<TilePixels, PreprocessError> {
        match self.config.mode {
            AspectMode::Anyres => self.anyres(picture),
            AspectMode::Crop => self.single(picture, picture.size()),
            AspectMode::Pad => self.single(&self.pad(picture)?, picture.size()),
        }
    }

    /// Tiles that were made before by a preprocessor of the same configuration, from the size of
    /// their picture and [`TilePixels::tiles_u8`]: for caches.
    ///
    /// # Errors
    /// [`PreprocessError::StoredTiles`] if the bytes do not fit the size.
    pub fn restore(
        &self,
        picture: PixelSize,
        tiles_u8: Vec<u8>,
    ) -> Result<TilePixels, PreprocessError> {
        let side = self.config.tile_side;
        let plan = match self.config.mode {
            AspectMode::Anyres => Some(TilePlan::new(
                picture,
                &self.config.pinpoints,
                side,
                self.config.convention,
            )?),
            AspectMode::Crop | AspectMode::Pad => None,
        };
        let tiles = 1 + plan.map_or(0, |plan| plan.grid().tiles());
        let expected = tiles * 3 * side as usize * side as usize;
        if tiles_u8.len() != expected {
            return Err(PreprocessError::StoredTiles {
                expected,
                found: tiles_u8.len(),
            });
        }
        let table = self.table.clone();
        Ok(TilePixels::from_bytes(tiles_u8, side, picture, plan, table))
    }

    fn anyres(&self, picture: &PageImage) -> Result<TilePixels, PreprocessError> {
        let side = self.config.tile_side;
        let plan = TilePlan::new(
            picture.size(),
            &self.config.pinpoints,
            side,
            self.config.convention,
        )?;
        let (base, resized) = rayon::join(
            || resize_bicubic(picture, PixelSize::square(side), self.config.pass_order),
            || resize_bicubic(picture, plan.resized(), self.config.pass_order),
        );
        let mut canvas = PageImage::filled(plan.canvas(), [0; 3])?;
        let (x, y) = plan.paste();
        canvas.paste(&resized?, x, y);
        let mut tiles = TilePixels::new(side, picture.size(), Some(plan), self.table.clone());
        tiles.push(&base?, 0, 0);
        let grid = plan.grid();
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                tiles.push(&canvas, column * side, row * side);
            }
        }
        Ok(tiles)
    }

    /// The short side to the tile's side, then the centre. Only the centre is computed: the long
    /// side of a thin picture could be enormous.
    fn single(
        &self,
        picture: &PageImage,
        original: PixelSize,
    ) -> Result<TilePixels, PreprocessError> {
        let side = self.config.tile_side;
        let PixelSize { width, height } = picture.size();
        let (short, long) = (width.min(height), width.max(height));
        let long = (f64::from(side) * f64::from(long) / f64::from(short)) as u32;
        let size = if width <= height {
            PixelSize::new(side, long)
        } else {
            PixelSize::new(long, side)
        };
        let region = Region {
            x: (size.width - side) / 2,
            y: (size.height - side) / 2,
            size: PixelSize::square(side),
        };
        let mut tiles = TilePixels::new(side, original, None, self.table.clone());
        tiles.push(
            &resize_region(picture, size, region, self.config.pass_order)?,
            0,
            0,
        );
        Ok(tiles)
    }

    /// Centred on a square of the mean colour.
    fn pad(&self, picture: &PageImage) -> Result<PageImage, PreprocessError> {
        let PixelSize { width, height } = picture.size();
        if width == height {
            return Ok(picture.clone());
        }
        let side = width.max(height);
        let square = PixelSize::square(side);
        let limit = crate::DecodeLimits::default().pixels;
        if square.pixels() > limit {
            return Err(PreprocessError::PaddedTooLarge {
                picture: picture.size(),
                padded: square,
                limit,
            });
        }
        let colour = self.config.mean.map(|mean| (mean * 255.0) as u8);
        let mut padded = PageImage::filled(square, colour)?;
        padded.paste(picture, (side - width) / 2, (side - height) / 2);
        Ok(padded)
    }
}
