//! Pictures small enough for a page.

use std::io::Cursor;
use std::panic::catch_unwind;

use image::{DynamicImage, ImageFormat, ImageReader, Limits, RgbImage};
use mozjpeg::{ColorSpace, Compress};
use pulse_vision::{PageImage, PassOrder, PixelSize, resize_bicubic};

/// Longest side in pixels: that of the page's column on a screen of usual density.
const LONGEST_SIDE: u32 = 1000;
/// Longest side and JPEG quality, tried one after the other until a picture is small enough. The last is taken in
/// any case.
const LADDER: [(u32, f32); 5] = [
    (LONGEST_SIDE, 75.0),
    (LONGEST_SIDE, 45.0),
    (800, 45.0),
    (800, 25.0),
    (640, 30.0),
];
/// Pixels on a side and bytes that decoding may take.
const LARGEST_SIDE: u32 = 20_000;
const DECODED_BYTES: u64 = 1 << 30;

/// A picture of at most about `bytes` bytes and its kind in `image/KIND`: itself if it is a PNG or JPEG that is small
/// enough, else a JPEG of it, made smaller; or why it cannot be decoded.
pub(super) fn bounded(picture: &[u8], bytes: usize) -> Result<(&'static str, Vec<u8>), String> {
    let failed = |error: image::ImageError| format!("it cannot be decoded: {error}");
    let mut reader = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()
        .map_err(|error| failed(error.into()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(DECODED_BYTES);
    reader.limits(limits);
    let kind = match reader.format() {
        Some(ImageFormat::Png) => Some("png"),
        Some(ImageFormat::Jpeg) => Some("jpeg"),
        _ => None,
    };
    let decoded = reader.decode().map_err(failed)?;
    let longest = decoded.width().max(decoded.height());
    if let Some(kind) = kind.filter(|_| longest <= LONGEST_SIDE && picture.len() <= bytes) {
        return Ok((kind, picture.to_vec()));
    }
    let opaque = on_white(&decoded);
    let size = PixelSize::new(opaque.width(), opaque.height());
    let page = PageImage::from_rgb(size, opaque.into_raw()).map_err(|error| error.to_string())?;
    let mut scaled = None;
    let last = LADDER.len() - 1;
    for (step, (side, quality)) in LADDER.into_iter().enumerate() {
        let part = match scaled.take().filter(|(of, _)| *of == side) {
            Some((_, part)) => part,
            None => bounded_side(&page, side)?,
        };
        // A quick look passes over what is far too large.
        let is_worth = step == last || jpeg(&part, quality, Effort::Quick)?.len() * 3 <= bytes * 5;
        if is_worth {
            let encoded = jpeg(&part, quality, Effort::Small)?;
            if step == last || encoded.len() <= bytes {
                return Ok(("jpeg", encoded));
            }
        }
        scaled = Some((side, part));
    }
    Err("it cannot be made small".to_owned())
}

/// The picture with its longest side at most `side`.
fn bounded_side(page: &PageImage, side: u32) -> Result<PageImage, String> {
    let size = page.size();
    let longest = size.width.max(size.height).max(side);
    let scale = |length: u32| {
        let part =
            (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(part).unwrap_or(side).max(1)
    };
    let to = PixelSize::new(scale(size.width), scale(size.height));
    resize_bicubic(page, to, PassOrder::default()).map_err(|error| error.to_string())
}

/// How much time a JPEG may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Little: the file is about a fifth larger.
    Quick,
    /// Enough for a small file.
    Small,
}

/// A progressive JPEG. MozJPEG makes it about half as large as a plain encoder does, and is built for pulse-vision
/// anyway.
fn jpeg(picture: &PageImage, quality: f32, effort: Effort) -> Result<Vec<u8>, String> {
    let write = || -> std::io::Result<Vec<u8>> {
        let mut settings = Compress::new(ColorSpace::JCS_RGB);
        let size = picture.size();
        if effort == Effort::Quick {
            settings.set_fastest_defaults();
        }
        settings.set_size(size.width as usize, size.height as usize);
        settings.set_quality(quality);
        if effort == Effort::Small {
            settings.set_progressive_mode();
        }
        // Trying many orders of scans takes several times as long and saves little.
        settings.set_optimize_scans(false);
        let mut file = settings.start_compress(Vec::new())?;
        file.write_scanlines(picture.rgb())?;
        file.finish()
    };
    // The library tells errors of libjpeg by panics.
    match catch_unwind(write) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(format!("it cannot be encoded: {error}")),
        Err(_) => Err("it cannot be encoded: libjpeg failed".to_owned()),
    }
}

/// JPEG has no transparency; what shows through is paper.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let mut pixels = picture.to_rgba8();
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        let mix = |colour: u32| ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        pixel.0 = [mix(red), mix(green), mix(blue), 255];
    }
    DynamicImage::ImageRgba8(pixels).into_rgb8()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn png(picture: RgbaImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgba8(picture);
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn small_pictures_stay_as_they_are() {
        let small = png(RgbaImage::from_pixel(20, 10, Rgba([9, 8, 7, 255])));
        assert_eq!(bounded(&small, 10_000), Ok(("png", small.clone())));
        assert!(bounded(b"\x89PNG", 10_000).unwrap_err().contains("decoded"));
        assert!(bounded(b"text", 10_000).is_err());
    }

    #[test]
    fn large_pictures_become_jpegs_of_bounded_size() {
        // Noise is the worst case for any coder.
        let mut state = 1u32;
        let noise = RgbaImage::from_fn(1600, 1200, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgba([(state >> 24) as u8, (state >> 16) as u8, 0, 255])
        });
        let clear = RgbaImage::from_pixel(1600, 1200, Rgba([0, 0, 0, 0]));
        for (picture, most, side) in [(noise, 100, 640), (clear, 20_000, 1000)] {
            let (kind, bytes) = bounded(&png(picture), most).unwrap();
            assert_eq!(kind, "jpeg");
            assert!(bytes.len() <= most || side == 640, "{}", bytes.len());
            let decoded = image::load_from_memory(&bytes).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (side, side * 3 / 4));
            // What was transparent is white.
            let shade = decoded.to_rgb8().get_pixel(5, 5).0;
            assert!(
                side == 640 || shade.iter().all(|value| *value > 250),
                "{shade:?}"
            );
        }
    }
}
