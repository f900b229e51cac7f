//! Files to pixels.
//!
//! The format is told by the content. Sizes are checked against the limit before memory is taken.
//! A file that ends too early is an error, never a picture with an invented rest.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::error::PictureError;
use super::image::PageImage;
use super::rgb::to_rgb;
use super::size::PixelSize;
use super::{gif, jpeg, tiff};

/// How large a picture may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Largest number of pixels.
    pub pixels: u64,
}

impl Default for DecodeLimits {
    /// The number of pixels above which Pillow refuses to open a picture.
    fn default() -> Self {
        Self {
            pixels: 178_956_970,
        }
    }
}

impl DecodeLimits {
    /// Bytes that a decoder may take for itself.
    pub(super) fn bytes(self) -> u64 {
        self.pixels.saturating_mul(BYTES_PER_PIXEL)
    }

    /// Refuses sizes that are empty or too large.
    pub(super) fn check(self, size: PixelSize) -> Result<(), PictureError> {
        if size.pixels() == 0 {
            return Err(PictureError::Empty { size });
        }
        if size.pixels() > self.pixels {
            return Err(PictureError::TooLarge {
                size,
                limit: self.pixels,
            });
        }
        Ok(())
    }
}

/// Where the header of a PNG says what its pixels are; 0 is grey without alpha.
const PNG_COLOUR_TYPE: usize = 25;
/// Bytes per pixel of the largest kind that is decoded (16-bit RGBA), with room for the decoder.
const BYTES_PER_PIXEL: u64 = 16;

impl PageImage {
    /// Opens a picture file.
    ///
    /// # Errors
    /// [`PictureError`] if it cannot be read, is no picture, damaged or too large.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PictureError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| PictureError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::decode(&bytes)
    }

    /// Decodes a picture file's bytes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        Self::decode_with(bytes, DecodeLimits::default())
    }

    /// Decodes with another limit.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn decode_with(bytes: &[u8], limits: DecodeLimits) -> Result<Self, PictureError> {
        let (format, name) = sniff(bytes)?;
        match format {
            ImageFormat::Jpeg => return jpeg::decode(bytes, limits),
            ImageFormat::Tiff => return tiff::decode(bytes, limits),
            ImageFormat::Gif => return gif::decode(bytes, limits),
            _ => {}
        }
        let failed = |error: ImageError| match error {
            ImageError::Unsupported(error) => PictureError::Unsupported {
                format: name,
                found: error.to_string(),
            },
            error => PictureError::Damaged {
                format: name,
                reason: error.to_string(),
            },
        };
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        // The pixel limit below is the real one; this bounds what a decoder may take for itself.
        let mut allocation = Limits::no_limits();
        allocation.max_alloc = Some(limits.bytes());
        reader.limits(allocation);
        let decoder = reader.into_decoder().map_err(failed)?;
        let (width, height) = decoder.dimensions();
        let size = PixelSize::new(width, height);
        limits.check(size)?;
        let decoded = DynamicImage::from_decoder(decoder).map_err(failed)?;
        let is_grey = format == ImageFormat::Png && bytes.get(PNG_COLOUR_TYPE) == Some(&0);
        Self::from_rgb(size, to_rgb(decoded, is_grey)?)
    }
}

fn sniff(bytes: &[u8]) -> Result<(ImageFormat, &'static str), PictureError> {
    let found = || match bytes.len() {
        0 => "the file is empty".to_owned(),
        _ => format!("it starts with {:02x?}", &bytes[..bytes.len().min(8)]),
    };
    let format =
        image::guess_format(bytes).map_err(|_| PictureError::UnknownFormat { found: found() })?;
    let name = match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Gif => "GIF",
        other => {
            return Err(PictureError::UnknownFormat {
                found: format!("it is a {other:?} file"),
            });
        }
    };
    Ok((format, name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height)
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn what_is_no_picture_is_named() {
        for (bytes, part) in [
            (&b""[..], "empty"),
            (b"hello world", "starts with"),
            (b"\x89PNG\r\n\x1a\n", "damaged PNG"),
            (b"\xff\xd8\xff\xe0", "damaged JPEG"),
        ] {
            let error = PageImage::decode(bytes).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn every_cut_of_a_file_is_an_error() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Bmp,
            ImageFormat::Tiff,
            ImageFormat::WebP,
        ] {
            let mut whole = Cursor::new(Vec::new());
            let mut picture = image::RgbImage::new(40, 30);
            for (x, y, pixel) in picture.enumerate_pixels_mut() {
                *pixel = image::Rgb([(x * 6) as u8, (y * 8) as u8, (x * y) as u8]);
            }
            picture.write_to(&mut whole, format).unwrap();
            let whole = whole.into_inner();
            assert!(PageImage::decode(&whole).is_ok(), "{format:?}");
            for share in 1..10 {
                let cut = &whole[..whole.len() * share / 10];
                assert!(
                    PageImage::decode(cut).is_err(),
                    "{format:?} cut at {share}/10"
                );
            }
        }
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bytes = png(8, 8);
        // Width in the header chunk; its checksum is then wrong too, so mend it.
        bytes[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        let error = PageImage::decode(&bytes).unwrap_err();
        assert!(matches!(error, PictureError::TooLarge { .. }), "{error}");
        let limits = DecodeLimits { pixels: 63 };
        assert!(PageImage::decode_with(&png(8, 8), limits).is_err());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }
}
