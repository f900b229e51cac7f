//! Pillow's bicubic resize, bit for bit.
//!
//! Two passes, rounded to bytes in between, so that their order shows in the last bit. For speed
//! the pass over columns works on sixteen rows at a time, turned so that the same column of all
//! sixteen lies together: one coefficient then meets a full vector register. Rows are shared out
//! over threads.

use pulp::{Arch, WithSimd};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::PictureError;
use super::image::PageImage;
use super::resample::{Axis, PRECISION};
use super::size::PixelSize;

/// Rows of one block of the pass over columns.
const LANES: usize = 16;
/// Bytes of one step of the pass over rows.
const STRIP: usize = 64;
/// Start of every sum: one half, so that the final shift rounds.
const HALF: i32 = 1 << (PRECISION - 1);

/// Which pass comes first.
///
/// Pillow 13 goes over rows first where that shortens the picture much; earlier versions, among
/// them those of PULSE's time, always go over columns first. Landscape pages give the same bytes
/// either way; tall pictures differ by one level here and there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassOrder {
    /// Rows first if more than twice as many rows as columns are removed (`ImagingResampleInner` of
    /// Pillow 13.0.0).
    #[default]
    Pillow13,
    /// Always columns first.
    ColumnsFirst,
}

impl PassOrder {
    fn rows_first(self, from: PixelSize, to: PixelSize) -> bool {
        let removed = |from: u32, to: u32| i64::from(from) - i64::from(to);
        let rows = removed(from.height, to.height);
        self == Self::Pillow13 && rows > 0 && rows > 2 * removed(from.width, to.width)
    }
}

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
pub fn resize_bicubic(
    picture: &PageImage,
    size: PixelSize,
    order: PassOrder,
) -> Result<PageImage, PictureError> {
    resize_region(picture, size, Region { x: 0, y: 0, size }, order)
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
    order: PassOrder,
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
    let rgb = if order.rows_first(from, size)
        && let Some(axis) = &vertical
    {
        let stride = from.width as usize * 3;
        let source = &picture.rgb()[needed.start * stride..needed.end * stride];
        let shortened = PageImage::from_rgb(
            PixelSize::new(from.width, region.size.height),
            pass_rows(source, stride, axis, needed.start),
        )?;
        narrow(
            &shortened,
            horizontal.as_ref(),
            columns,
            0..region.size.height as usize,
        )
    } else {
        let narrowed = narrow(picture, horizontal.as_ref(), columns, needed.clone());
        match &vertical {
            Some(axis) => pass_rows(
                &narrowed,
                region.size.width as usize * 3,
                axis,
                needed.start,
            ),
            None => narrowed,
        }
    };
    PageImage::from_rgb(region.size, rgb)
}

/// The columns of the region, resized or copied, for some rows.
fn narrow(
    picture: &PageImage,
    axis: Option<&Axis>,
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
) -> Vec<u8> {
    match axis {
        Some(axis) => pass_columns(picture, axis, rows),
        None => copy_columns(picture, columns, rows),
    }
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

/// Pass over columns: every needed row to the outputs of `axis`.
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
                let first = needed.start;
                arch.dispatch(Columns {
                    axis,
                    first,
                    sources,
                    turned,
                    sums,
                    output,
                    count,
                });
            },
        );
    output
}

/// Sixteen rows to columns of sixteen.
#[inline(always)]
fn turn(rows: &[&[u8]; LANES], turned: &mut [u8]) {
    let (columns, _) = turned.as_chunks_mut::<LANES>();
    let (blocks, rest) = columns.as_chunks_mut::<LANES>();
    let whole = blocks.len() * LANES;
    for (index, block) in blocks.iter_mut().enumerate() {
        let mut square: [[u8; LANES]; LANES] = [[0; LANES]; LANES];
        for (line, row) in square.iter_mut().zip(rows) {
            line.copy_from_slice(&row[index * LANES..(index + 1) * LANES]);
        }
        *block = transpose(square);
    }
    for (index, column) in rest.iter_mut().enumerate() {
        for (value, row) in column.iter_mut().zip(rows) {
            *value = row[whole + index];
        }
    }
}

/// A square of bytes turned by four rounds of interleaving lines that lie eight apart: every round
/// is a shuffle of whole registers.
#[inline(always)]
fn transpose(mut square: [[u8; LANES]; LANES]) -> [[u8; LANES]; LANES] {
    for _ in 0..4 {
        let mut next = [[0; LANES]; LANES];
        for line in 0..LANES / 2 {
            let (low, high) = (square[line], square[line + LANES / 2]);
            for lane in 0..LANES / 2 {
                next[2 * line][2 * lane] = low[lane];
                next[2 * line][2 * lane + 1] = high[lane];
                next[2 * line + 1][2 * lane] = low[lane + LANES / 2];
                next[2 * line + 1][2 * lane + 1] = high[lane + LANES / 2];
            }
        }
        square = next;
    }
    square
}

#[inline(always)]
fn turn_back(turned: &[u8], output: &mut [u8], stride: usize, count: usize) {
    let (columns, _) = turned.as_chunks::<LANES>();
    let (blocks, rest) = columns.as_chunks::<LANES>();
    let whole = blocks.len() * LANES;
    for (index, block) in blocks.iter().enumerate() {
        let square = transpose(*block);
        for (row, line) in output.chunks_exact_mut(stride).take(count).zip(&square) {
            row[index * LANES..(index + 1) * LANES].copy_from_slice(line);
        }
    }
    for (lane, row) in output.chunks_exact_mut(stride).take(count).enumerate() {
        for (value, column) in row[whole..].iter_mut().zip(rest) {
            *value = column[lane];
        }
    }
}

/// The arithmetic of the pass over columns on one block, compiled for each instruction set.
struct Columns<'a> {
    axis: &'a Axis,
    /// The column that the sources start at.
    first: usize,
    /// Rows of `[columns, 3]`; the last is repeated where there are fewer.
    sources: [&'a [u8]; LANES],
    /// Memory for `[columns, 3, LANES]`.
    turned: &'a mut [u8],
    /// Memory for `[outputs, 3, LANES]`.
    sums: &'a mut [u8],
    /// `[count, outputs, 3]`.
    output: &'a mut [u8],
    /// How many of the rows are real.
    count: usize,
}

impl WithSimd for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        turn(&self.sources, self.turned);
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
        turn_back(self.sums, self.output, self.axis.len() * 3, self.count);
    }
}

/// Pass over rows of `stride` bytes, the first of which is row `first` of the picture.
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

/// The arithmetic of the pass over rows for one output row.
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
