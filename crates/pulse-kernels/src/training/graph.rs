//! Where the model's functions enter a graph: each gives its result as a node of the graph that its inputs
//! belong to, or `None` where this is no matter of a graph on the CPU.

use burn::backend::Dispatch;
use burn::tensor::{DType, Tensor};

use super::ops::TrainingOps;
use crate::AttentionShape;
use crate::cpu::is_cpu;

/// Whether a tensor is on the CPU and in f32, seen through its graph.
pub(super) fn is_plain<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && is_cpu(&tensor.clone().inner())
}

/// The product `x · wᵀ`.
pub(crate) fn linear(input: &Tensor<2>, weight: &Tensor<2>) -> Option<Tensor<2>> {
    let is_graph = input.is_autodiff() || weight.is_autodiff();
    (is_graph && is_plain(input) && is_cpu(&weight.clone().inner())).then(|| {
        Tensor::from_dispatch(<Dispatch as TrainingOps>::train_linear(
            input.clone().into_dispatch(),
            weight.clone().into_dispatch(),
        ))
    })
}

/// As [`linear`], for the normalisation.
pub(crate) fn rms_norm<const D: usize>(
    input: &Tensor<D>,
    weight: &Tensor<1>,
    epsilon: f64,
) -> Option<Tensor<D>> {
    let is_graph = input.is_autodiff() || weight.is_autodiff();
    (is_graph && is_plain(input) && is_plain(weight)).then(|| {
        Tensor::from_dispatch(<Dispatch as TrainingOps>::train_rms_norm(
            input.clone().into_dispatch(),
            weight.clone().into_dispatch(),
            epsilon,
        ))
    })
}

/// As [`linear`], for the gated unit.
pub(crate) fn silu_gate<const D: usize>(gate: &Tensor<D>, up: &Tensor<D>) -> Option<Tensor<D>> {
    let is_graph = gate.is_autodiff() || up.is_autodiff();
    (is_graph && is_plain(gate) && is_plain(up)).then(|| {
        Tensor::from_dispatch(<Dispatch as TrainingOps>::train_silu_gate(
            gate.clone().into_dispatch(),
            up.clone().into_dispatch(),
        ))
    })
}

/// As [`linear`], for rotary positions.
pub(crate) fn rotate(
    heads: &Tensor<4>,
    cosines: &Tensor<4>,
    sines: &Tensor<4>,
) -> Option<Tensor<4>> {
    (heads.is_autodiff() && is_plain(heads) && is_plain(cosines)).then(|| {
        Tensor::from_dispatch(<Dispatch as TrainingOps>::train_rotate(
            heads.clone().into_dispatch(),
            cosines.clone().into_dispatch(),
            sines.clone().into_dispatch(),
        ))
    })
}

/// As [`linear`], for attention of whole sequences without padding.
pub(crate) fn attention(
    queries: &Tensor<4>,
    keys: &Tensor<4>,
    values: &Tensor<4>,
    shape: AttentionShape<'_>,
) -> Option<Tensor<4>> {
    let parts = [queries, keys, values];
    let is_graph = parts.iter().any(|part| part.is_autodiff());
    let is_whole = parts.iter().all(|part| part.dims()[2] == shape.length)
        && shape.padding.iter().all(|pad| *pad == 0);
    (is_graph && is_whole && parts.iter().all(|part| is_plain(part))).then(|| {
        Tensor::from_dispatch(<Dispatch as TrainingOps>::train_attention(
            queries.clone().into_dispatch(),
            keys.clone().into_dispatch(),
            values.clone().into_dispatch(),
            shape.is_causal,
        ))
    })
}

/// A zero, `[1]`, whose `backward` hands `gradient`, of the shape of `output`, to the graph of
/// `output`: where a backward pass is done in parts, this starts the next part without a product and
/// a sum over the whole tensor.
pub fn inject_gradient<const D: usize>(output: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
    if is_plain(&output) && is_plain(&gradient) {
        let zero = <Dispatch as TrainingOps>::train_inject(
            output.into_dispatch(),
            gradient.inner().into_dispatch(),
        );
        return Tensor::from_dispatch(zero);
    }
    (output * Tensor::from_inner(gradient)).sum()
}
