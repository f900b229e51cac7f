//! TIFF, equal to Pillow for the kinds of pixel that both read.
//!
//! The `tiff` crate unpacks strips, tiles, planes, compression and predictors. It knows nothing of
//! palettes, alpha beside grey and several other kinds that Pillow opens, so that it is told that
//! every file is grey: it then hands out the samples as they are stored, and their meaning is
//! applied here.

mod directory;
mod jpeg_chunks;
mod samples;

use std::io::Cursor;

use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};

use self::directory::Directory;
use super::decode::DecodeLimits;
use super::error::PictureError;
use super::image::PageImage;
use super::orientation::upright;

/// A decoder over a file in memory.
type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// Decodes the first picture of a TIFF file.
pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<PageImage, PictureError> {
    let (as_grey, photometric) = directory::as_grey(bytes)
        .ok_or_else(|| damaged("its first directory has no photometric interpretation"))?;
    let mut reader = Decoder::new(Cursor::new(as_grey.as_slice())).map_err(failed)?;
    let mut memory = Limits::default();
    memory.decoding_buffer_size = usize::try_from(limits.bytes()).unwrap_or(usize::MAX);
    memory.intermediate_buffer_size = memory.decoding_buffer_size;
    memory.ifd_value_size = bytes.len();
    reader = reader.with_limits(memory);
    let directory = Directory::read(&mut reader, photometric)?;
    limits.check(directory.size)?;
    let rgb = if directory.is_jpeg() {
        jpeg_chunks::to_rgb(&mut reader, &directory, bytes, limits)?
    } else {
        let mut data = DecodingResult::U8(Vec::new());
        let layout = reader.read_image_to_buffer(&mut data).map_err(failed)?;
        if data.as_buffer(0).as_bytes().len() < layout.complete_len {
            return Err(failed(TiffError::LimitsExceeded));
        }
        samples::to_rgb(&directory, data)?
    };
    upright(
        PageImage::from_rgb(directory.size, rgb)?,
        directory.orientation,
    )
}

fn failed(error: TiffError) -> PictureError {
    match error {
        TiffError::UnsupportedError(kind) => unsupported(kind.to_string()),
        error => damaged(error.to_string()),
    }
}

fn damaged(reason: impl Into<String>) -> PictureError {
    PictureError::Damaged {
        format: "TIFF",
        reason: reason.into(),
    }
}

fn unsupported(found: impl Into<String>) -> PictureError {
    PictureError::Unsupported {
        format: "TIFF",
        found: found.into(),
    }
}
