//! The tiles drawn for people: what the model sees.

use super::pixels::TilePixels;
use crate::{PageImage, PictureError, PixelSize, TileGrid};

/// Pixels between tiles.
const GAP: u32 = 8;
/// Colour of the gaps, unlike anything on a page or its padding.
const GAP_COLOUR: [u8; 3] = [80, 120, 200];

impl TilePixels {
    /// The base tile on the left, the grid beside it, a gap around each.
    ///
    /// # Errors
    /// [`PictureError`] if there are no tiles.
    pub fn contact_sheet(&self) -> Result<PageImage, PictureError> {
        let grid = self.plan().map_or(
            TileGrid {
                columns: 0,
                rows: 1,
            },
            |plan| plan.grid(),
        );
        let pitch = self.side() + GAP;
        let size = PixelSize::new(
            (grid.columns + 1) * pitch + GAP,
            grid.rows.max(1) * pitch + GAP,
        );
        let mut sheet = PageImage::filled(size, GAP_COLOUR)?;
        for index in 0..self.count() {
            let (column, row) = match (index as u32).checked_sub(1) {
                None => (0, 0),
                Some(index) => (1 + index % grid.columns.max(1), index / grid.columns.max(1)),
            };
            sheet.paste(&self.tile(index)?, GAP + column * pitch, GAP + row * pitch);
        }
        Ok(sheet)
    }

    /// One tile as a picture.
    fn tile(&self, index: usize) -> Result<PageImage, PictureError> {
        let plane = self.side() as usize * self.side() as usize;
        let [red, green, blue] = [0, 1, 2].map(|channel| {
            let start = (index * 3 + channel) * plane;
            &self.tiles_u8()[start..start + plane]
        });
        let rgb = red
            .iter()
            .zip(green)
            .zip(blue)
            .flat_map(|((r, g), b)| [*r, *g, *b])
            .collect();
        PageImage::from_rgb(PixelSize::square(self.side()), rgb)
    }
}
