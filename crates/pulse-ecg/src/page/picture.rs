//! A picture of 8-bit RGB pixels.

use serde::{Deserialize, Serialize};

use super::error::PageError;

/// Size of a raster in pixels, width first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PixelSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl PixelSize {
    /// Number of pixels.
    pub const fn area(self) -> usize {
        self.width as usize * self.height as usize
    }
}

/// Most pixels that a page may have: A4 at 600 dpi has 35 million.
pub(crate) const MAX_PIXELS: u64 = 64_000_000;

/// Rounds a size up to whole pixels and refuses one that is larger than [`MAX_PIXELS`].
pub(crate) fn bounded_size(width: f64, height: f64) -> Result<PixelSize, PageError> {
    let (width, height) = (libm::ceil(width), libm::ceil(height));
    let in_range = width >= 1.0 && height >= 1.0 && width * height <= MAX_PIXELS as f64;
    if !in_range {
        return Err(PageError::TooManyPixels {
            width,
            height,
            limit: MAX_PIXELS,
        });
    }
    Ok(PixelSize {
        width: width as u32,
        height: height as u32,
    })
}

/// A picture: `[height, width, 3]` bytes, red green blue, rows from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    size: PixelSize,
    pixels_per_mm: f64,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture of one colour. `size` has been checked against [`MAX_PIXELS`].
    pub(crate) fn filled(size: PixelSize, pixels_per_mm: f64, colour: [u8; 3]) -> Self {
        Self {
            size,
            pixels_per_mm,
            rgb: colour.repeat(size.area()),
        }
    }

    /// A picture of `3 * size.area()` bytes, rows from the top.
    pub(super) const fn from_rgb(size: PixelSize, pixels_per_mm: f64, rgb: Vec<u8>) -> Self {
        Self {
            size,
            pixels_per_mm,
            rgb,
        }
    }

    /// Width and height in pixels.
    pub const fn size(&self) -> PixelSize {
        self.size
    }

    /// Pixels per millimetre of paper, nominal after perspective; PNG and JPEG carry it as resolution.
    pub const fn pixels_per_mm(&self) -> f64 {
        self.pixels_per_mm
    }

    /// All bytes, `[height, width, 3]`.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// All bytes, `[height, width, 3]`, without the picture.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// The pixel in column `x` of row `y`, if it is inside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= self.size.width || y >= self.size.height {
            return None;
        }
        let at = (y as usize * self.size.width as usize + x as usize) * 3;
        self.rgb
            .get(at..at + 3)
            .map(|pixel| [pixel[0], pixel[1], pixel[2]])
    }

    pub(crate) fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Bytes of one row.
    pub(crate) const fn row_bytes(&self) -> usize {
        self.size.width as usize * 3
    }
}
