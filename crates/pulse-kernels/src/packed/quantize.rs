//! f32 rows to packed matrices.

use bytes::Bytes;
use half::f16;
use rayon::prelude::*;

use super::error::PackedError;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::matrix::PackedMatrix;

/// Divisors of a block's largest value that are tried as the scale of 4-bit weights. The integers go from
/// −8 to 7, so that the largest value fits without a cut only as −8.
const Q4_DIVISORS: [f32; 6] = [-8.75, -8.0, -7.25, 6.5, 7.25, 8.0];

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
                    quantize_panel(format, rows, inputs, quants, scales).map_err(
                        |(lane, input, value)| PackedError::Weight {
                            output: first + lane,
                            input,
                            value: value.to_string(),
                        },
                    )
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

/// Packs up to 16 rows; fails with lane, input and value of a weight that cannot be packed.
fn quantize_panel(
    format: PackedFormat,
    rows: &[f32],
    inputs: usize,
    quants: &mut [u8],
    scales: &mut [u8],
) -> Result<(), (usize, usize, f32)> {
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
            let (scale, integers) = match format {
                PackedFormat::Q8 => quantize_q8(&values),
                PackedFormat::Q4 => quantize_q4(&values),
            };
            if !scale.is_finite() || values.iter().any(|value| !value.is_finite()) {
                let worst = |a: &f32, b: &f32| b.abs().total_cmp(&a.abs());
                let (input, value) = (values.iter().enumerate())
                    .min_by(|a, b| worst(a.1, b.1))
                    .map_or((0, f32::NAN), |(k, value)| (first + k, *value));
                return Err((lane, input, value));
            }
            for (k, integer) in integers.iter().enumerate() {
                format.set(quants, lane, k, (integer + format.zero()) as u8);
            }
            scales[lane * 2..lane * 2 + 2].copy_from_slice(&scale.to_le_bytes());
        }
    }
    Ok(())
}

fn quantize_q8(values: &[f32; BLOCK]) -> (f16, [i32; BLOCK]) {
    let largest = values.iter().fold(0f32, |a, b| a.max(b.abs()));
    let scale = f16::from_f32(largest / 127.0);
    (scale, round(values, scale, -127.0, 127.0))
}

/// Of several scales the one with the smallest squared error, each refined once: the best scale for given
/// integers is that of least squares.
fn quantize_q4(values: &[f32; BLOCK]) -> (f16, [i32; BLOCK]) {
    let largest = (values.iter().copied()).fold(0f32, |a, b| if b.abs() > a.abs() { b } else { a });
    let mut best = (f16::from_f32(largest / -8.0), [0i32; BLOCK]);
    let mut best_error = f32::INFINITY;
    for divisor in Q4_DIVISORS {
        let rough = f16::from_f32(largest / divisor);
        let integers = round(values, rough, -8.0, 7.0);
        let (mut square, mut cross) = (0f32, 0f32);
        for (integer, value) in integers.iter().zip(values) {
            square += (integer * integer) as f32;
            cross += *integer as f32 * value;
        }
        let scale = if square > 0.0 {
            f16::from_f32(cross / square)
        } else {
            rough
        };
        let exact = scale.to_f32();
        let mut error = 0f32;
        for (integer, value) in integers.iter().zip(values) {
            let rest = value - *integer as f32 * exact;
            error += rest * rest;
        }
        if error < best_error {
            (best, best_error) = ((scale, integers), error);
        }
    }
    best
}

fn round(values: &[f32; BLOCK], scale: f16, lowest: f32, highest: f32) -> [i32; BLOCK] {
    let scale = scale.to_f32();
    // A block of zeros has no scale; neither has one whose scale is too small for f16.
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    values.map(|value| (value * inverse).round_ties_even().clamp(lowest, highest) as i32)
}
