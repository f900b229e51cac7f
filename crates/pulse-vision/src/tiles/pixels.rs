//! Tiles ready for the vision tower.

use super::normalise::NormalisationTable;
use crate::{PageImage, PixelSize, TilePlan};

/// The tiles of one picture, base tile first, then the grid row by row.
#[derive(Debug, Clone)]
pub struct TilePixels {
    bytes: Vec<u8>,
    side: u32,
    picture: PixelSize,
    plan: Option<TilePlan>,
    table: NormalisationTable,
}

impl TilePixels {
    pub(super) fn new(
        side: u32,
        picture: PixelSize,
        plan: Option<TilePlan>,
        table: NormalisationTable,
    ) -> Self {
        Self::from_bytes(Vec::new(), side, picture, plan, table)
    }

    pub(super) fn from_bytes(
        bytes: Vec<u8>,
        side: u32,
        picture: PixelSize,
        plan: Option<TilePlan>,
        table: NormalisationTable,
    ) -> Self {
        Self {
            bytes,
            side,
            picture,
            plan,
            table,
        }
    }

    /// Appends the square of `source` whose top left corner is `(x, y)`, channel by channel.
    pub(super) fn push(&mut self, source: &PageImage, x: u32, y: u32) {
        let side = self.side as usize;
        for channel in 0..3 {
            for row in 0..side {
                let row = &source.row(y as usize + row)[x as usize * 3..][..side * 3];
                self.bytes
                    .extend(row.as_chunks::<3>().0.iter().map(|pixel| pixel[channel]));
            }
        }
    }

    /// Number of tiles.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.plane() / 3
    }

    /// Side of a tile in pixels.
    pub fn side(&self) -> u32 {
        self.side
    }

    /// Size of the picture they come from.
    pub fn picture(&self) -> PixelSize {
        self.picture
    }

    /// The anyres plan; `None` for the modes of a single tile.
    pub fn plan(&self) -> Option<&TilePlan> {
        self.plan.as_ref()
    }

    /// The pixels as bytes, `[tiles, 3, side, side]`.
    pub fn tiles_u8(&self) -> &[u8] {
        &self.bytes
    }

    /// The normalised values, `[tiles, 3, side, side]`.
    pub fn pixel_values(&self) -> Vec<f32> {
        self.table.apply(&self.bytes, self.plane())
    }

    /// Number of values of all tiles: `tiles * 3 * side * side`.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no tiles.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends the normalised values to a batch's, without a buffer of their own.
    pub fn extend_pixel_values(&self, values: &mut Vec<f32>) {
        self.table.extend(&self.bytes, self.plane(), values);
    }

    fn plane(&self) -> usize {
        self.side as usize * self.side as usize
    }
}
