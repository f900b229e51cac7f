//! What the first directory of a TIFF file says about its pixels.

use tiff::tags::Tag;

use super::{Reader, damaged, failed, unsupported};
use crate::{PictureError, PixelSize};

/// The tag of the photometric interpretation.
const PHOTOMETRIC: u64 = 262;
/// The value for grey with 0 as black.
const BLACK_IS_ZERO: u16 = 1;
/// Compression numbers.
const UNCOMPRESSED: u16 = 1;
const JPEG: u16 = 7;

/// The meaning of the samples. Numbers are those of TIFF 6.0.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) size: PixelSize,
    /// Photometric interpretation.
    pub(super) photometric: u16,
    /// Bits per sample, the same for all.
    pub(super) bits: u8,
    /// Samples per pixel.
    pub(super) samples: usize,
    /// 1 unsigned, 2 signed, 3 floating point.
    pub(super) sample_format: u16,
    /// What stands behind the colours: 0 unspecified, 1 premultiplied alpha, 2 alpha.
    pub(super) extra: Vec<u16>,
    pub(super) is_planar: bool,
    /// Whether the lowest bit of a byte comes first.
    pub(super) is_reversed: bool,
    pub(super) orientation: u16,
    /// All reds, then all greens, then all blues.
    pub(super) colour_map: Vec<u16>,
    compression: u16,
}

impl Directory {
    pub(super) fn read(reader: &mut Reader<'_>, photometric: u16) -> Result<Self, PictureError> {
        let (width, height) = reader.dimensions().map_err(failed)?;
        let mut numbers = |tag| {
            let found = reader.find_tag_unsigned_vec::<u16>(tag).map_err(failed)?;
            Ok::<_, PictureError>(found.unwrap_or_default())
        };
        let mut first = |tag, or: u16| {
            let found = numbers(tag)?.first().copied();
            Ok::<_, PictureError>(found.unwrap_or(or))
        };
        let directory = Self {
            size: PixelSize::new(width, height),
            photometric,
            bits: u8::try_from(first(Tag::BitsPerSample, 1)?).unwrap_or(u8::MAX),
            samples: usize::from(first(Tag::SamplesPerPixel, 1)?),
            sample_format: first(Tag::SampleFormat, 1)?,
            is_planar: first(Tag::PlanarConfiguration, 1)? == 2,
            is_reversed: first(Tag::FillOrder, 1)? == 2,
            orientation: first(Tag::Orientation, 1)?,
            compression: first(Tag::Compression, UNCOMPRESSED)?,
            extra: numbers(Tag::ExtraSamples)?,
            colour_map: numbers(Tag::ColorMap)?,
        };
        directory.check()?;
        Ok(directory)
    }

    fn check(&self) -> Result<(), PictureError> {
        let colours = self.colours()?;
        let is_alpha_unnamed = self.photometric == 2 && self.samples == 4 && self.extra.is_empty();
        if self.samples != colours + self.extra.len() && !is_alpha_unnamed {
            return Err(damaged(format!(
                "it has {} samples per pixel, expected {colours} for its colours and {} more",
                self.samples,
                self.extra.len()
            )));
        }
        // Reversed bits of compressed data would have to be turned before the decoder sees them.
        if self.is_reversed && (self.compression != UNCOMPRESSED || self.bits > 8) {
            return Err(unsupported(
                "reversed bit order (FillOrder 2) in compressed or wide data",
            ));
        }
        Ok(())
    }

    /// Number of samples that make a colour.
    fn colours(&self) -> Result<usize, PictureError> {
        match self.photometric {
            0 | 1 | 3 => Ok(1),
            2 => Ok(3),
            5 => Ok(4),
            6 if self.is_jpeg() => Ok(3),
            6 => Err(unsupported("YCbCr colour without JPEG compression")),
            8..=10 => Err(unsupported("Lab colour")),
            other => Err(unsupported(format!("photometric interpretation {other}"))),
        }
    }

    /// Whether every strip or tile is a JPEG stream.
    pub(super) fn is_jpeg(&self) -> bool {
        self.compression == JPEG
    }

    /// The kind of pixel in words, for errors.
    pub(super) fn kind(&self) -> String {
        let colour = match self.photometric {
            0 | 1 => "grey",
            2 => "RGB",
            3 => "palette",
            5 => "CMYK",
            _ => "YCbCr",
        };
        let number = match self.sample_format {
            2 => "signed",
            3 => "floating-point",
            _ => "unsigned",
        };
        format!(
            "{colour} with {} samples of {} bits, {number}, extra samples {:?}",
            self.samples, self.bits, self.extra
        )
    }
}

/// The file with its photometric interpretation replaced by that of grey, and the one it had.
pub(super) fn as_grey(bytes: &[u8]) -> Option<(Vec<u8>, u16)> {
    let is_little = bytes.starts_with(b"II");
    let number = |at: u64, length: u64| {
        let at = usize::try_from(at).ok()?;
        let field = bytes.get(at..at.checked_add(length as usize)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if is_little {
            field.iter().rev().fold(0, add)
        } else {
            field.iter().fold(0, add)
        })
    };
    // BigTIFF (43) has 64-bit offsets and counts.
    let (start, count_length, entry_length, value_offset) = if number(2, 2)? == 43 {
        (number(8, 8)?, 8, 20, 12)
    } else {
        (number(4, 4)?, 2, 12, 8)
    };
    let first = start.checked_add(count_length)?;
    let place = (0..number(start, count_length)?)
        .map_while(|entry| first.checked_add(entry.checked_mul(entry_length)?))
        .map_while(|entry| Some((entry, number(entry, 2)?)))
        .find(|(_, tag)| *tag == PHOTOMETRIC)
        .and_then(|(entry, _)| entry.checked_add(value_offset))?;
    let photometric = u16::try_from(number(place, 2)?).ok()?;
    let grey = if is_little {
        BLACK_IS_ZERO.to_le_bytes()
    } else {
        BLACK_IS_ZERO.to_be_bytes()
    };
    let mut patched = bytes.to_vec();
    let place = usize::try_from(place).ok()?;
    patched.get_mut(place..place + 2)?.copy_from_slice(&grey);
    Some((patched, photometric))
}
