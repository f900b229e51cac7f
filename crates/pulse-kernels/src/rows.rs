//! Element-wise work on the rows of a CPU tensor: in place where the tensor has one owner, shared
//! out over threads, and compiled for the widest registers of the machine.

use burn::backend::Flex;
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::cpu::{as_cpu, contiguous, is_f32};

/// Values of one piece of parallel work: enough to pay for handing it over.
const PIECE: usize = 1 << 15;

/// Something done to the rows of an f32 tensor in place.
pub(crate) trait RowWork: Sync {
    /// Changes `rows`, a whole number of rows of which the first value is number `first` of the
    /// tensor. Implementations are `#[inline(always)]`, so that they are compiled for each
    /// instruction set.
    fn apply(&self, rows: &mut [f32], first: usize);
}

/// Does the work on rows of `row` values if the tensor is f32 on the CPU, otherwise gives the
/// tensor back.
// The other variant is the tensor handed in: boxing it would only move it once more.
#[allow(clippy::result_large_err)]
pub(crate) fn for_each_row<const D: usize>(
    tensor: Tensor<D>,
    row: usize,
    work: &impl RowWork,
) -> Result<Tensor<D>, Tensor<D>> {
    let Some(storage) = as_cpu(&tensor).filter(|storage| row > 0 && is_f32(storage)) else {
        return Err(tensor);
    };
    // From here the storage may have a single owner, and is then changed in place.
    drop(tensor);
    let mut storage = contiguous(storage);
    let length = storage.layout().num_elements();
    if storage.layout().start_offset() != 0 || storage.bytes().len() != length * size_of::<f32>() {
        // A view into something larger: the rest is not ours to change.
        storage = storage.to_contiguous();
    }
    let offset = storage.layout().start_offset();
    let values = &mut storage.storage_mut::<f32>()[offset..offset + length];
    let arch = Arch::new();
    let piece = PIECE.div_ceil(row) * row;
    if values.len() <= piece {
        arch.dispatch(Piece {
            work,
            rows: values,
            first: 0,
        });
    } else {
        values
            .par_chunks_mut(piece)
            .enumerate()
            .for_each(|(index, rows)| {
                arch.dispatch(Piece {
                    work,
                    rows,
                    first: index * piece,
                });
            });
    }
    Ok(Tensor::from_primitive::<Flex>(storage))
}

struct Piece<'a, W> {
    work: &'a W,
    rows: &'a mut [f32],
    first: usize,
}

impl<W: RowWork> WithSimd for Piece<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.work.apply(self.rows, self.first);
    }
}

/// `eˣ` in straight-line arithmetic that vectorises; relative error below 2e-7 (checked against f64
/// over the whole range). Below −87 the result is the smallest normal number or less, above 88 it
/// stays at `e⁸⁸`, so that quotients of it stay finite.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Split ln 2, so that subtracting its multiples loses nothing (Cody and Waite 1980).
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // 1.5 · 2^23: adding it rounds to an integer, kept in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * LN2_HIGH - whole * LN2_LOW;
    // Taylor's series up to the seventh power: the rest is below ln2 / 2.
    let mut sum = 1.0 / 5040.0;
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = sum * rest + coefficient;
    }
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    f32::from_bits((sum.to_bits() as i32).wrapping_add(exponent << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_the_stated_error() {
        let mut worst = 0f64;
        for step in -870_000..=880_000 {
            let x = step as f32 / 10_000.0;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - exact).abs() / exact);
        }
        assert!(worst < 2e-7, "{worst:e}");
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1000.0) < 1e-37 && exp(1000.0).is_finite());
    }
}
