//! TIFF files whose strips or tiles are JPEG streams (compression 7, TIFF Technical Note 2).
//!
//! Pillow decodes them with libtiff and libjpeg; here libjpeg's own code does it too, so that the
//! pixels are equal to the bit.

use tiff::decoder::{ChunkType, DecodingResult};
use tiff::tags::Tag;

use super::super::decode::DecodeLimits;
use super::super::jpeg::{self, Colours};
use super::directory::Directory;
use super::{Reader, damaged, failed, samples, unsupported};
use crate::PictureError;

/// The largest side of a JPEG stream, and how much of it may be filling.
const LARGEST_SIDE: u64 = 65_535;
const FILLING: u64 = 16;
/// Start of a JPEG stream, and its end.
const START: &[u8] = &[0xff, 0xd8];
const END: &[u8] = &[0xff, 0xd9];

/// The picture as `[height, width, 3]`.
pub(super) fn to_rgb(
    reader: &mut Reader<'_>,
    directory: &Directory,
    bytes: &[u8],
    limits: DecodeLimits,
) -> Result<Vec<u8>, PictureError> {
    if directory.is_planar && directory.samples > 1 {
        return Err(unsupported("JPEG compression of separate planes"));
    }
    if directory.bits != 8 || directory.samples > 4 {
        return Err(unsupported(directory.kind()));
    }
    let colours = if directory.photometric == 6 {
        Colours::Rgb
    } else {
        Colours::AsStored
    };
    let (offsets, lengths) = match reader.get_chunk_type() {
        ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
        ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
    };
    let offsets = reader.get_tag_u64_vec(offsets).map_err(failed)?;
    let lengths = reader.get_tag_u64_vec(lengths).map_err(failed)?;
    let tables = match reader.find_tag(Tag::JPEGTables).map_err(failed)? {
        Some(tables) => tables.into_u8_vec().map_err(failed)?,
        None => Vec::new(),
    };
    let samples = directory.samples;
    let (width, height) = (
        directory.size.width as usize,
        directory.size.height as usize,
    );
    let (chunk_width, chunk_height) = reader.chunk_dimensions();
    let side = |length: u32| u64::from(length).min(LARGEST_SIDE) + FILLING;
    let limits = DecodeLimits {
        pixels: limits.pixels.min(side(chunk_width) * side(chunk_height)),
    };
    let (chunk_width, chunk_height) = (chunk_width as usize, chunk_height as usize);
    let across = width.div_ceil(chunk_width.max(1));
    let mut picture = vec![0; width * height * samples];
    for (index, (offset, length)) in offsets.iter().zip(&lengths).enumerate() {
        let (x, y) = (index % across * chunk_width, index / across * chunk_height);
        let (columns, rows) = (chunk_width.min(width - x), height.saturating_sub(y));
        let rows = rows.min(chunk_height);
        let chunk = jpeg::samples(
            &stream(&tables, chunk(bytes, *offset, *length)?),
            colours,
            limits,
        )?;
        if chunk.components != samples || chunk.width < columns || chunk.height < rows {
            return Err(damaged(format!(
                "strip or tile {index} is {}x{} with {} samples, expected {columns}x{rows} with \
                 {samples}",
                chunk.width, chunk.height, chunk.components
            )));
        }
        for row in 0..rows {
            let from = row * chunk.width * samples;
            let to = ((y + row) * width + x) * samples;
            picture[to..to + columns * samples]
                .copy_from_slice(&chunk.samples[from..from + columns * samples]);
        }
    }
    // What libjpeg turned to RGB is read as such: neither case has anything left to convert.
    samples::to_rgb(directory, DecodingResult::U8(picture))
}

fn chunk(bytes: &[u8], offset: u64, length: u64) -> Result<&[u8], PictureError> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    bytes
        .get(start..end)
        .ok_or_else(|| damaged("a strip or tile lies outside the file"))
}

/// The shared tables and one strip or tile as a complete JPEG stream.
fn stream(tables: &[u8], chunk: &[u8]) -> Vec<u8> {
    let tables = tables.strip_prefix(START).unwrap_or(tables);
    let tables = tables.strip_suffix(END).unwrap_or(tables);
    let chunk = chunk.strip_prefix(START).unwrap_or(chunk);
    [START, tables, chunk].concat()
}
