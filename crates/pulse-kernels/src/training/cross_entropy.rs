//! Cross-entropy of logits and its gradient, which takes the place of the logits.

use burn::backend::Flex;
use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Int, Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::cpu::{as_cpu, contiguous, is_f32};
use crate::rows::{exp, maximum};

/// Losses of rows of logits.
#[derive(Debug, Clone)]
pub struct RowLosses {
    /// `−log softmax(logits)[target]` of each row.
    pub losses: Vec<f32>,
    /// `[rows, vocabulary]`: the gradient of `scale · Σ losses` to the logits.
    pub gradient: Tensor<2>,
}

/// Losses of `logits` `[rows, vocabulary]` in f32 for one target id per row, and the gradient of
/// `scale` times their sum: `scale · (softmax(logits) − onehot(target))`. On the CPU the gradient is
/// written over the logits.
///
/// Targets outside of the vocabulary must not come; callers check ids before a step.
pub fn cross_entropy(logits: Tensor<2>, targets: &[u32], scale: f32) -> RowLosses {
    let [rows, vocabulary] = logits.dims();
    debug_assert_eq!(rows, targets.len());
    let Some(storage) = as_cpu(&logits).filter(is_f32) else {
        return anywhere(logits, targets, scale);
    };
    drop(logits);
    let mut storage = contiguous(storage);
    if storage.layout().start_offset() != 0 {
        storage = storage.to_contiguous();
    }
    let mut losses = vec![0f32; rows];
    let arch = Arch::new();
    storage.storage_mut::<f32>()[..rows * vocabulary]
        .par_chunks_mut(vocabulary.max(1))
        .zip(losses.par_iter_mut().zip(targets))
        .for_each(|(row, (loss, target))| {
            *loss = arch.dispatch(Row {
                row,
                target: *target as usize,
                scale,
            });
        });
    RowLosses {
        losses,
        gradient: Tensor::from_primitive::<Flex>(storage),
    }
}

struct Row<'a> {
    row: &'a mut [f32],
    target: usize,
    scale: f32,
}

impl WithSimd for Row<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let Self { row, target, scale } = self;
        let wanted = row[target];
        let largest = maximum(row).max(wanted);
        let mut sums = [0f32; 16];
        // Zero, unless a logit is no finite number, which the maximum and `exp` would pass over.
        let mut poison = [0f32; 16];
        let (blocks, rest) = row.as_chunks_mut::<16>();
        for block in blocks {
            for ((sum, poison), value) in sums.iter_mut().zip(&mut poison).zip(block) {
                *poison += *value * 0.0;
                *value = exp(*value - largest);
                *sum += *value;
            }
        }
        let mut sum = poison.iter().sum::<f32>();
        for value in rest {
            sum += *value * 0.0;
            *value = exp(*value - largest);
            sum += *value;
        }
        sum += sums.iter().sum::<f32>();
        let factor = scale / sum;
        for value in row.iter_mut() {
            *value *= factor;
        }
        row[target] -= scale;
        sum.ln() + largest - wanted
    }
}

/// In Burn's operations.
fn anywhere(logits: Tensor<2>, targets: &[u32], scale: f32) -> RowLosses {
    let [rows, _] = logits.dims();
    let device = logits.device();
    let ids: Vec<i64> = targets.iter().map(|id| i64::from(*id)).collect();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [rows, 1]), &device);
    let logs = log_softmax(logits.cast(DType::F32), 1);
    let losses = logs.clone().gather(1, ids.clone()).neg().into_data();
    let minus = Tensor::<2>::full([rows, 1], -scale, (&device, DType::F32));
    let gradient =
        logs.exp()
            .mul_scalar(scale)
            .scatter(1, ids, minus, burn::tensor::IndexingUpdateOp::Add);
    RowLosses {
        losses: losses.iter::<f32>().collect(),
        gradient,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn the_kernel_equals_burns_operations() {
        let device = Device::flex();
        let logits = Tensor::<2>::random([37, 331], Distribution::Normal(0.0, 5.0), &device);
        let targets: Vec<u32> = (0..37).map(|row| row * 8 % 331).collect();
        let expected = anywhere(logits.clone(), &targets, 0.25);
        let ours = cross_entropy(logits, &targets, 0.25);
        for (ours, expected) in ours.losses.iter().zip(&expected.losses) {
            assert!((ours - expected).abs() < 1e-5, "{ours} {expected}");
        }
        let far = (ours.gradient - expected.gradient).abs().max();
        assert!(far.into_scalar::<f32>() < 1e-6);
    }

    #[test]
    fn a_logit_that_is_no_number_makes_the_loss_none() {
        let device = Device::flex();
        for column in [0, 3, 20] {
            let mut values = vec![0f32; 21];
            values[column] = f32::NAN;
            let logits = Tensor::<2>::from_data(TensorData::new(values, [1, 21]), &device);
            assert!(
                cross_entropy(logits, &[3], 1.0).losses[0].is_nan(),
                "{column}"
            );
        }
    }
}
