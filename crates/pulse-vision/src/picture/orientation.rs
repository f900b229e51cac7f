//! Turning and mirroring a picture as a file's orientation tag says.

use super::error::PictureError;
use super::image::PageImage;
use super::size::PixelSize;

/// The picture with the orientation (1 to 8, TIFF 6.0 section 8) taken out of it, as Pillow does
/// with TIFF files, and only with those. Other numbers mean nothing.
pub(super) fn upright(picture: PageImage, orientation: u16) -> Result<PageImage, PictureError> {
    if !(2..=8).contains(&orientation) {
        return Ok(picture);
    }
    let PixelSize { width, height } = picture.size();
    let size = if orientation < 5 {
        picture.size()
    } else {
        PixelSize::new(height, width)
    };
    let (right, bottom) = (width as usize - 1, height as usize - 1);
    let mut rgb = Vec::with_capacity(picture.rgb().len());
    for y in 0..size.height as usize {
        for x in 0..size.width as usize {
            let (from_x, from_y) = match orientation {
                2 => (right - x, y),
                3 => (right - x, bottom - y),
                4 => (x, bottom - y),
                5 => (y, x),
                6 => (y, bottom - x),
                7 => (right - y, bottom - x),
                _ => (right - y, x),
            };
            rgb.extend_from_slice(&picture.row(from_y)[from_x * 3..][..3]);
        }
    }
    PageImage::from_rgb(size, rgb)
}
