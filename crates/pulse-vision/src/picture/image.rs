//! An RGB picture in memory.

use super::error::PictureError;
use super::size::PixelSize;

/// A picture of a page: 8-bit RGB, row by row, no alpha.
#[derive(Clone, PartialEq, Eq)]
pub struct PageImage {
    size: PixelSize,
    rgb: Vec<u8>,
}

impl std::fmt::Debug for PageImage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PageImage({})", self.size)
    }
}

impl PageImage {
    /// A picture from its pixels, `[height, width, 3]`.
    ///
    /// # Errors
    /// [`PictureError::Empty`] if the size is empty, [`PictureError::WrongLength`] if the buffer
    /// does not fit it.
    pub fn from_rgb(size: PixelSize, rgb: Vec<u8>) -> Result<Self, PictureError> {
        let expected = size.pixels().saturating_mul(3);
        if expected == 0 {
            return Err(PictureError::Empty { size });
        }
        if rgb.len() as u64 != expected {
            return Err(PictureError::WrongLength {
                size,
                expected,
                found: rgb.len(),
            });
        }
        Ok(Self { size, rgb })
    }

    /// A picture of one colour.
    ///
    /// # Errors
    /// [`PictureError::Empty`] if the size is empty.
    pub fn filled(size: PixelSize, colour: [u8; 3]) -> Result<Self, PictureError> {
        Self::from_rgb(size, colour.repeat(size.pixels() as usize))
    }

    /// Width and height.
    pub fn size(&self) -> PixelSize {
        self.size
    }

    /// The pixels, `[height, width, 3]`.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// One row of pixels, `[width, 3]`.
    ///
    /// # Panics
    /// Panics if the row does not exist.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        let stride = self.size.width as usize * 3;
        &self.rgb[y * stride..(y + 1) * stride]
    }

    /// Copies `other` onto this picture with its top left corner at `(x, y)`; what would lie
    /// outside is left out.
    pub(crate) fn paste(&mut self, other: &Self, x: u32, y: u32) {
        let columns = other.size.width.min(self.size.width.saturating_sub(x)) as usize * 3;
        let rows = other.size.height.min(self.size.height.saturating_sub(y)) as usize;
        let stride = self.size.width as usize * 3;
        let start = y as usize * stride + x as usize * 3;
        for row in 0..rows {
            let place = start + row * stride;
            self.rgb[place..place + columns].copy_from_slice(&other.row(row)[..columns]);
        }
    }
}
