//! Samples as stored to RGB, as Pillow's unpackers and `convert("RGB")` do it.

use tiff::decoder::DecodingResult;

use super::super::rgb::{cmyk_to_rgb, high_byte};
use super::directory::Directory;
use super::{damaged, unsupported};
use crate::PictureError;

/// `[height, width, samples]` or, if planar, `[samples, height, width]`, to `[height, width, 3]`.
pub(super) fn to_rgb(directory: &Directory, data: DecodingResult) -> Result<Vec<u8>, PictureError> {
    let mut bytes = to_bytes(directory, data)?;
    if directory.is_reversed {
        bytes
            .iter_mut()
            .for_each(|byte| *byte = byte.reverse_bits());
    }
    if directory.bits < 8 {
        bytes = unpack(directory, &bytes)?;
    }
    let pixels = directory.size.pixels() as usize;
    if bytes.len() != pixels * directory.samples {
        return Err(damaged(format!(
            "it holds {} samples, expected {} for {}",
            bytes.len(),
            pixels * directory.samples,
            directory.size
        )));
    }
    let sample = |pixel: usize, index: usize| {
        bytes[if directory.is_planar {
            index * pixels + pixel
        } else {
            pixel * directory.samples + index
        }]
    };
    let alpha = directory.extra.first().copied();
    let pixels = 0..pixels;
    Ok(match directory.photometric {
        0 | 1 => {
            // Pillow inverts up to 8 bits only.
            let is_inverted = directory.photometric == 0 && directory.bits <= 8;
            let top = (1u16 << directory.bits.min(8)) - 1;
            let scale = (255 / top) as u8;
            pixels
                .flat_map(|pixel| {
                    let grey = sample(pixel, 0) * scale;
                    [if is_inverted { 255 - grey } else { grey }; 3]
                })
                .collect()
        }
        3 => {
            let colours = colour_table(directory)?;
            pixels
                .flat_map(|pixel| colours[usize::from(sample(pixel, 0))])
                .collect()
        }
        5 => pixels
            .flat_map(|pixel| cmyk_to_rgb([0, 1, 2, 3].map(|ink| sample(pixel, ink))))
            .collect(),
        _ if alpha == Some(1) => pixels
            .flat_map(|pixel| {
                let alpha = sample(pixel, 3);
                [0, 1, 2].map(|colour| divide_by_alpha(sample(pixel, colour), alpha))
            })
            .collect(),
        _ => pixels
            .flat_map(|pixel| [0, 1, 2].map(|colour| sample(pixel, colour)))
            .collect(),
    })
}

/// Every sample to 8 bits: colours keep the high byte, single wide grey samples are clipped.
fn to_bytes(directory: &Directory, data: DecodingResult) -> Result<Vec<u8>, PictureError> {
    let Directory {
        photometric,
        bits,
        samples,
        sample_format,
        ..
    } = *directory;
    let is_grey = photometric < 2;
    let is_single = is_grey && samples == 1;
    let is_known = match (photometric, bits) {
        (0 | 1 | 3, 1 | 2 | 4) => samples == 1 && sample_format == 1,
        (0, 8) => samples == 1 && sample_format == 1,
        // Pillow cannot convert grey with premultiplied alpha to RGB either.
        (1, 8 | 16) if samples == 2 => directory.extra != [1] && sample_format == 1,
        (1, 8) => samples == 1 && sample_format < 3,
        (0, 16) => is_single && sample_format == 1,
        (1, 16) => is_single && sample_format < 3,
        (1, 32) => is_single,
        (0, 32) => is_single && sample_format == 3,
        (3, 8) => samples <= 2 && sample_format == 1,
        (2 | 5 | 6, 8) => sample_format == 1,
        (2 | 5, 16) => sample_format == 1,
        _ => false,
    };
    Ok(match data {
        _ if !is_known => return Err(unsupported(directory.kind())),
        DecodingResult::U8(values) => values,
        DecodingResult::I8(values) => values.into_iter().map(|value| value as u8).collect(),
        DecodingResult::U16(values) if !is_single => values.into_iter().map(high_byte).collect(),
        DecodingResult::U16(values) => clip(values),
        DecodingResult::I16(values) => clip(values),
        DecodingResult::I32(values) => clip(values),
        // Pillow has no unsigned 32-bit pixels: the upper half of the range is negative.
        DecodingResult::U32(values) => clip(values.into_iter().map(|value| value as i32)),
        DecodingResult::F32(values) => values.into_iter().map(|value| value as u8).collect(),
        _ => return Err(unsupported(directory.kind())),
    })
}

fn clip(values: impl IntoIterator<Item: Into<i32>>) -> Vec<u8> {
    let clip = |value: i32| value.clamp(0, 255) as u8;
    values.into_iter().map(|value| clip(value.into())).collect()
}

/// Rows of packed samples, padded to whole bytes, to one sample per byte.
fn unpack(directory: &Directory, packed: &[u8]) -> Result<Vec<u8>, PictureError> {
    let bits = usize::from(directory.bits);
    let width = directory.size.width as usize;
    let stride = (width * bits).div_ceil(8);
    if packed.len() != stride * directory.size.height as usize {
        return Err(damaged("its rows do not have the length of its width"));
    }
    let mask = (1u8 << bits) - 1;
    Ok(packed
        .chunks_exact(stride)
        .flat_map(|row| {
            (0..width).map(move |x| {
                let bit = x * bits;
                row[bit / 8] >> (8 - bits - bit % 8) & mask
            })
        })
        .collect())
}

/// The high bytes of the colour map.
fn colour_table(directory: &Directory) -> Result<Vec<[u8; 3]>, PictureError> {
    let count = 1usize << directory.bits;
    let map = &directory.colour_map;
    if map.len() < 3 * count {
        return Err(damaged(format!(
            "its colour map has {} numbers, expected {}",
            map.len(),
            3 * count
        )));
    }
    Ok((0..count)
        .map(|index| [0, 1, 2].map(|colour| high_byte(map[colour * count + index])))
        .collect())
}

/// Pillow's `RGBa` to `RGBA`.
fn divide_by_alpha(value: u8, alpha: u8) -> u8 {
    match alpha {
        0 => 0,
        255 => value,
        _ => (u32::from(value) * 255 / u32::from(alpha)).min(255) as u8,
    }
}
