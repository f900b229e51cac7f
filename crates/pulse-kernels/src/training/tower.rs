//! What the vision tower has and the decoder has not, as nodes of Burn's autodiff graph: layer normalisation,
//! CLIP's activation and biases.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Shape, Tensor};

use super::graph::is_plain;
use super::kernels::unwrap;
use super::slices::dims;
use super::{bias, layer_norm_backward, quick_gelu_backward};
use crate::cpu::contiguous;

/// Operations with a hand-written backward pass.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait TowerOps: Backend {
    /// Layer normalisation over the last axis.
    fn train_layer_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
    /// `x · sigmoid(1.702 x)`.
    fn train_quick_gelu(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `x[rows, width] + b[width]`.
    fn train_add_bias(x: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Forward and backward kernels. All activations and gradients are f32.
pub(crate) trait TowerKernels: Backend + TowerOps {
    /// Gradients to `x`, `w` and `b`.
    fn kernel_layer_norm_backward(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        g: FloatTensor<Self>,
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3];
    /// The gradient to `x`.
    fn kernel_quick_gelu_backward(x: FloatTensor<Self>, g: FloatTensor<Self>) -> FloatTensor<Self>;
    /// The gradient to `b`.
    fn kernel_bias_gradient(g: FloatTensor<Self>, width: usize) -> FloatTensor<Self>;
    /// The last axis.
    fn kernel_width(x: &FloatTensor<Self>) -> usize;
}

/// A primitive as rows of `width` values and back, around a kernel of inference.
fn on_rows(
    x: FloatTensor<Flex>,
    width: usize,
    work: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> FloatTensor<Flex> {
    let shape = x.layout().shape().clone();
    let rows = x.layout().num_elements() / width.max(1);
    let flat = contiguous(x).reshape(Shape::from([rows, width]));
    unwrap(work(Tensor::from_primitive::<Flex>(flat))).reshape(shape)
}

fn width_of(x: &FloatTensor<Flex>) -> usize {
    dims(x).last().copied().unwrap_or(0)
}

fn wrap(primitive: FloatTensor<Flex>) -> Tensor<1> {
    Tensor::from_primitive::<Flex>(primitive)
}

impl TowerOps for Flex {
    fn train_layer_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let width = width_of(&x);
        on_rows(x, width, |rows| {
            crate::norm::layer_norm(rows, wrap(w), wrap(b), epsilon)
        })
    }

    fn train_quick_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let width = width_of(&x);
        on_rows(x, width, crate::quick_gelu)
    }

    fn train_add_bias(x: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let width = width_of(&x);
        on_rows(x, width, |rows| crate::linear::add_bias(rows, wrap(b)))
    }
}

impl TowerKernels for Flex {
    fn kernel_layer_norm_backward(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        g: FloatTensor<Self>,
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3] {
        layer_norm_backward::backward(x, w, g, epsilon as f32)
    }

    fn kernel_quick_gelu_backward(x: FloatTensor<Self>, g: FloatTensor<Self>) -> FloatTensor<Self> {
        quick_gelu_backward::backward(x, g)
    }

    fn kernel_bias_gradient(g: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        bias::backward(g, width)
    }

    fn kernel_width(x: &FloatTensor<Self>) -> usize {
        width_of(x)
    }
}

#[derive(Debug)]
struct LayerNormBackward;

impl<B: TowerKernels> Backward<B, 3> for LayerNormBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let (x, w, epsilon) = ops.state;
        let values = B::kernel_layer_norm_backward(x, w, g, epsilon);
        for (parent, value) in ops.parents.into_iter().zip(values) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, value);
            }
        }
    }
}

#[derive(Debug)]
struct QuickGeluBackward;

impl<B: TowerKernels> Backward<B, 1> for QuickGeluBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            gradients.register::<B>(parent.id, B::kernel_quick_gelu_backward(ops.state, g));
        }
    }
}

#[derive(Debug)]
struct AddBiasBackward;

impl<B: TowerKernels> Backward<B, 2> for AddBiasBackward {
    /// Width of a row.
    type State = usize;

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let g = gradients.consume::<B>(&ops.node);
        let [x, bias] = ops.parents;
        if let Some(parent) = bias {
            gradients.register::<B>(parent.id, B::kernel_bias_gradient(g.clone(), ops.state));
        }
        if let Some(parent) = x {
            gradients.register::<B>(parent.id, g);
        }
    }
}

impl<B: TowerKernels, C: CheckpointStrategy> TowerOps for Autodiff<B, C> {
    fn train_layer_norm(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let prepared = LayerNormBackward.prepare::<C>([x.node(), w.node(), b.node()]);
        let (x, w, b) = (x.into_primitive(), w.into_primitive(), b.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (x.clone(), w.clone(), epsilon);
                prepared.finish(state, B::train_layer_norm(x, w, b, epsilon))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::train_layer_norm(x, w, b, epsilon)),
        }
    }

    fn train_quick_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = QuickGeluBackward.prepare::<C>([x.node()]);
        let x = x.into_primitive();
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(x.clone(), B::train_quick_gelu(x)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::train_quick_gelu(x)),
        }
    }

    fn train_add_bias(x: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = AddBiasBackward.prepare::<C>([x.node(), b.node()]);
        let (x, b) = (x.into_primitive(), b.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let width = B::kernel_width(&x);
                prepared.finish(width, B::train_add_bias(x, b))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::train_add_bias(x, b)),
        }
    }
}

/// The normalisation as a node of its inputs' graph; `None` where this is no matter of a graph on the CPU.
pub(crate) fn layer_norm<const D: usize>(
    input: &Tensor<D>,
    weight: &Tensor<1>,
    bias: &Tensor<1>,
    epsilon: f64,
) -> Option<Tensor<D>> {
    let is_graph = input.is_autodiff() || weight.is_autodiff();
    let is_ours = is_graph && is_plain(input) && is_plain(weight) && is_plain(bias);
    is_ours.then(|| {
        Tensor::from_dispatch(<Dispatch as TowerOps>::train_layer_norm(
            input.clone().into_dispatch(),
            weight.clone().into_dispatch(),
            bias.clone().into_dispatch(),
            epsilon,
        ))
    })
}

/// As [`layer_norm()`], for the activation.
pub(crate) fn quick_gelu<const D: usize>(input: &Tensor<D>) -> Option<Tensor<D>> {
    (input.is_autodiff() && is_plain(input)).then(|| {
        Tensor::from_dispatch(<Dispatch as TowerOps>::train_quick_gelu(
            input.clone().into_dispatch(),
        ))
    })
}

/// As [`layer_norm()`], for a bias.
pub(crate) fn add_bias(product: &Tensor<2>, bias: &Tensor<1>) -> Option<Tensor<2>> {
    let is_graph = product.is_autodiff() || bias.is_autodiff();
    (is_graph && is_plain(product) && is_plain(bias)).then(|| {
        Tensor::from_dispatch(<Dispatch as TowerOps>::train_add_bias(
            product.clone().into_dispatch(),
            bias.clone().into_dispatch(),
        ))
    })
}
