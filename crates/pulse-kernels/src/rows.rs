//! Element-wise work on the rows of a CPU tensor: in place where the tensor has one owner, shared
//! out over threads, and compiled for the widest registers of the machine.

use burn::backend::Flex;
use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::cpu::{as_cpu, contiguous, from_values, is_f32};

/// Values of one piece of parallel work: enough to pay for handing it over.
pub(crate) const PIECE: usize = 1 << 15;

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
    let offset = storage.layout().start_offset();
    let is_all = offset == 0 && storage.bytes().len() == length * size_of::<f32>();
    if is_all && storage.is_unique() {
        share_out(storage.storage_mut::<f32>(), row, |rows, first| {
            work_on(work, rows, first);
        });
        return Ok(Tensor::from_primitive::<Flex>(storage));
    }
    // Somebody else reads these values too: each piece is copied by the thread that changes it.
    let source = &storage.storage::<f32>()[offset..offset + length];
    let mut values = vec![0f32; length];
    share_out(&mut values, row, |rows, first| {
        rows.copy_from_slice(&source[first..first + rows.len()]);
        work_on(work, rows, first);
    });
    let shape: [usize; D] = std::array::from_fn(|axis| storage.layout().shape()[axis]);
    Ok(from_values(values, shape))
}

/// Calls `work` on pieces of whole rows and the number of their first value, on several threads if there is
/// enough to do.
fn share_out(values: &mut [f32], row: usize, work: impl Fn(&mut [f32], usize) + Sync) {
    let piece = PIECE.div_ceil(row) * row;
    if values.len() <= piece {
        return work(values, 0);
    }
    values
        .par_chunks_mut(piece)
        .enumerate()
        .for_each(|(index, rows)| work(rows, index * piece));
}

fn work_on(work: &impl RowWork, rows: &mut [f32], first: usize) {
    Arch::new().dispatch(Piece { work, rows, first });
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

/// The largest value, over lanes so that it vectorises.
#[inline(always)]
pub(crate) fn maximum(row: &[f32]) -> f32 {
    let (blocks, rest) = row.as_chunks::<16>();
    let mut lanes = [f32::NEG_INFINITY; 16];
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

/// Scores to the weights `e^((score − largest) · scale)`, and their sum, over lanes so that it vectorises.
#[inline(always)]
pub(crate) fn weigh(scores: &mut [f32], largest: f32, scale: f32) -> f32 {
    let (blocks, rest) = scores.as_chunks_mut::<16>();
    let mut lanes = [0f32; 16];
    for block in blocks {
        for (lane, score) in lanes.iter_mut().zip(block) {
            *score = exp((*score - largest) * scale);
            *lane += *score;
        }
    }
    let mut total = 0f32;
    for score in rest {
        *score = exp((*score - largest) * scale);
        total += *score;
    }
    total + lanes.iter().sum::<f32>()
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Adds the number of each value.
    struct Number;

    impl RowWork for Number {
        #[inline(always)]
        fn apply(&self, rows: &mut [f32], first: usize) {
            for (index, value) in rows.iter_mut().enumerate() {
                *value += (first + index) as f32;
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn values_that_others_read_stay_and_owned_ones_and_views_are_changed() {
        let device = burn::tensor::Device::flex();
        // Several pieces, so that several threads work.
        let (rows, width) = (3 * PIECE / 100, 100);
        let whole = Tensor::<2>::ones([rows + 1, width], &device);
        let expected = |first: usize, count: usize| -> Vec<f32> {
            (first..first + count)
                .map(|index| index as f32 + 1.0)
                .collect()
        };
        let values = |tensor: Tensor<2>| tensor.into_data().try_to_vec::<f32>().unwrap();
        let changed = for_each_row(whole.clone(), width, &Number).unwrap();
        assert_eq!(values(changed), expected(0, (rows + 1) * width));
        assert!(values(whole.clone()).iter().all(|value| *value == 1.0));
        let view = whole.clone().slice([1..rows + 1, 0..width]);
        assert_eq!(
            values(for_each_row(view, width, &Number).unwrap()),
            expected(0, rows * width)
        );
        assert!(values(whole.clone()).iter().all(|value| *value == 1.0));
        assert_eq!(
            values(for_each_row(whole, width, &Number).unwrap()),
            expected(0, (rows + 1) * width)
        );
    }

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
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
