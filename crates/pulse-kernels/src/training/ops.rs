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
use burn::backend::{Autodiff, Backend, Flex, backend_extension};

use super::kernels::TrainingKernels;

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
