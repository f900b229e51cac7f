//! One step of AdamW on one parameter, in place.

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::slices::{PIECE, rows_of, values};
use crate::cpu::{as_cpu, contiguous, into_cpu, is_f32};

/// The numbers of one step, the same for all parameters of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the squares.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Number of this step, from 1, for the bias correction.
    pub number: u64,
    /// Factor on the gradient: what clipping by the global norm leaves of it.
    pub gradient_scale: f64,
}

/// Means of gradients and of their squares, `[values]` each, in f32.
#[derive(Debug, Clone)]
pub struct AdamWMoments {
    /// Mean of gradients.
    pub first: Tensor<1>,
    /// Mean of squared gradients.
    pub second: Tensor<1>,
}

impl AdamWMoments {
    /// Zeros for a parameter of `values` values, on the device of `like`.
    pub fn zeros(values: usize, like: &Tensor<1>) -> Self {
        let zeros = || Tensor::zeros([values], (&like.device(), DType::F32));
        Self {
            first: zeros(),
            second: zeros(),
        }
    }
}

/// AdamW (Loshchilov and Hutter 2019) as `torch.optim.AdamW` computes it, on a parameter and its
/// gradient, `[values]` each, in f32:
///
/// `w ← w·(1 − lr·decay)`, `m ← β₁m + (1 − β₁)g`, `v ← β₂v + (1 − β₂)g²`,
/// `w ← w − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)`.
///
/// On the CPU weight and moments are changed where they lie if nobody else holds them (a checkpoint
/// being written does, and keeps its values).
pub fn adamw(
    weight: Tensor<1>,
    gradient: &Tensor<1>,
    moments: AdamWMoments,
    step: AdamWStep,
) -> (Tensor<1>, AdamWMoments) {
    let all_on_cpu = [&weight, gradient, &moments.first, &moments.second]
        .into_iter()
        .all(|tensor| as_cpu(tensor).is_some_and(|storage| is_f32(&storage)));
    let factors = Factors::of(step);
    if !all_on_cpu {
        return anywhere(weight, gradient, moments, &factors);
    }
    let gradient_storage = as_cpu(gradient).map(rows_of);
    let AdamWMoments { first, second } = moments;
    let (Some(gradient_storage), Some(mut w), Some(mut m), Some(mut v)) = (
        gradient_storage,
        owned(weight.clone()),
        owned(first.clone()),
        owned(second.clone()),
    ) else {
        return anywhere(weight, gradient, AdamWMoments { first, second }, &factors);
    };
    // The handles above would make every write a copy.
    drop((weight, first, second));
    let count = gradient_storage.layout().num_elements();
    let arch = Arch::new();
    w.storage_mut::<f32>()[..count]
        .par_chunks_mut(PIECE)
        .zip(m.storage_mut::<f32>()[..count].par_chunks_mut(PIECE))
        .zip(v.storage_mut::<f32>()[..count].par_chunks_mut(PIECE))
        .zip(values(&gradient_storage).par_chunks(PIECE))
        .for_each(|(((w, m), v), g)| {
            arch.dispatch(Piece {
                w,
                m,
                v,
                g,
                factors,
            });
        });
    let wrap = |storage| Tensor::from_primitive::<Flex>(storage);
    let moments = AdamWMoments {
        first: wrap(m),
        second: wrap(v),
    };
    (wrap(w), moments)
}

/// The storage of a whole tensor that starts at its first value.
fn owned(tensor: Tensor<1>) -> Option<FlexTensor> {
    let storage = contiguous(into_cpu(tensor)?);
    let length = storage.layout().num_elements();
    let is_whole =
        storage.layout().start_offset() == 0 && storage.bytes().len() == length * size_of::<f32>();
    Some(if is_whole {
        storage
    } else {
        storage.to_contiguous()
    })
}

/// The step in f32, as the reference's scalars meet its f32 tensors.
#[derive(Clone, Copy)]
struct Factors {
    keep: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    root2: f32,
    epsilon: f32,
    size: f32,
    scale: f32,
}

impl Factors {
    fn of(step: AdamWStep) -> Self {
        let number = step.number as f64;
        let correction1 = 1.0 - step.beta1.powf(number);
        let correction2 = 1.0 - step.beta2.powf(number);
        Self {
            keep: (1.0 - step.learning_rate * step.weight_decay) as f32,
            beta1: step.beta1 as f32,
            rest1: (1.0 - step.beta1) as f32,
            beta2: step.beta2 as f32,
            rest2: (1.0 - step.beta2) as f32,
            root2: correction2.sqrt() as f32,
            epsilon: step.epsilon as f32,
            size: (step.learning_rate / correction1) as f32,
            scale: step.gradient_scale as f32,
        }
    }
}

struct Piece<'a> {
    w: &'a mut [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
    g: &'a [f32],
    factors: Factors,
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let f = self.factors;
        for (((w, m), v), g) in self.w.iter_mut().zip(self.m).zip(self.v).zip(self.g) {
            let g = g * f.scale;
            *m = f.beta1 * *m + f.rest1 * g;
            *v = f.beta2 * *v + f.rest2 * g * g;
            *w = *w * f.keep - f.size * *m / (v.sqrt() / f.root2 + f.epsilon);
        }
    }
}

/// In Burn's operations.
fn anywhere(
    weight: Tensor<1>,
    gradient: &Tensor<1>,
    moments: AdamWMoments,
    factors: &Factors,
) -> (Tensor<1>, AdamWMoments) {
    let g = gradient.clone().cast(DType::F32).mul_scalar(factors.scale);
    let first = moments.first.mul_scalar(factors.beta1) + g.clone().mul_scalar(factors.rest1);
    let second =
        moments.second.mul_scalar(factors.beta2) + (g.clone() * g).mul_scalar(factors.rest2);
    let root = second.clone().sqrt().div_scalar(factors.root2);
    let change = (first.clone() / root.add_scalar(factors.epsilon)).mul_scalar(factors.size);
    let weight = weight.mul_scalar(factors.keep) - change;
    (weight, AdamWMoments { first, second })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn the_kernel_equals_burns_operations_and_leaves_snapshots_alone() {
        let device = Device::flex();
        let random = || Tensor::<1>::random([70_001], Distribution::Normal(0.0, 1.0), &device);
        let step = AdamWStep {
            learning_rate: 1e-2,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.1,
            number: 3,
            gradient_scale: 0.5,
        };
        let (weight, gradient) = (random(), random());
        let moments = AdamWMoments {
            first: random(),
            second: random().abs(),
        };
        let snapshot = (weight.clone(), weight.clone().into_data());
        let expected = anywhere(
            weight.clone(),
            &gradient,
            moments.clone(),
            &Factors::of(step),
        );
        let (ours, state) = adamw(weight, &gradient, moments, step);
        let far = |a: Tensor<1>, b: Tensor<1>| (a - b).abs().max().into_scalar::<f32>();
        // Values of size 1; the same operations with other roundings.
        assert!(far(ours, expected.0) < 1e-5);
        assert!(far(state.first, expected.1.first) < 1e-6);
        assert!(far(state.second, expected.1.second) < 1e-6);
        assert_eq!(snapshot.0.into_data(), snapshot.1);
    }
}
