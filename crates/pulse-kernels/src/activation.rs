//! Activations of the vision transformer and the decoder.

use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, silu};

/// `x · sigmoid(1.702 x)`, the activation of OpenAI's CLIP.
pub fn quick_gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    input.clone() * sigmoid(input * 1.702)
}

/// `silu(gate) · up`, the gated unit of Llama's feed-forward block (SwiGLU).
pub fn silu_gate<const D: usize>(gate: Tensor<D>, up: Tensor<D>) -> Tensor<D> {
    silu(gate) * up
}
