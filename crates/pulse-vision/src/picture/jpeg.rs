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
use super::rgb::cmyk_to_rgb;
use super::size::PixelSize;

/// Decodes a JPEG file's bytes.
pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<PageImage, PictureError> {
    guarded(bytes, || read(bytes, limits))
}

/// Which colours [`samples`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// YCbCr turned to RGB.
    Rgb,
    /// No conversion.
    AsStored,
}

/// The decoded samples of a stream.
pub(super) struct Samples {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Samples per pixel.
    pub(super) components: usize,
    /// `[height, width, components]`.
    pub(super) samples: Vec<u8>,
}

/// Decodes a JPEG stream that is a part of another file.
pub(super) fn samples(
    bytes: &[u8],
    colours: Colours,
    limits: DecodeLimits,
) -> Result<Samples, PictureError> {
    guarded(bytes, || {
        let decoder = Decompress::new_mem(bytes).map_err(failed)?;
        limits.check(size(&decoder))?;
        let (width, height) = decoder.size();
        let stored = decoder.color_space();
        let wanted = match (colours, stored) {
            (Colours::AsStored, _) => stored,
            (Colours::Rgb, ColorSpace::JCS_YCbCr) => ColorSpace::JCS_RGB,
            (Colours::Rgb, other) => {
                return Err(damaged(format!(
                    "its colours are {other:?}, expected YCbCr"
                )));
            }
        };
        let mut rows = decoder.to_colorspace(wanted).map_err(failed)?;
        let samples = rows.read_scanlines::<u8>().map_err(failed)?;
        Ok(Samples {
            width,
            height,
            components: samples.len() / (width * height),
            samples,
        })
    })
}

/// Refuses streams without an end, and makes an error of the unwinding by which the library reports
/// fatal damage.
fn guarded<T>(
    bytes: &[u8],
    read: impl FnOnce() -> Result<T, PictureError>,
) -> Result<T, PictureError> {
    // The library fills a missing rest with grey, which on an ECG would be a flat line.
    if !has_end(bytes) {
        return Err(damaged("its end marker is missing".to_owned()));
    }
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(damaged("its data cannot be decoded".to_owned())))
}

fn failed(error: std::io::Error) -> PictureError {
    damaged(error.to_string())
}

fn size<R>(decoder: &Decompress<R>) -> PixelSize {
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    PixelSize::new(side(decoder.width()), side(decoder.height()))
}

fn read(bytes: &[u8], limits: DecodeLimits) -> Result<PageImage, PictureError> {
    let decoder = Decompress::new_mem(bytes).map_err(failed)?;
    let size = size(&decoder);
    limits.check(size)?;
    let rgb = match decoder.color_space() {
        ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK => {
            let mut rows = decoder
                .to_colorspace(ColorSpace::JCS_CMYK)
                .map_err(failed)?;
            let pixels: Vec<[u8; 4]> = rows.read_scanlines().map_err(failed)?;
            // Adobe's programs write inverted inks, and Pillow takes every file for one of theirs.
            pixels
                .into_iter()
                .flat_map(|inks| cmyk_to_rgb(inks.map(|ink| 255 - ink)))
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

/// Whether the end-of-image marker follows the last scan.
fn has_end(bytes: &[u8]) -> bool {
    let last_scan = bytes.windows(2).rposition(|pair| pair == [0xff, 0xda]);
    last_scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xff, 0xd9]))
}
