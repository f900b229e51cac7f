//! Activations of the vision transformer and the decoder, in f32 on the CPU in one pass.

use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, silu};

use crate::cpu::{as_cpu, contiguous, is_f32};
use crate::rows::{RowWork, exp, for_each_row};

/// `x · sigmoid(1.702 x)`, the activation of OpenAI's CLIP.
pub fn quick_gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "training")]
    if let Some(output) = crate::training::quick_gelu(&input) {
        return output;
    }
    for_each_row(input, 1, &QuickGelu)
        .unwrap_or_else(|input| input.clone() * sigmoid(input * 1.702))
}

/// `silu(gate) · up`, the gated unit of Llama's feed-forward block (SwiGLU).
pub fn silu_gate<const D: usize>(gate: Tensor<D>, up: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "training")]
    if let Some(product) = crate::training::silu_gate(&gate, &up) {
        return product;
    }
    let storage = as_cpu(&up).filter(is_f32).map(contiguous);
    match storage
        .as_ref()
        .and_then(|storage| storage.as_slice::<f32>())
    {
        Some(values) => {
            for_each_row(gate, 1, &SiluGate { up: values }).unwrap_or_else(|gate| silu(gate) * up)
        }
        None => silu(gate) * up,
    }
}

struct QuickGelu;

impl RowWork for QuickGelu {
    #[inline(always)]
    fn apply(&self, rows: &mut [f32], _: usize) {
        for x in rows {
            *x /= 1.0 + exp(-1.702 * *x);
        }
    }
}

struct SiluGate<'a> {
    up: &'a [f32],
}

impl RowWork for SiluGate<'_> {
    #[inline(always)]
    fn apply(&self, rows: &mut [f32], first: usize) {
        let up = &self.up[first..first + rows.len()];
        for (x, up) in rows.iter_mut().zip(up) {
            *x = *x / (1.0 + exp(-*x)) * up;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn the_kernels_equal_burns_operations() {
        let device = Device::flex();
        let random =
            || Tensor::<2>::random([70, 1001], Distribution::Uniform(-30.0, 30.0), &device);
        let (x, up) = (random(), random());
        let far = |a: Tensor<2>, b: Tensor<2>| (a - b).abs().max().into_scalar::<f32>();
        let plain = x.clone() * sigmoid(x.clone() * 1.702);
        // Values up to 30 and products up to 900, relative error of a few 1e-7.
        assert!(far(quick_gelu(x.clone()), plain) < 1e-5);
        let plain = silu(x.clone()) * up.clone();
        assert!(far(silu_gate(x.clone(), up.clone()), plain) < 3e-4);
        // The inputs had other owners and are as before.
        let again = silu_gate(x.clone(), up.clone());
        assert!(far(silu_gate(x, up), again) == 0.0);
    }
}
