//! The two products of a linear layer's backward pass.

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;

use super::slices::values;
use crate::Level;
use crate::cpu::{as_cpu, contiguous, from_values, into_cpu, is_f32};
use crate::dense::{self, PanelWeight, StoredColumns};

/// The gradient to the input of `x · wᵀ`: `g[rows, outputs] · w[outputs, inputs]`, in f32 whatever type
/// `w` is stored in.
pub fn linear_input_gradient(gradient: &Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    on_cpu_input(gradient, weight).unwrap_or_else(|| {
        let weight = weight.clone();
        let wide = if weight.dtype() == DType::F32 {
            weight
        } else {
            weight.cast(DType::F32)
        };
        gradient.clone().matmul(wide)
    })
}

/// `sum` (zeros if there is none) plus the gradient to the weight of `x · wᵀ`,
/// `g[rows, outputs]ᵀ · x[rows, inputs]`. On the CPU it is added where the sum lies if nobody else holds
/// that.
pub fn add_weight_gradient(
    sum: Option<Tensor<2>>,
    gradient: &Tensor<2>,
    input: &Tensor<2>,
) -> Tensor<2> {
    let ([rows, outputs], [_, inputs]) = (gradient.dims(), input.dims());
    let shape = [rows, outputs, inputs];
    let storage = [gradient, input].map(f32_rows);
    let ([Some(left), Some(right)], true) = (storage, has_panels()) else {
        let change = gradient.clone().transpose().matmul(input.clone());
        return match sum {
            Some(sum) => sum + change,
            None => change,
        };
    };
    let both = [values(&left), values(&right)];
    match sum.map(whole) {
        None => {
            let mut out = vec![0f32; outputs * inputs];
            dense::multiply_transposed(Level::detect(), both, shape, &mut out, false);
            from_values(out, [outputs, inputs])
        }
        Some(Ok(mut sum)) => {
            let out = &mut sum.storage_mut::<f32>()[..outputs * inputs];
            dense::multiply_transposed(Level::detect(), both, shape, out, true);
            Tensor::from_primitive::<Flex>(sum)
        }
        Some(Err(sum)) => sum + gradient.clone().transpose().matmul(input.clone()),
    }
}

/// Whether the panels are faster than Burn's own product.
fn has_panels() -> bool {
    Level::detect() >= Level::Avx512
}

fn f32_rows(tensor: &Tensor<2>) -> Option<FlexTensor> {
    as_cpu(tensor).filter(is_f32).map(contiguous)
}

/// The storage of an f32 CPU tensor that begins with its values, or the tensor back.
#[allow(clippy::result_large_err)]
fn whole(tensor: Tensor<2>) -> Result<FlexTensor, Tensor<2>> {
    let is_whole = as_cpu(&tensor).is_some_and(|storage| {
        is_f32(&storage) && storage.is_contiguous() && storage.layout().start_offset() == 0
    });
    if !is_whole {
        return Err(tensor);
    }
    into_cpu(tensor.clone()).ok_or(tensor)
}

fn on_cpu_input(gradient: &Tensor<2>, weight: &Tensor<2>) -> Option<Tensor<2>> {
    if !has_panels() {
        return None;
    }
    let gradient = f32_rows(gradient)?;
    let stored = as_cpu(weight).map(contiguous)?;
    let shape = weight.dims();
    let g = values(&gradient);
    let product = match weight.dtype() {
        DType::F32 => upright(g, stored.as_slice::<f32>()?, shape),
        DType::BF16 => upright(g, stored.as_slice::<half::bf16>()?, shape),
        DType::F16 => upright(g, stored.as_slice::<half::f16>()?, shape),
        _ => return None,
    };
    let rows = g.len() / shape[0].max(1);
    Some(from_values(product, [rows, shape[1]]))
}

fn upright<W: PanelWeight>(gradient: &[f32], weight: &[W], shape: [usize; 2]) -> Vec<f32> {
    dense::multiply(
        Level::detect(),
        gradient,
        &StoredColumns::new(weight, shape),
    )
}
