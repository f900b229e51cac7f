//! The kernels as operations of a backend, forward and backward.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex};
use burn::tensor::Tensor;

use super::{add_weight_gradient, attention, gate, linear_input_gradient, norm, rotate};
use crate::cpu::{contiguous, into_cpu};

/// Forward and backward kernels of a backend. All activations and gradients are f32.
pub(crate) trait TrainingKernels: Backend {
    /// `x[rows, inputs] · w[outputs, inputs]ᵀ`.
    fn kernel_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self>;
    /// The gradient to `x`: `g[rows, outputs] · w[outputs, inputs]`.
    fn kernel_linear_input_gradient(
        g: FloatTensor<Self>,
        w: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// The gradient to `w`, in f32 and row-major: `gᵀ · x`.
    fn kernel_linear_weight_gradient(
        g: FloatTensor<Self>,
        x: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// Root-mean-square normalisation of `x` `[…, width]`.
    fn kernel_rms_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
    /// Gradients to `x` and `w`.
    fn kernel_rms_norm_backward(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        g: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// `silu(gate) · up` of one shape.
    fn kernel_silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Gradients to `gate` and `up`.
    fn kernel_silu_gate_backward(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        g: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// Rotary positions on `[batch, heads, n, d]`, forwards or backwards.
    fn kernel_rotate(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
        backwards: bool,
    ) -> FloatTensor<Self>;
    /// Attention of whole sequences.
    fn kernel_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        is_causal: bool,
    ) -> FloatTensor<Self>;
    /// Gradients to queries, keys and values.
    fn kernel_attention_backward(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        g: FloatTensor<Self>,
        is_causal: bool,
    ) -> [FloatTensor<Self>; 3];
    /// One zero, `[1]`.
    fn kernel_zero() -> FloatTensor<Self>;
}

/// A CPU primitive as a tensor.
fn wrap<const D: usize>(primitive: FloatTensor<Flex>) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(primitive)
}

/// The primitive of a tensor that was computed from CPU tensors.
pub(super) fn unwrap<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Flex> {
    match into_cpu(tensor) {
        Some(primitive) => primitive,
        None => unreachable!("operations on CPU tensors give CPU tensors"),
    }
}

impl TrainingKernels for Flex {
    fn kernel_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self> {
        unwrap(crate::linear::multiply(wrap(x), wrap(w)))
    }

    fn kernel_linear_input_gradient(
        g: FloatTensor<Self>,
        w: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        unwrap(linear_input_gradient(&wrap(g), &wrap(w)))
    }

    fn kernel_linear_weight_gradient(
        g: FloatTensor<Self>,
        x: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        unwrap(add_weight_gradient(None, &wrap(g), &wrap(x)))
    }

    fn kernel_rms_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        crate::norm::rms_rows(x, w, epsilon as f32)
    }

    fn kernel_rms_norm_backward(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        g: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        norm::backward(x, w, g, epsilon as f32)
    }

    fn kernel_silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        // The kernel works on values in a row, whatever their shape.
        let shape = gate.layout().shape().clone();
        let flat = |part: FloatTensor<Self>| {
            let count = part.layout().num_elements();
            wrap::<1>(contiguous(part).reshape(burn::tensor::Shape::from([count])))
        };
        unwrap(crate::silu_gate(flat(gate), flat(up))).reshape(shape)
    }

    fn kernel_silu_gate_backward(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        g: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        gate::backward(gate, up, g)
    }

    fn kernel_rotate(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
        backwards: bool,
    ) -> FloatTensor<Self> {
        rotate::rotate(heads, cosines, sines, backwards)
    }

    fn kernel_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        is_causal: bool,
    ) -> FloatTensor<Self> {
        attention::forward(q, k, v, is_causal)
    }

    fn kernel_attention_backward(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        g: FloatTensor<Self>,
        is_causal: bool,
    ) -> [FloatTensor<Self>; 3] {
        attention::backward(q, k, v, g, is_causal).into()
    }

    fn kernel_zero() -> FloatTensor<Self> {
        super::slices::tensor(vec![0.0], vec![1])
    }
}
