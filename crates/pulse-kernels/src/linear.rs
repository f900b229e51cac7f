//! The linear layer of every part of the model.
//!
//! Weights lie as in the checkpoint, `[outputs, inputs]`, so that a memory-mapped file can be used
//! as it is. On the CPU f32 activations meet weights of any stored type without an f32 copy of the
//! matrix ever existing: few rows go through a matrix-vector kernel, many rows through Burn's
//! matrix product, for 16-bit weights a panel of rows at a time.

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use crate::cpu::{as_cpu, contiguous, from_values, is_f32};
use crate::rows::{RowWork, for_each_row};
use crate::{Scope, WeightSource, matrix_vector};

/// Up to this many activation rows the matrix-vector kernel is faster than the matrix product.
const MATRIX_VECTOR_ROWS: usize = 8;
/// Bytes of f32 weights that one widened panel may take: it stays in the outer cache.
const PANEL_BYTES: usize = 8 << 20;

/// `y = x·Wᵀ + b`, weights kept in their stored type.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[outputs, inputs]`.
    weight: Param<Tensor<2>>,
    /// `[outputs]`.
    bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// A layer from its weight `[outputs, inputs]` and bias `[outputs]`.
    pub fn new(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self {
            weight: Param::from_tensor(weight),
            bias: bias.map(Param::from_tensor),
        }
    }

    /// Takes `weight` and, if `has_bias`, `bias` from the scope.
    pub fn load<S: WeightSource>(
        mut scope: Scope<'_, S>,
        inputs: usize,
        outputs: usize,
        has_bias: bool,
    ) -> Self {
        let weight = scope.matrix("weight", [outputs, inputs]);
        let bias = has_bias.then(|| scope.values("bias", [outputs]));
        Self::new(weight, bias)
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.weight.lazy_shape()[0]
    }

    /// The weight, `[outputs, inputs]`.
    pub fn weight(&self) -> Tensor<2> {
        self.weight.val()
    }

    /// The weight as a parameter, `[outputs, inputs]`.
    pub fn weight_parameter(&self) -> &Param<Tensor<2>> {
        &self.weight
    }

    /// `[…, inputs]` to `[…, outputs]`, in the type of the input.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let mut shape = input.dims();
        let weight = self.weight.val();
        let [outputs, inputs] = weight.dims();
        let rows = shape.iter().take(D - 1).product::<usize>();
        let product = multiply(input.reshape([rows, inputs]), weight);
        let product = match &self.bias {
            Some(bias) => add_bias(product, bias.val()),
            None => product,
        };
        shape[D - 1] = outputs;
        product.reshape(shape)
    }
}

/// `product[rows, outputs] + bias[outputs]`.
fn add_bias(product: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let storage = as_cpu(&bias).filter(is_f32).map(contiguous);
    match storage
        .as_ref()
        .and_then(|storage| storage.as_slice::<f32>())
    {
        Some(values) => for_each_row(product, values.len(), &BiasRows { bias: values })
            .unwrap_or_else(|product| product + bias.unsqueeze()),
        None => product + bias.unsqueeze(),
    }
}

struct BiasRows<'a> {
    bias: &'a [f32],
}

impl RowWork for BiasRows<'_> {
    #[inline(always)]
    fn apply(&self, rows: &mut [f32], _: usize) {
        for row in rows.chunks_exact_mut(self.bias.len()) {
            for (x, bias) in row.iter_mut().zip(self.bias) {
                *x += bias;
            }
        }
    }
}

/// `[rows, inputs] · [outputs, inputs]ᵀ`.
pub(crate) fn multiply(input: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "training")]
    if let Some(product) = crate::training::linear(&input, &weight) {
        return product;
    }
    if let Some(product) = multiply_on_cpu(&input, &weight) {
        return product;
    }
    let weight = if weight.dtype() == input.dtype() {
        weight
    } else {
        weight.cast(input.dtype())
    };
    input.matmul(weight.transpose())
}

/// The CPU path, or `None` where Burn's own product serves (other devices, other types).
fn multiply_on_cpu(input: &Tensor<2>, weight: &Tensor<2>) -> Option<Tensor<2>> {
    let [rows, inner] = input.dims();
    let [outputs, _] = weight.dims();
    let stored = weight.dtype();
    if rows > MATRIX_VECTOR_ROWS {
        return matches!(stored, DType::BF16 | DType::F16)
            .then(|| multiply_in_panels(input, weight))
            .flatten();
    }
    let activations = as_cpu(input).filter(is_f32).map(contiguous)?;
    let weights = as_cpu(weight).map(contiguous)?;
    let x = activations.as_slice::<f32>()?;
    let values = match stored {
        DType::F32 => matrix_vector::multiply(x, weights.as_slice::<f32>()?, rows, inner, outputs),
        DType::BF16 => {
            matrix_vector::multiply(x, weights.as_slice::<half::bf16>()?, rows, inner, outputs)
        }
        DType::F16 => {
            matrix_vector::multiply(x, weights.as_slice::<half::f16>()?, rows, inner, outputs)
        }
        _ => return None,
    };
    Some(from_values(values, [rows, outputs]))
}

/// Many rows times 16-bit weights: widens a panel of output rows, multiplies, goes on. The peak is
/// one panel instead of the whole matrix in f32.
fn multiply_in_panels(input: &Tensor<2>, weight: &Tensor<2>) -> Option<Tensor<2>> {
    as_cpu(input).filter(is_f32)?;
    let [outputs, inner] = weight.dims();
    let panel_rows = (PANEL_BYTES / 4 / inner.max(1)).clamp(64, outputs.max(64));
    let panels = (0..outputs)
        .step_by(panel_rows)
        .map(|first| {
            let last = (first + panel_rows).min(outputs);
            let panel = weight
                .clone()
                .slice([first..last, 0..inner])
                .cast(DType::F32);
            input.clone().matmul(panel.transpose())
        })
        .collect::<Vec<_>>();
    Some(Tensor::cat(panels, 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    /// f32 sums of 100 products of standard normal values, in two orders.
    const SUM_ORDER_ABS: f32 = 1e-4;

    #[test]
    fn every_stored_type_and_row_count_equals_the_plain_product() {
        let device = Device::flex();
        let weight = Tensor::<2>::random([300, 100], Distribution::Normal(0.0, 1.0), &device);
        let bias = Tensor::<1>::random([300], Distribution::Normal(0.0, 1.0), &device);
        for stored in [DType::F32, DType::BF16, DType::F16] {
            let weight = weight.clone().cast(stored);
            let layer = Linear::new(weight.clone(), Some(bias.clone()));
            for rows in [1, 2, 8, 9, 70] {
                let x = Tensor::<2>::random([rows, 100], Distribution::Normal(0.0, 1.0), &device);
                let plain = x
                    .clone()
                    .matmul(weight.clone().cast(DType::F32).transpose())
                    + bias.clone().unsqueeze();
                let difference = (layer.forward(x) - plain).abs().max().into_scalar::<f32>();
                assert!(
                    difference < SUM_ORDER_ABS,
                    "{stored:?} {rows}: {difference}"
                );
            }
        }
    }
}
