//! Paper before anything is drawn on it: its rows, each different one once.

use super::ink::InkLayer;
use super::picture::{Picture, PixelSize};
use super::print::Printer;

/// The paper of a renderer. Rows repeat (those between lines, on 1 mm lines, on 5 mm lines), so that a page
/// is copied from few rows that stay in the processor's cache.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(super) size: PixelSize,
    pub(super) pixels_per_mm: f64,
    /// The different rows, three bytes a pixel.
    pub(super) rows: Vec<Vec<u8>>,
    /// Which of them each row of the page is.
    pub(super) row_at: Vec<u32>,
    /// Steps of ink with which a page on this paper fits a palette.
    pub(super) ink_steps: u32,
}

impl Sheet {
    /// The paper with a layer of its size printed on it, each row while it is in the cache.
    pub(crate) fn printed(&self, layer: &InkLayer, ink: [u8; 3]) -> Picture {
        let printer = Printer::new(ink, self.ink_steps);
        let mut rgb = Vec::with_capacity(3 * self.size.area());
        for (y, &row) in self.row_at.iter().enumerate() {
            let start = rgb.len();
            rgb.extend_from_slice(&self.rows[row as usize]);
            printer.print_row(layer, y, &mut rgb[start..]);
        }
        Picture::from_rgb(self.size, self.pixels_per_mm, rgb)
    }
}
