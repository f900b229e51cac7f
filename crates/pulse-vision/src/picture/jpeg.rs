//! JPEG, equal to Pillow to the bit.
//!
//! Pillow decodes with libjpeg. Pure Rust decoders differ from it by up to three levels where they
//! scale the colour planes up, so this one module builds libjpeg's own code (as MozJPEG; a C
//! compiler is all it takes).

use std::panic::{AssertUnwindSafe, catch_unwind};

use mozjpeg::{ColorSpace, Decompress};

use super::decode::DecodeLimits;
use super::error::PictureError;
use super::image::PageImage;
use super::size::PixelSize;

/// Decodes a JPEG file's bytes.
pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<PageImage, PictureError> {
    // The library fills a missing rest with grey, which on an ECG would be a flat line.
    if !has_end(bytes) {
        return Err(damaged("its end marker is missing".to_owned()));
    }
    // It reports fatal damage by unwinding.
    catch_unwind(AssertUnwindSafe(|| read(bytes, limits)))
        .unwrap_or_else(|_| Err(damaged("its data cannot be decoded".to_owned())))
}

fn read(bytes: &[u8], limits: DecodeLimits) -> Result<PageImage, PictureError> {
    let failed = |error: std::io::Error| damaged(error.to_string());
    let decoder = Decompress::new_mem(bytes).map_err(failed)?;
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let size = PixelSize::new(side(decoder.width()), side(decoder.height()));
    limits.check(size)?;
    let rgb = match decoder.color_space() {
        ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK => {
            let mut rows = decoder
                .to_colorspace(ColorSpace::JCS_CMYK)
                .map_err(failed)?;
            let pixels: Vec<[u8; 4]> = rows.read_scanlines().map_err(failed)?;
            let is_inverted = has_adobe_marker(bytes);
            pixels
                .into_iter()
                .flat_map(|pixel| cmyk_to_rgb(pixel, is_inverted))
                .collect()
        }
        _ => {
            let mut rows = decoder.rgb().map_err(failed)?;
            let pixels: Vec<[u8; 3]> = rows.read_scanlines().map_err(failed)?;
            pixels.into_flattened()
        }
    };
    PageImage::from_rgb(size, rgb)
}

fn damaged(reason: String) -> PictureError {
    PictureError::Damaged {
        format: "JPEG",
        reason,
    }
}

/// Pillow's `cmyk2rgb`; files that Adobe's programs wrote hold inverted inks.
fn cmyk_to_rgb(pixel: [u8; 4], is_inverted: bool) -> [u8; 3] {
    let [cyan, magenta, yellow, black] = if is_inverted {
        pixel.map(|ink| 255 - ink)
    } else {
        pixel
    };
    let light = 255 - i32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        let product = i32::from(ink) * light + 128;
        let scaled = ((product >> 8) + product) >> 8;
        (light - scaled).clamp(0, 255) as u8
    })
}

/// Whether the end-of-image marker follows the last scan.
fn has_end(bytes: &[u8]) -> bool {
    let last_scan = bytes.windows(2).rposition(|pair| pair == [0xff, 0xda]);
    last_scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xff, 0xd9]))
}

/// Whether an Adobe segment (APP14) stands before the first scan.
fn has_adobe_marker(bytes: &[u8]) -> bool {
    let scan = bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xda])
        .unwrap_or(0);
    bytes[..scan]
        .windows(9)
        .any(|part| part[..2] == [0xff, 0xee] && part[4..] == *b"Adobe")
}
