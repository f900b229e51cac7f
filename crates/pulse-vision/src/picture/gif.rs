//! GIF, equal to Pillow: the first frame, on the whole screen.

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::decode::DecodeLimits;
use super::error::PictureError;
use super::image::PageImage;
use super::size::PixelSize;

/// Decodes the first frame of a GIF file.
///
/// Where the frame leaves the screen uncovered there is the colour of the transparent index or, if
/// the file names none, that of index 0; the background colour of the header plays no part. A frame
/// that reaches beyond the screen makes the picture larger.
pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<PageImage, PictureError> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    if let Some(bytes) = std::num::NonZeroU64::new(limits.bytes()) {
        options.set_memory_limit(MemoryLimit::Bytes(bytes));
    }
    let mut decoder = options.read_info(bytes).map_err(damaged)?;
    let screen = (decoder.width(), decoder.height());
    let frame = decoder.next_frame_info().map_err(damaged)?;
    let Some(frame) = frame else {
        return Err(PictureError::Damaged {
            format: "GIF",
            reason: "it has no frame".to_owned(),
        });
    };
    let (left, top) = (u32::from(frame.left), u32::from(frame.top));
    let frame_size = PixelSize::new(u32::from(frame.width), u32::from(frame.height));
    let uncovered = frame.transparent.unwrap_or(0);
    let size = PixelSize::new(
        u32::from(screen.0).max(left + frame_size.width),
        u32::from(screen.1).max(top + frame_size.height),
    );
    limits.check(size)?;
    let mut indices = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut indices).map_err(damaged)?;
    let colours = colours(decoder.palette().unwrap_or_default());
    let rgb = |index: u8| colours[usize::from(index)];
    let mut picture = PageImage::filled(size, rgb(uncovered))?;
    if frame_size.pixels() > 0 {
        let pixels = indices.into_iter().flat_map(rgb).collect();
        picture.paste(&PageImage::from_rgb(frame_size, pixels)?, left, top);
    }
    Ok(picture)
}

/// A colour for each index. Indices beyond the palette are black; without a palette, or with one
/// that only repeats the indices, they are levels of grey.
fn colours(palette: &[u8]) -> [[u8; 3]; 256] {
    let (palette, _) = palette.as_chunks::<3>();
    let is_ramp = palette
        .iter()
        .enumerate()
        .all(|(index, colour)| *colour == [index as u8; 3]);
    std::array::from_fn(|index| {
        if is_ramp {
            [index as u8; 3]
        } else {
            palette.get(index).copied().unwrap_or_default()
        }
    })
}

fn damaged(error: DecodingError) -> PictureError {
    PictureError::Damaged {
        format: "GIF",
        reason: error.to_string(),
    }
}
