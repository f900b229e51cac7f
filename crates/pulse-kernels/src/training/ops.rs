//! The operations as nodes of Burn's autodiff graph.
//!
//! Each records what its backward pass needs and nothing else. Gradients of linear layers come out
//! in f32 and in the layout of the weight, whatever type the weight is kept in.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{DType, Tensor};

use super::kernels::TrainingKernels;
use crate::AttentionShape;
use crate::cpu::is_cpu;

/// Operations with a hand-written backward pass.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait TrainingOps: Backend {
    /// `x[rows, inputs] · w[outputs, inputs]ᵀ`.
    fn train_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Root-mean-square normalisation over the last axis.
    fn train_rms_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
    /// `silu(gate) · up`.
    fn train_silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Rotary positions.
    fn train_rotate(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// Attention of whole sequences.
    fn train_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        is_causal: bool,
    ) -> FloatTensor<Self>;
    /// One zero whose backward pass hands `gradient` to `output`.
    fn train_inject(output: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl TrainingOps for Flex {
    fn train_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::kernel_linear(x, w)
    }

    fn train_rms_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        Self::kernel_rms_norm(x, w, epsilon)
    }

    fn train_silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::kernel_silu_gate(gate, up)
    }

    fn train_rotate(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::kernel_rotate(heads, cosines, sines, false)
    }

    fn train_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        is_causal: bool,
    ) -> FloatTensor<Self> {
        Self::kernel_attention(q, k, v, is_causal)
    }

    fn train_inject(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::kernel_zero()
    }
}

#[derive(Debug)]
struct LinearBackward;

impl<B: TrainingKernels> Backward<B, 2> for LinearBackward {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let [x_node, w_node] = ops.parents;
        let (x, w) = ops.state;
        if let Some(node) = w_node {
            gradients.register::<B>(node.id, B::kernel_linear_weight_gradient(g.clone(), x));
        }
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, B::kernel_linear_input_gradient(g, w));
        }
    }
}

#[derive(Debug)]
struct RmsNormBackward;

impl<B: TrainingKernels> Backward<B, 2> for RmsNormBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let (x, w, epsilon) = ops.state;
        let (x_gradient, w_gradient) = B::kernel_rms_norm_backward(x, w, g, epsilon);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        register::<B, 2>(gradients, parents, [x_gradient, w_gradient]);
    }
}

/// Hands gradients to the parents that want theirs.
fn register<B: TrainingKernels, const N: usize>(
    gradients: &mut Gradients,
    parents: [Option<NodeId>; N],
    values: [FloatTensor<B>; N],
) {
    for (parent, value) in parents.into_iter().zip(values) {
        if let Some(parent) = parent {
            gradients.register::<B>(parent, value);
        }
    }
}

#[derive(Debug)]
struct SiluGateBackward;

impl<B: TrainingKernels> Backward<B, 2> for SiluGateBackward {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let (gate, up) = ops.state;
        let (gate_gradient, up_gradient) = B::kernel_silu_gate_backward(gate, up, g);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        register::<B, 2>(gradients, parents, [gate_gradient, up_gradient]);
    }
}

#[derive(Debug)]
struct RotateBackward;

impl<B: TrainingKernels> Backward<B, 1> for RotateBackward {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let (cosines, sines) = ops.state;
        let turned = B::kernel_rotate(g, cosines, sines, true);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        register::<B, 1>(gradients, parents, [turned]);
    }
}

#[derive(Debug)]
struct AttentionBackward;

impl<B: TrainingKernels> Backward<B, 3> for AttentionBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, bool);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let (q, k, v, is_causal) = ops.state;
        let all = B::kernel_attention_backward(q, k, v, g, is_causal);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        register::<B, 3>(gradients, parents, all);
    }
}

#[derive(Debug)]
struct InjectBackward;

impl<B: TrainingKernels> Backward<B, 1> for InjectBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let _ = gradients.consume::<B>(&ops.node);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        register::<B, 1>(gradients, parents, [ops.state]);
    }
}

impl<B: TrainingKernels, C: CheckpointStrategy> TrainingOps for Autodiff<B, C> {
    fn train_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = LinearBackward.prepare::<C>([x.node(), w.node()]);
        let (x, w) = (x.into_primitive(), w.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (x.clone(), w.clone());
                prepared.finish(state, B::kernel_linear(x, w))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::kernel_linear(x, w)),
        }
    }

    fn train_rms_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let prepared = RmsNormBackward.prepare::<C>([x.node(), w.node()]);
        let (x, w) = (x.into_primitive(), w.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (x.clone(), w.clone(), epsilon);
                prepared.finish(state, B::kernel_rms_norm(x, w, epsilon))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::kernel_rms_norm(x, w, epsilon)),
        }
    }

    fn train_silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = SiluGateBackward.prepare::<C>([gate.node(), up.node()]);
        let (gate, up) = (gate.into_primitive(), up.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (gate.clone(), up.clone());
                prepared.finish(state, B::kernel_silu_gate(gate, up))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::kernel_silu_gate(gate, up)),
        }
    }

    fn train_rotate(
        heads: FloatTensor<Self>,
        cosines: FloatTensor<Self>,
        sines: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let prepared = RotateBackward.prepare::<C>([heads.node()]);
        let (heads, cosines, sines) = (
            heads.into_primitive(),
            cosines.into_primitive(),
            sines.into_primitive(),
        );
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (cosines.clone(), sines.clone());
                prepared.finish(state, B::kernel_rotate(heads, cosines, sines, false))
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::kernel_rotate(heads, cosines, sines, false))
            }
        }
    }

    fn train_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        is_causal: bool,
    ) -> FloatTensor<Self> {
        let prepared = AttentionBackward.prepare::<C>([q.node(), k.node(), v.node()]);
        let (q, k, v) = (q.into_primitive(), k.into_primitive(), v.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (q.clone(), k.clone(), v.clone(), is_causal);
                prepared.finish(state, B::kernel_attention(q, k, v, is_causal))
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::kernel_attention(q, k, v, is_causal))
            }
        }
    }

    fn train_inject(output: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = InjectBackward.prepare::<C>([output.node()]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish(gradient.into_primitive(), B::kernel_zero())
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::kernel_zero()),
        }
    }
}

/// Whether a tensor is on the CPU and in f32, seen through its graph.
fn is_plain<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && is_cpu(&tensor.clone().inner())
}

/// The product as a node of a graph, or `None` where this is no matter of a graph on the CPU.
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
