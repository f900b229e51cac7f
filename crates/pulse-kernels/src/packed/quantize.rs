//! f32 rows to packed matrices.

use bytes::Bytes;
use half::f16;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::error::PackedError;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::matrix::PackedMatrix;

/// Divisors of a block's largest value that are tried as the scale of 4-bit weights. The integers go from
/// −8 to 7, so that the largest value fits without a cut only as −8.
const Q4_DIVISORS: [f32; 6] = [-8.75, -8.0, -7.25, 6.5, 7.25, 8.0];

/// Lanes of a register of f32.
const LANES: usize = 16;

impl PackedMatrix {
    /// Packs `[outputs, inputs]`. `fill(first, rows)` writes the values of the rows from `first` on, in
    /// row-major order; it is called from several threads for 16 rows or less at a time, so that no f32 copy
    /// of the matrix exists.
    ///
    /// # Errors
    /// [`PackedError::Weight`] for a weight that is not finite or too large for the format.
    pub fn quantize(
        format: PackedFormat,
        [outputs, inputs]: [usize; 2],
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Result<Self, PackedError> {
        let blocks = inputs.div_ceil(BLOCK);
        let panels = outputs.div_ceil(PANEL);
        let quant_bytes = blocks * format.block_bytes();
        let scale_bytes = blocks * PANEL * 2;
        let mut quants = vec![0u8; panels * quant_bytes];
        let mut scales = vec![0u8; panels * scale_bytes];
        let arch = Arch::new();
        quants
            .par_chunks_mut(quant_bytes.max(1))
            .zip(scales.par_chunks_mut(scale_bytes.max(1)))
            .enumerate()
            .try_for_each_init(
                || vec![0f32; PANEL * inputs],
                |rows, (panel, (quants, scales))| {
                    let first = panel * PANEL;
                    let count = PANEL.min(outputs - first);
                    let rows = &mut rows[..count * inputs];
                    fill(first, rows);
                    let panel = QuantizePanel {
                        format,
                        rows,
                        inputs,
                        quants,
                        scales,
                    };
                    arch.dispatch(panel)
                        .map_err(|(lane, input, value)| PackedError::Weight {
                            output: first + lane,
                            input,
                            value: value.to_string(),
                        })
                },
            )?;
        Self::from_bytes(
            format,
            [outputs, inputs],
            Bytes::from(quants),
            Bytes::from(scales),
        )
    }
}

/// Packs up to 16 rows, compiled for each instruction set; fails with lane, input and value of a weight that
/// cannot be packed.
struct QuantizePanel<'a> {
    format: PackedFormat,
    rows: &'a [f32],
    inputs: usize,
    quants: &'a mut [u8],
    scales: &'a mut [u8],
}

impl WithSimd for QuantizePanel<'_> {
    type Output = Result<(), (usize, usize, f32)>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self {
            format,
            rows,
            inputs,
            quants,
            scales,
        } = self;
        let blocks = quants.chunks_exact_mut(format.block_bytes());
        let scales = scales.chunks_exact_mut(PANEL * 2);
        for (block, (quants, scales)) in blocks.zip(scales).enumerate() {
            let first = block * BLOCK;
            for lane in 0..PANEL {
                // Outputs and inputs beyond the matrix are zeros.
                let mut values = [0f32; BLOCK];
                if let Some(row) = rows.chunks_exact(inputs).nth(lane) {
                    let part = &row[first..inputs.min(first + BLOCK)];
                    values[..part.len()].copy_from_slice(part);
                }
                if let Some(k) = values.iter().position(|value| !value.is_finite()) {
                    return Err((lane, first + k, values[k]));
                }
                let (scale, integers) = match format {
                    PackedFormat::Q8 => quantize_q8(&values),
                    PackedFormat::Q4 => quantize_q4(&values),
                };
                if !scale.is_finite() {
                    let size = |k: &usize| values[*k].abs();
                    let largest = (0..BLOCK).max_by(|a, b| size(a).total_cmp(&size(b)));
                    let k = largest.unwrap_or(0);
                    return Err((lane, first + k, values[k]));
                }
                for (k, integer) in integers.iter().enumerate() {
                    format.set(quants, lane, k, (*integer as i32 + format.zero()) as u8);
                }
                scales[lane * 2..lane * 2 + 2].copy_from_slice(&scale.to_le_bytes());
            }
        }
        Ok(())
    }
}

#[inline(always)]
fn quantize_q8(values: &[f32; BLOCK]) -> (f16, [f32; BLOCK]) {
    let scale = f16::from_f32(largest(values).abs() / 127.0);
    (scale, round(values, scale, -127.0, 127.0))
}

/// Of several scales the one with the smallest squared error, each refined once: the best scale for given
/// integers is that of least squares.
#[inline(always)]
fn quantize_q4(values: &[f32; BLOCK]) -> (f16, [f32; BLOCK]) {
    let largest = largest(values);
    let mut best = (f16::from_f32(largest / -8.0), [0f32; BLOCK]);
    let mut best_error = f32::INFINITY;
    for divisor in Q4_DIVISORS {
        let rough = f16::from_f32(largest / divisor);
        let integers = round(values, rough, -8.0, 7.0);
        let (mut squares, mut products) = ([0f32; BLOCK], [0f32; BLOCK]);
        for k in 0..BLOCK {
            squares[k] = integers[k] * integers[k];
            products[k] = integers[k] * values[k];
        }
        let (square, cross) = (sum(&squares), sum(&products));
        let scale = if square > 0.0 {
            f16::from_f32(cross / square)
        } else {
            rough
        };
        let exact = scale.to_f32();
        let mut errors = [0f32; BLOCK];
        for k in 0..BLOCK {
            let rest = values[k] - integers[k] * exact;
            errors[k] = rest * rest;
        }
        let error = sum(&errors);
        if error < best_error {
            (best, best_error) = ((scale, integers), error);
        }
    }
    best
}

/// The first of the values that are farthest from zero.
#[inline(always)]
fn largest(values: &[f32; BLOCK]) -> f32 {
    let mut largest = 0f32;
    for value in values {
        largest = if value.abs() > largest.abs() {
            *value
        } else {
            largest
        };
    }
    largest
}

/// The sum of a block's terms, over lanes so that it vectorises. Plain loops here and below: adapters that are
/// not inlined would be compiled without the instruction set.
#[inline(always)]
fn sum(terms: &[f32; BLOCK]) -> f32 {
    let mut lanes = [0f32; LANES];
    for half in terms.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            lanes[lane] += half[lane];
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn round(values: &[f32; BLOCK], scale: f16, lowest: f32, highest: f32) -> [f32; BLOCK] {
    // 1.5 · 2^23: adding it and taking it away rounds to an integer, ties to even. Unlike the library's
    // rounding it vectorises on every processor.
    const ROUND: f32 = 12_582_912.0;
    let scale = scale.to_f32();
    // A block of zeros has no scale; neither has one whose scale is too small for f16.
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let mut integers = [0f32; BLOCK];
    for k in 0..BLOCK {
        let value = values[k] * inverse;
        let value = if value < lowest { lowest } else { value };
        let value = if value > highest { highest } else { value };
        integers[k] = (value + ROUND) - ROUND;
    }
    integers
}
