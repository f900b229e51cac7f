//! Normalisation layers, computed in f32.

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use crate::cpu::{as_cpu, contiguous, is_f32};
use crate::rows::{RowWork, for_each_row};
use crate::{Scope, WeightSource};

/// Root-mean-square normalisation: `w · x / sqrt(mean(x²) + ε)` over the last axis.
///
/// The mean is taken in f32, the quotient is rounded to the input's type and only then multiplied
/// by the weight, in the order of the reference (`LlamaRMSNorm` of transformers 4.37.2).
#[derive(Module, Debug)]
pub struct RmsNorm {
    weight: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl RmsNorm {
    /// Takes `weight` `[width]` from the scope.
    pub fn load<S: WeightSource>(mut scope: Scope<'_, S>, width: usize, epsilon: f64) -> Self {
        Self {
            weight: Param::from_tensor(scope.values("weight", [width])),
            epsilon,
        }
    }

    /// `[…, width]` to `[…, width]`.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        #[cfg(feature = "training")]
        if let Some(output) = crate::training::rms_norm(&input, &self.weight.val(), self.epsilon) {
            return output;
        }
        let weight = as_cpu(&self.weight.val()).filter(is_f32).map(contiguous);
        match weight.as_ref().and_then(|weight| weight.as_slice::<f32>()) {
            Some(weight) => {
                let work = RmsRows {
                    weight,
                    epsilon: self.epsilon as f32,
                };
                for_each_row(input, weight.len(), &work)
                    .unwrap_or_else(|input| self.forward_anywhere(input))
            }
            None => self.forward_anywhere(input),
        }
    }

    /// In Burn's operations.
    fn forward_anywhere<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let dtype = input.dtype();
        let wide = widen(input);
        let mean = wide.clone().powi_scalar(2).mean_dim(D - 1);
        let normalised = wide * (mean + self.epsilon).sqrt().recip();
        narrow(normalised, dtype) * self.weight.val().unsqueeze()
    }
}

/// Layer normalisation over the last axis: `w · (x − mean) / sqrt(var + ε) + b`, biased variance.
#[derive(Module, Debug)]
pub struct LayerNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// Takes `weight` and `bias` `[width]` from the scope.
    pub fn load<S: WeightSource>(mut scope: Scope<'_, S>, width: usize, epsilon: f64) -> Self {
        Self {
            weight: Param::from_tensor(scope.values("weight", [width])),
            bias: Param::from_tensor(scope.values("bias", [width])),
            epsilon,
        }
    }

    /// `[…, width]` to `[…, width]`.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        layer_norm(input, self.weight.val(), self.bias.val(), self.epsilon)
    }
}

/// `w · (x − mean) / sqrt(var + ε) + b` over the last axis.
pub(crate) fn layer_norm<const D: usize>(
    input: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    #[cfg(feature = "training")]
    if let Some(output) = crate::training::layer_norm(&input, &weight, &bias, epsilon) {
        return output;
    }
    let storage = [&weight, &bias].map(|values| as_cpu(values).filter(is_f32).map(contiguous));
    let slices = storage[0].as_ref().zip(storage[1].as_ref());
    let slices = slices.and_then(|(w, b)| w.as_slice::<f32>().zip(b.as_slice::<f32>()));
    match slices {
        Some((w, b)) => {
            let work = LayerRows {
                weight: w,
                bias: b,
                epsilon: epsilon as f32,
            };
            for_each_row(input, w.len(), &work)
                .unwrap_or_else(|input| layer_norm_anywhere(input, weight, bias, epsilon))
        }
        None => layer_norm_anywhere(input, weight, bias, epsilon),
    }
}

/// In Burn's operations.
fn layer_norm_anywhere<const D: usize>(
    input: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    let dtype = input.dtype();
    let wide = widen(input);
    let centred = wide.clone() - wide.mean_dim(D - 1);
    let variance = centred.clone().powi_scalar(2).mean_dim(D - 1);
    let normalised = centred * (variance + epsilon).sqrt().recip();
    narrow(
        normalised * widen(weight).unsqueeze() + widen(bias).unsqueeze(),
        dtype,
    )
}

fn widen<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.dtype() == DType::F32 {
        tensor
    } else {
        tensor.cast(DType::F32)
    }
}

fn narrow<const D: usize>(tensor: Tensor<D>, dtype: DType) -> Tensor<D> {
    if tensor.dtype() == dtype {
        tensor
    } else {
        tensor.cast(dtype)
    }
}

/// Sum of `f(x)` over a row in sixteen lanes, so that it vectorises and errors stay small.
#[inline(always)]
fn lane_sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (blocks, rest) = row.as_chunks::<16>();
    let mut sums = [0f32; 16];
    for block in blocks {
        for lane in 0..16 {
            sums[lane] += f(block[lane]);
        }
    }
    let mut total: f32 = rest.iter().map(|x| f(*x)).sum();
    for sum in sums {
        total += sum;
    }
    total
}

/// The kernel on rows of the weight's length, whatever the number of axes.
#[cfg(feature = "training")]
pub(crate) fn rms_rows(
    input: burn_flex::FlexTensor,
    weight: burn_flex::FlexTensor,
    epsilon: f32,
) -> burn_flex::FlexTensor {
    use burn::backend::Flex;
    use burn::tensor::Shape;
    let shape = input.layout().shape().clone();
    let count = input.layout().num_elements();
    let weight = contiguous(weight);
    let Some(values) = weight.as_slice::<f32>() else {
        unreachable!("the graph takes norms in f32 only");
    };
    let work = RmsRows {
        weight: values,
        epsilon,
    };
    let flat = contiguous(input).reshape(Shape::from([count]));
    let flat = Tensor::<1>::from_primitive::<Flex>(flat);
    match for_each_row(flat, values.len(), &work).map(crate::cpu::into_cpu) {
        Ok(Some(output)) => output.reshape(shape),
        _ => unreachable!("the graph takes f32 on the CPU with weights of one value or more"),
    }
}

struct RmsRows<'a> {
    weight: &'a [f32],
    epsilon: f32,
}

impl RowWork for RmsRows<'_> {
    #[inline(always)]
    fn apply(&self, rows: &mut [f32], _: usize) {
        for row in rows.chunks_exact_mut(self.weight.len()) {
            let mean = lane_sum(row, |x| x * x) / row.len() as f32;
            let scale = 1.0 / (mean + self.epsilon).sqrt();
            for (x, weight) in row.iter_mut().zip(self.weight) {
                *x = *x * scale * weight;
            }
        }
    }
}

struct LayerRows<'a> {
    weight: &'a [f32],
    bias: &'a [f32],
    epsilon: f32,
}

impl RowWork for LayerRows<'_> {
    #[inline(always)]
    fn apply(&self, rows: &mut [f32], _: usize) {
        for row in rows.chunks_exact_mut(self.weight.len()) {
            let mean = lane_sum(row, |x| x) / row.len() as f32;
            let variance = lane_sum(row, |x| (x - mean) * (x - mean)) / row.len() as f32;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            for ((x, weight), bias) in row.iter_mut().zip(self.weight).zip(self.bias) {
                *x = (*x - mean) * scale * weight + bias;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn the_kernels_equal_burns_operations() {
        let device = Device::flex();
        let random = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.5, 2.0), &device);
        let vector = || Param::from_tensor(random([1, 777]).reshape([777]));
        let input = random([300, 777]);
        // Sums of 777 values in two orders and a few roundings, of the largest result.
        let check = |a: Tensor<2>, b: Tensor<2>| {
            let largest = b.clone().abs().max().into_scalar::<f32>();
            let difference = (a - b).abs().max().into_scalar::<f32>();
            assert!(difference < 1e-6 * largest, "{difference:e} of {largest}");
        };
        let rms = RmsNorm {
            weight: vector(),
            epsilon: 1e-5,
        };
        check(
            rms.forward(input.clone()),
            rms.forward_anywhere(input.clone()),
        );
        let (weight, bias) = (vector().val(), vector().val());
        check(
            layer_norm(input.clone(), weight.clone(), bias.clone(), 1e-5),
            layer_norm_anywhere(input, weight, bias, 1e-5),
        );
    }
}
