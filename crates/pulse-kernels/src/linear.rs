//! The linear layer of every part of the model.
//!
//! Weights lie as in the checkpoint, `[outputs, inputs]`, or packed, so that a memory-mapped file can
//! be used as it is. On the CPU f32 activations meet weights of any stored type without an f32 copy
//! of the matrix ever existing: few rows go through a matrix-vector kernel, many rows through a
//! product in panels (f32 weights without AVX-512 through Burn's).

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::cpu::{as_cpu, contiguous, from_values, is_f32};
use crate::dense::{self, PanelWeight, StoredRows};
use crate::dot::StoredWeight;
use crate::packed::PackedMatrix;
use crate::rows::{RowWork, for_each_row};
use crate::weights::LinearWeight;
use crate::{Level, Scope, WeightSource, matrix_vector};

/// `y = x·Wᵀ + b`, weights kept in their stored type.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[outputs, inputs]`; absent where the weight is packed.
    weight: Option<Param<Tensor<2>>>,
    /// `[outputs]`.
    bias: Option<Param<Tensor<1>>>,
    /// Packed weights are no parameter: nothing trains, moves or converts them.
    #[module(skip)]
    packed: Option<PackedMatrix>,
}

impl Linear {
    /// A layer from its weight `[outputs, inputs]` and bias `[outputs]`.
    pub fn new(weight: impl Into<LinearWeight>, bias: Option<Tensor<1>>) -> Self {
        let (weight, packed) = match weight.into() {
            LinearWeight::Tensor(weight) => (Some(Param::from_tensor(weight)), None),
            LinearWeight::Packed(packed) => (None, Some(packed)),
        };
        Self {
            weight,
            bias: bias.map(Param::from_tensor),
            packed,
        }
    }

    /// Takes `weight` and, if `has_bias`, `bias` from the scope.
    pub fn load<S: WeightSource>(
        mut scope: Scope<'_, S>,
        inputs: usize,
        outputs: usize,
        has_bias: bool,
    ) -> Self {
        let weight = scope.linear_weight("weight", [outputs, inputs]);
        let bias = has_bias.then(|| scope.values("bias", [outputs]));
        Self::new(weight, bias)
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.shape()[0]
    }

    /// Outputs and inputs.
    fn shape(&self) -> [usize; 2] {
        match (&self.weight, &self.packed) {
            (Some(weight), _) => {
                let shape = weight.lazy_shape();
                [shape[0], shape[1]]
            }
            (None, Some(packed)) => [packed.outputs(), packed.inputs()],
            // `new` makes no such layer.
            (None, None) => [0, 0],
        }
    }

    /// The weight, `[outputs, inputs]`; a packed weight in f32, made anew by each call.
    pub fn weight(&self) -> Tensor<2> {
        match (&self.weight, &self.packed) {
            (Some(weight), _) => weight.val(),
            (None, Some(packed)) => from_values(packed.dequantize(), self.shape()),
            (None, None) => Tensor::zeros([0, 0], &Device::flex()),
        }
    }

    /// The weight as a parameter, `[outputs, inputs]`; `None` where it is packed.
    pub fn weight_parameter(&self) -> Option<&Param<Tensor<2>>> {
        self.weight.as_ref()
    }

    /// The packed weight, if it is packed.
    pub fn packed(&self) -> Option<&PackedMatrix> {
        self.packed.as_ref()
    }

    /// `[…, inputs]` to `[…, outputs]`, in the type of the input.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let mut shape = input.dims();
        let [outputs, inputs] = self.shape();
        let rows = shape.iter().take(D - 1).product::<usize>();
        let input = input.reshape([rows, inputs]);
        let product = match &self.packed {
            Some(packed) => multiply_packed(input, packed),
            None => multiply(input, self.weight()),
        };
        let product = match &self.bias {
            Some(bias) => add_bias(product, bias.val()),
            None => product,
        };
        shape[D - 1] = outputs;
        product.reshape(shape)
    }
}

/// `[rows, inputs]` times a packed matrix. Packed weights work on the CPU only (loaders see to it); an
/// input that lies elsewhere goes there and back, which is slow and right.
fn multiply_packed(input: Tensor<2>, packed: &PackedMatrix) -> Tensor<2> {
    let [rows, _] = input.dims();
    let shape = [rows, packed.outputs()];
    if let Some(storage) = as_cpu(&input).filter(is_f32).map(contiguous)
        && let Some(x) = storage.as_slice::<f32>()
    {
        return from_values(packed.multiply(x, rows), shape);
    }
    let (device, dtype) = (input.device(), input.dtype());
    let values = input.cast(DType::F32).into_data().try_into_vec::<f32>();
    let product = match values {
        Ok(values) => packed.multiply(&values, rows),
        // A device that failed: the callers' check of logits reports it.
        Err(_) => vec![f32::NAN; rows * packed.outputs()],
    };
    Tensor::<2>::from_data(TensorData::new(product, shape), (&device, DType::F32)).cast(dtype)
}

/// `product[rows, outputs] + bias[outputs]`.
pub(crate) fn add_bias(product: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    #[cfg(feature = "training")]
    if let Some(sum) = crate::training::add_bias(&product, &bias) {
        return sum;
    }
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
    let [rows, _] = input.dims();
    let shape = weight.dims();
    let stored = weight.dtype();
    // Below AVX-512 many rows of f32 go through Burn's own product.
    if rows > matrix_vector::MOST_ROWS && stored == DType::F32 && Level::detect() < Level::Avx512 {
        return None;
    }
    let activations = as_cpu(input).filter(is_f32).map(contiguous)?;
    let weights = as_cpu(weight).map(contiguous)?;
    let x = activations.as_slice::<f32>()?;
    let values = match stored {
        DType::F32 => stored_product(x, weights.as_slice::<f32>()?, rows, shape),
        DType::BF16 => stored_product(x, weights.as_slice::<half::bf16>()?, rows, shape),
        DType::F16 => stored_product(x, weights.as_slice::<half::f16>()?, rows, shape),
        _ => return None,
    };
    Some(from_values(values, [rows, shape[0]]))
}

fn few_rows<W: StoredWeight>(x: &[f32], weights: &[W], rows: usize, shape: [usize; 2]) -> Vec<f32> {
    matrix_vector::multiply(Level::detect(), x, weights, rows, shape[1], shape[0])
}

fn stored_product<W: PanelWeight>(
    x: &[f32],
    weights: &[W],
    rows: usize,
    shape: [usize; 2],
) -> Vec<f32> {
    if rows <= matrix_vector::MOST_ROWS {
        return few_rows(x, weights, rows, shape);
    }
    dense::multiply(Level::detect(), x, &StoredRows::new(weights, shape))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    /// f32 sums of 100 products of standard normal values, in two orders.
    const SUM_ORDER_ABS: f32 = 1e-4;

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
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

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn a_packed_layer_equals_one_with_its_dequantised_weights() {
        use crate::packed::PackedFormat;
        let device = Device::flex();
        let values: Vec<f32> = (0..50 * 70)
            .map(|i| ((i * 37) % 101) as f32 / 50.5 - 1.0)
            .collect();
        let bias = Tensor::<1>::random([50], Distribution::Normal(0.0, 1.0), &device);
        for format in [PackedFormat::Q8, PackedFormat::Q4] {
            let packed = PackedMatrix::quantize(format, [50, 70], |first, rows| {
                rows.copy_from_slice(&values[first * 70..first * 70 + rows.len()]);
            })
            .unwrap();
            let layer = Linear::new(packed, Some(bias.clone()));
            let plain = Linear::new(layer.weight(), Some(bias.clone()));
            assert!(layer.weight_parameter().is_none() && layer.outputs() == 50);
            for rows in [1, 8, 9, 30] {
                let x = Tensor::<2>::random([rows, 70], Distribution::Normal(0.0, 1.0), &device);
                let difference = (layer.forward(x.clone()) - plain.forward(x)).abs().max();
                // Activations of 16 bits: 70 roundings of 2⁻¹⁶ of values up to 4.
                let difference = difference.into_scalar::<f32>();
                assert!(difference < 1e-3, "{format:?} {rows}: {difference}");
            }
        }
    }
}
