//! Every kind of pixel to 8-bit RGB, as Pillow's `convert("RGB")` does it.
//!
//! Alpha is dropped, not blended. 16-bit colour keeps its high byte, but 16-bit grey is clipped at
//! 255, not scaled: surprising, and what the reference does.

use image::DynamicImage;

use super::error::PictureError;

/// The pixels as `[height, width, 3]`.
///
/// `is_grey` says that the file itself has no alpha channel, so that the alpha of `picture` was made
/// of one transparent level: Pillow leaves such files grey.
pub(super) fn to_rgb(picture: DynamicImage, is_grey: bool) -> Result<Vec<u8>, PictureError> {
    // Files with 16-bit alpha keep the high byte, plain 16-bit grey is clipped.
    let grey16 = if is_grey { clip } else { high_byte };
    Ok(match picture {
        DynamicImage::ImageRgb8(pixels) => pixels.into_raw(),
        DynamicImage::ImageRgba8(pixels) => drop_fourth(pixels.as_raw()),
        DynamicImage::ImageLuma8(pixels) => repeat(pixels.as_raw().iter().copied()),
        DynamicImage::ImageLumaA8(pixels) => repeat(
            pixels
                .as_raw()
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[grey, _]| *grey),
        ),
        DynamicImage::ImageLuma16(pixels) => repeat(pixels.as_raw().iter().map(|grey| clip(*grey))),
        DynamicImage::ImageLumaA16(pixels) => repeat(
            pixels
                .as_raw()
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[grey, _]| grey16(*grey)),
        ),
        DynamicImage::ImageRgb16(pixels) => pixels
            .as_raw()
            .iter()
            .map(|value| high_byte(*value))
            .collect(),
        DynamicImage::ImageRgba16(pixels) => pixels
            .as_raw()
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|[red, green, blue, _]| [*red, *green, *blue].map(high_byte))
            .collect(),
        other => {
            return Err(PictureError::UnsupportedPixels {
                kind: format!("{:?}", other.color()),
            });
        }
    })
}

/// Pillow's `cmyk2rgb`, for inks of which 255 is the most.
pub(super) fn cmyk_to_rgb([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - i32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        let product = i32::from(ink) * light + 128;
        let scaled = ((product >> 8) + product) >> 8;
        (light - scaled).clamp(0, 255) as u8
    })
}

/// Pillow's `I;16` to `L`.
fn clip(value: u16) -> u8 {
    value.min(255) as u8
}

/// Pillow's reading of 16-bit colour.
pub(super) fn high_byte(value: u16) -> u8 {
    (value >> 8) as u8
}

fn repeat(greys: impl Iterator<Item = u8>) -> Vec<u8> {
    greys.flat_map(|grey| [grey; 3]).collect()
}

fn drop_fourth(rgba: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let mut rgb = vec![0; pixels.len() * 3];
    for (out, [red, green, blue, _]) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
        *out = [*red, *green, *blue];
    }
    rgb
}
