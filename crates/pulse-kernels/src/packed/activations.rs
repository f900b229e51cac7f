//! Activations as 16-bit integers.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::format::BLOCK;

/// The largest integer of a block.
const LARGEST: f32 = 32767.0;
/// Blocks whose largest value is below this become zeros: the inverse of their scale would overflow.
const SMALLEST: f32 = 1e-30;
/// Values from which on rows are shared out over threads.
const PARALLEL_THRESHOLD: usize = 1 << 16;

/// Rows of activations, in blocks of 32 with a scale each.
pub(super) struct QuantizedRows {
    rows: usize,
    /// Blocks of a row.
    blocks: usize,
    /// `[rows, blocks, 32]`.
    values: Vec<i16>,
    /// `[rows, blocks]`; not a number where the block holds a value that is not finite.
    scales: Vec<f32>,
    /// Sum of a block's integers, `[rows, blocks]`.
    sums: Vec<i32>,
}

/// One row of [`QuantizedRows`].
#[derive(Clone, Copy)]
pub(super) struct QuantizedRow<'a> {
    pub(super) values: &'a [i16],
    pub(super) scales: &'a [f32],
    pub(super) sums: &'a [i32],
}

impl QuantizedRows {
    /// Rows `[rows, inputs]`; the last block is filled up with zeros.
    pub(super) fn new(activations: &[f32], inputs: usize) -> Self {
        let rows = activations.len() / inputs.max(1);
        let blocks = inputs.div_ceil(BLOCK);
        let mut values = vec![0i16; rows * blocks * BLOCK];
        let mut scales = vec![0f32; rows * blocks];
        let mut sums = vec![0i32; rows * blocks];
        let arch = Arch::new();
        let row = |(((x, values), scales), sums)| {
            arch.dispatch(QuantizeRow {
                x,
                values,
                scales,
                sums,
            });
        };
        if activations.len() < PARALLEL_THRESHOLD {
            activations
                .chunks_exact(inputs.max(1))
                .zip(values.chunks_exact_mut((blocks * BLOCK).max(1)))
                .zip(scales.chunks_exact_mut(blocks.max(1)))
                .zip(sums.chunks_exact_mut(blocks.max(1)))
                .for_each(row);
        } else {
            activations
                .par_chunks_exact(inputs.max(1))
                .zip(values.par_chunks_exact_mut((blocks * BLOCK).max(1)))
                .zip(scales.par_chunks_exact_mut(blocks.max(1)))
                .zip(sums.par_chunks_exact_mut(blocks.max(1)))
                .for_each(row);
        }
        Self {
            rows,
            blocks,
            values,
            scales,
            sums,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn row(&self, row: usize) -> QuantizedRow<'_> {
        let blocks = row * self.blocks..(row + 1) * self.blocks;
        QuantizedRow {
            values: &self.values[blocks.start * BLOCK..blocks.end * BLOCK],
            scales: &self.scales[blocks.clone()],
            sums: &self.sums[blocks],
        }
    }
}

struct QuantizeRow<'a> {
    x: &'a [f32],
    values: &'a mut [i16],
    scales: &'a mut [f32],
    sums: &'a mut [i32],
}

impl WithSimd for QuantizeRow<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (whole, rest) = self.x.as_chunks::<BLOCK>();
        let blocks = self.values.as_chunks_mut::<BLOCK>().0.iter_mut();
        let targets = blocks.zip(self.scales).zip(self.sums);
        let mut last = [0f32; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        for (x, ((values, scale), sum)) in whole.iter().chain([&last]).zip(targets) {
            (*scale, *sum) = quantize_block(x, values);
        }
    }
}

/// Scale and sum of one block.
#[inline(always)]
fn quantize_block(x: &[f32; BLOCK], values: &mut [i16; BLOCK]) -> (f32, i32) {
    let mut largest = [0f32; 16];
    // Not a number where a value is infinite or not a number, zero elsewhere: maxima alone would
    // lose it.
    let mut poison = [0f32; 16];
    for half in x.as_chunks::<16>().0 {
        for lane in 0..16 {
            let size = half[lane].abs();
            largest[lane] = if size > largest[lane] {
                size
            } else {
                largest[lane]
            };
            poison[lane] += half[lane] * 0.0;
        }
    }
    let largest = largest.iter().copied().fold(0f32, f32::max);
    let poison: f32 = poison.iter().sum();
    if largest < SMALLEST {
        values.fill(0);
        return (poison, 0);
    }
    let inverse = LARGEST / largest;
    // 1.5 · 2^23: adding it rounds to an integer, ties to even, kept in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let mut sum = 0i32;
    for (value, x) in values.iter_mut().zip(x) {
        let shifted = x * inverse + ROUND;
        let integer = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
        *value = integer as i16;
        sum = sum.wrapping_add(i32::from(integer as i16));
    }
    (largest / LARGEST + poison, sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_to_sixteen_bits_and_sums_are_theirs() {
        let x: Vec<f32> = (0..100)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) * 10f32.powi(i / 32))
            .collect();
        let rows = QuantizedRows::new(&x, 50);
        assert_eq!(rows.rows(), 2);
        for row in 0..2 {
            let quantized = rows.row(row);
            assert_eq!((quantized.values.len(), quantized.scales.len()), (64, 2));
            for (k, value) in quantized.values.iter().enumerate() {
                let exact = if k < 50 { x[row * 50 + k] } else { 0.0 };
                let scale = quantized.scales[k / BLOCK];
                assert!((f32::from(*value) * scale - exact).abs() <= scale * 0.501);
            }
            for (block, sum) in quantized.sums.iter().enumerate() {
                let values = &quantized.values[block * BLOCK..(block + 1) * BLOCK];
                assert_eq!(*sum, values.iter().map(|v| i32::from(*v)).sum::<i32>());
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_visible_and_zeros_stay_zeros() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = vec![1f32; 64];
            x[40] = bad;
            let rows = QuantizedRows::new(&x, 64);
            assert_eq!(rows.row(0).scales[0], 1.0 / LARGEST);
            assert!(rows.row(0).scales[1].is_nan(), "{bad}");
        }
        let rows = QuantizedRows::new(&[0.0; 32], 32);
        assert_eq!((rows.row(0).scales[0], rows.row(0).sums[0]), (0.0, 0));
        assert!(rows.row(0).values.iter().all(|value| *value == 0));
    }
}
