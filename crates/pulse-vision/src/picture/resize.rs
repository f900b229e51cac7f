//! Pillow's bicubic resize, bit for bit.
//!
//! Two passes, columns first, rounded to bytes in between, as in the reference. For speed the first
//! pass works on sixteen rows at a time, turned so that the same column of all sixteen lies
//! together: one coefficient then meets a full vector register. Rows are shared out over threads.

use pulp::{Arch, WithSimd};
use rayon::prelude::*;

use super::error::PictureError;
use super::image::PageImage;
use super::resample::{Axis, PRECISION};
use super::size::PixelSize;

/// Rows of one block of the first pass.
const LANES: usize = 16;
/// Bytes of one step of the second pass.
const STRIP: usize = 64;
/// Start of every sum: one half, so that the final shift rounds.
const HALF: i32 = 1 << (PRECISION - 1);

/// A part of a resized picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Width and height.
    pub size: PixelSize,
}

/// Resizes with Pillow's default filter (`Image.resize`, BICUBIC). A picture that already has the
/// size is copied.
///
/// # Errors
/// [`PictureError::EmptySize`] if a side of `size` is zero.
pub fn resize_bicubic(picture: &PageImage, size: PixelSize) -> Result<PageImage, PictureError> {
    resize_region(picture, size, Region { x: 0, y: 0, size })
}

/// A region of the picture resized to `size`, without computing the rest of it: equal to resizing
/// and then cropping.
///
/// # Errors
/// [`PictureError::EmptySize`] if a side is zero or the region lies outside.
pub fn resize_region(
    picture: &PageImage,
    size: PixelSize,
    region: Region,
) -> Result<PageImage, PictureError> {
    let from = picture.size();
    let inside = u64::from(region.x) + u64::from(region.size.width) <= u64::from(size.width)
        && u64::from(region.y) + u64::from(region.size.height) <= u64::from(size.height);
    if size.pixels() == 0 || region.size.pixels() == 0 || !inside {
        return Err(PictureError::EmptySize { from, to: size });
    }
    let range = |first: u32, count: u32| first as usize..first as usize + count as usize;
    let axis = |input: u32, output: u32, range| {
        (input != output).then(|| Axis::new(input as usize, output as usize, range))
    };
    let columns = range(region.x, region.size.width);
    let rows = range(region.y, region.size.height);
    let horizontal = axis(from.width, size.width, columns.clone());
    let vertical = axis(from.height, size.height, rows.clone());
    let needed = vertical.as_ref().map_or(rows, Axis::inputs);

    let narrowed = match &horizontal {
        Some(axis) => pass_columns(picture, axis, needed.clone()),
        None => copy_columns(picture, columns, needed.clone()),
    };
    let rgb = match &vertical {
        Some(axis) => pass_rows(
            &narrowed,
            region.size.width as usize * 3,
            axis,
            needed.start,
        ),
        None => narrowed,
    };
    PageImage::from_rgb(region.size, rgb)
}

fn copy_columns(
    picture: &PageImage,
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
) -> Vec<u8> {
    rows.flat_map(|row| &picture.row(row)[columns.start * 3..columns.end * 3])
        .copied()
        .collect()
}

/// First pass: every needed row to the outputs of `axis`.
fn pass_columns(picture: &PageImage, axis: &Axis, rows: std::ops::Range<usize>) -> Vec<u8> {
    let stride = axis.len() * 3;
    let needed = axis.inputs();
    let mut output = vec![0u8; rows.len() * stride];
    let arch = Arch::new();
    output
        .par_chunks_mut(LANES * stride)
        .enumerate()
        .for_each_init(
            || (Vec::new(), Vec::new()),
            |(turned, sums), (block, output)| {
                let first = rows.start + block * LANES;
                let count = output.len() / stride;
                turned.resize(needed.len() * 3 * LANES, 0u8);
                sums.resize(stride * LANES, 0u8);
                let sources: [&[u8]; LANES] = std::array::from_fn(|lane| {
                    let row = picture.row(first + lane.min(count - 1));
                    &row[needed.start * 3..needed.end * 3]
                });
                turn(&sources, turned);
                arch.dispatch(Columns {
                    axis,
                    first: needed.start,
                    turned,
                    sums,
                });
                turn_back(sums, output, stride, count);
            },
        );
    output
}

/// Sixteen rows to columns of sixteen.
fn turn(rows: &[&[u8]; LANES], turned: &mut [u8]) {
    for (index, column) in turned.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        for (value, row) in column.iter_mut().zip(rows) {
            *value = row[index];
        }
    }
}

fn turn_back(turned: &[u8], output: &mut [u8], stride: usize, count: usize) {
    let columns = turned.as_chunks::<LANES>().0;
    for (lane, row) in output.chunks_exact_mut(stride).take(count).enumerate() {
        for (value, column) in row.iter_mut().zip(columns) {
            *value = column[lane];
        }
    }
}

/// The arithmetic of the first pass on one block, compiled for each instruction set.
struct Columns<'a> {
    axis: &'a Axis,
    /// The column that `turned` starts at.
    first: usize,
    /// `[columns, 3, LANES]`.
    turned: &'a [u8],
    /// `[outputs, 3, LANES]`.
    sums: &'a mut [u8],
}

impl WithSimd for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let (columns, _) = self.turned.as_chunks::<{ 3 * LANES }>();
        let (outputs, _) = self.sums.as_chunks_mut::<{ 3 * LANES }>();
        for (index, output) in outputs.iter_mut().enumerate() {
            let (start, taps) = self.axis.taps(index);
            let inputs = &columns[start - self.first..][..taps.len()];
            let mut sums = [HALF; 3 * LANES];
            for (tap, input) in taps.iter().zip(inputs) {
                for lane in 0..3 * LANES {
                    sums[lane] += *tap * i32::from(input[lane]);
                }
            }
            for lane in 0..3 * LANES {
                output[lane] = to_byte(sums[lane]);
            }
        }
    }
}

/// Second pass: rows of `stride` bytes, the first of which is row `first` of the picture.
fn pass_rows(input: &[u8], stride: usize, axis: &Axis, first: usize) -> Vec<u8> {
    let mut output = vec![0u8; axis.len() * stride];
    let arch = Arch::new();
    output
        .par_chunks_mut(stride)
        .enumerate()
        .with_min_len(8)
        .for_each(|(index, output)| {
            let (start, taps) = axis.taps(index);
            let rows = &input[(start - first) * stride..(start - first + taps.len()) * stride];
            arch.dispatch(Rows { taps, rows, output });
        });
    output
}

/// The arithmetic of the second pass for one output row.
struct Rows<'a> {
    taps: &'a [i32],
    /// `[taps, stride]`.
    rows: &'a [u8],
    /// `[stride]`.
    output: &'a mut [u8],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let stride = self.output.len();
        let (strips, rest) = self.output.as_chunks_mut::<STRIP>();
        let whole = strips.len() * STRIP;
        for (index, strip) in strips.iter_mut().enumerate() {
            let mut sums = [HALF; STRIP];
            for (tap, row) in self.taps.iter().zip(self.rows.chunks_exact(stride)) {
                let input = &row[index * STRIP..(index + 1) * STRIP];
                for lane in 0..STRIP {
                    sums[lane] += *tap * i32::from(input[lane]);
                }
            }
            for lane in 0..STRIP {
                strip[lane] = to_byte(sums[lane]);
            }
        }
        for (offset, value) in rest.iter_mut().enumerate() {
            let column = self.rows.iter().skip(whole + offset).step_by(stride);
            let sum: i32 = self
                .taps
                .iter()
                .zip(column)
                .map(|(tap, byte)| *tap * i32::from(*byte))
                .sum();
            *value = to_byte(HALF + sum);
        }
    }
}

#[inline(always)]
fn to_byte(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}
