//! Every hand-written backward pass against Burn's autodiff of the plain operations.

use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Bool, DType, Device, Distribution, Tensor, TensorData};

use super::*;
use crate::AttentionShape;

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

fn leaf<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    Tensor::from_inner(tensor.clone()).require_grad()
}

/// Gradients of `Σ output · weights` to the leaves by two ways; sums of some hundred values of size 1,
/// each way in an order of its own.
const ORDER_ABS: f32 = 2e-4;

fn assert_near<const D: usize>(name: &str, ours: Tensor<D>, plain: Tensor<D>) {
    assert_eq!(ours.dims(), plain.dims(), "{name}");
    let far = (ours - plain).abs().max().into_scalar::<f32>();
    assert!(far < ORDER_ABS, "{name}: {far}");
}

#[test]
fn linear() {
    for stored in [DType::F32, DType::BF16] {
        let (x, w) = (random([70, 33]), random([41, 33]).cast(stored));
        let g = random([70, 41]);
        let (a, b) = (leaf(&x), leaf(&w));
        let output = graph::linear(&a, &b).expect("a graph on the CPU");
        let mut gradients = inject_gradient(output, g.clone()).backward();
        let wide = w.cast(DType::F32);
        let plain_x = g.clone().matmul(wide);
        let plain_w = g.transpose().matmul(x);
        assert_near("x", a.grad_remove(&mut gradients).expect("x"), plain_x);
        let ours = b.grad_remove(&mut gradients).expect("w");
        assert_eq!(ours.dtype(), DType::F32);
        assert_near("w", ours, plain_w);
    }
}

#[test]
fn gradients_to_weights_of_several_blocks_add_up() {
    // More rows than a stretch, more outputs than a block, a column left over.
    let (x, g, sum) = (random([1100, 49]), random([1100, 530]), random([530, 49]));
    // Scaled so that a sum of 1100 products is of size 1.
    let g = g * 0.03;
    let change = g.clone().transpose().matmul(x.clone());
    assert_near("new", add_weight_gradient(None, &g, &x), change.clone());
    // A sum that others read is not written to; one of its own is.
    let host: Vec<f32> = sum.to_data().try_to_vec().expect("f32");
    let expected =
        Tensor::<2>::from_data(TensorData::new(host.clone(), [530, 49]), &Device::flex()) + change;
    let added = add_weight_gradient(Some(sum.clone()), &g, &x);
    assert_near("added", added, expected.clone());
    let kept: Vec<f32> = sum.to_data().try_to_vec().expect("f32");
    assert!(kept == host);
    let owned = add_weight_gradient(Some(sum), &g, &x);
    assert_near("added in place", owned, expected);
    let none = add_weight_gradient(None, &random([0, 8]), &random([0, 9]));
    assert_near("no rows", none, Tensor::zeros([8, 9], &Device::flex()));
}

#[test]
fn normalisation() {
    let (x, w, g) = (random([3, 50, 77]), random([77]), random([3, 50, 77]));
    let (a, b) = (leaf(&x), leaf(&w));
    let output = graph::rms_norm(&a, &b, 1e-5).expect("a graph on the CPU");
    let mut ours = inject_gradient(output, g.clone()).backward();
    let (c, d) = (leaf(&x), leaf(&w));
    let mean = c.clone().powi_scalar(2).mean_dim(2);
    let plain = c.clone() * (mean + 1e-5).sqrt().recip() * d.clone().unsqueeze();
    let mut plain = (plain * Tensor::from_inner(g)).sum().backward();
    assert_near(
        "x",
        a.grad_remove(&mut ours).expect("x"),
        c.grad_remove(&mut plain).expect("x"),
    );
    assert_near(
        "w",
        b.grad_remove(&mut ours).expect("w"),
        d.grad_remove(&mut plain).expect("w"),
    );
}

#[test]
fn gated_unit() {
    let (x, y, g) = (
        random([2, 40, 31]),
        random([2, 40, 31]),
        random([2, 40, 31]),
    );
    let (a, b) = (leaf(&x), leaf(&y));
    let output = graph::silu_gate(&a, &b).expect("a graph on the CPU");
    let mut ours = inject_gradient(output, g.clone()).backward();
    let (c, d) = (leaf(&x), leaf(&y));
    let plain = silu(c.clone()) * d.clone();
    let mut plain = (plain * Tensor::from_inner(g)).sum().backward();
    assert_near(
        "gate",
        a.grad_remove(&mut ours).expect("gate"),
        c.grad_remove(&mut plain).expect("gate"),
    );
    assert_near(
        "up",
        b.grad_remove(&mut ours).expect("up"),
        d.grad_remove(&mut plain).expect("up"),
    );
}

#[test]
fn rotary_positions() {
    let (x, g) = (random([2, 3, 21, 16]), random([2, 3, 21, 16]));
    for rows in [1, 2] {
        let angles = random([rows, 1, 21, 8]);
        let (cosines, sines) = (angles.clone().cos(), angles.sin());
        let a = leaf(&x);
        let output = crate::rotate(a.clone(), &cosines, &sines);
        let plain = crate::rotate(x.clone(), &cosines, &sines);
        assert_near("forward", output.clone().inner(), plain);
        let mut ours = inject_gradient(output, g.clone()).backward();
        // Turning back is the transposed map.
        let plain = crate::rotate(g.clone(), &cosines, &sines.neg());
        assert_near("heads", a.grad_remove(&mut ours).expect("heads"), plain);
    }
}

#[test]
fn attention() {
    // Lengths below, at and above the blocks of 96 queries; grouped heads; views with strides.
    for (n, heads, shared, is_causal) in [
        (1, 2, 2, true),
        (95, 2, 2, true),
        (96, 4, 2, true),
        (211, 4, 1, true),
        (130, 3, 3, false),
    ] {
        let view = |heads: usize| random([2, n, heads, 16]).swap_dims(1, 2);
        let (q, k, v, g) = (view(heads), view(shared), view(shared), view(heads));
        let shape = AttentionShape {
            length: n,
            is_causal,
            padding: &[],
        };
        let leaves = [leaf(&q), leaf(&k), leaf(&v)];
        let output = crate::attention(
            leaves[0].clone(),
            leaves[1].clone(),
            leaves[2].clone(),
            shape,
        );
        let mut ours = inject_gradient(output.clone(), g.clone()).backward();
        let others = [leaf(&q), leaf(&k), leaf(&v)];
        let wide = |part: &Tensor<4>| part.clone().repeat_dim(2, heads / shared);
        // Each shared head serves a run of query heads.
        let spread = |part: &Tensor<4>| {
            let [batch, _, n, d] = part.dims();
            wide(&part.clone().reshape([batch, shared, 1, n * d])).reshape([batch, heads, n, d])
        };
        let scores = others[0]
            .clone()
            .matmul(spread(&others[1]).transpose())
            .div_scalar(4.0);
        let scores = if is_causal {
            let mask = Tensor::<2, Bool>::tril_mask([n, n], 0, &scores.device());
            scores.mask_fill(mask.unsqueeze(), f32::NEG_INFINITY)
        } else {
            scores
        };
        let plain = softmax(scores, 3).matmul(spread(&others[2]));
        assert_near("forward", output.inner(), plain.clone().inner());
        let mut plain = (plain * Tensor::from_inner(g)).sum().backward();
        for (name, (a, b)) in ["queries", "keys", "values"]
            .iter()
            .zip(leaves.iter().zip(&others))
        {
            assert_near(
                &format!("{name} of {n} {heads}/{shared}"),
                a.grad_remove(&mut ours).expect("ours"),
                b.grad_remove(&mut plain).expect("plain"),
            );
        }
    }
}

#[test]
fn frozen_weights_get_no_gradient_and_pass_one_on() {
    let (x, w, g) = (random([20, 8]), random([9, 8]), random([20, 9]));
    let a = leaf(&x);
    let frozen = Tensor::from_inner(w.clone());
    let output = graph::linear(&a, &frozen).expect("a graph on the CPU");
    let mut gradients = inject_gradient(output, g.clone()).backward();
    assert!(frozen.grad_remove(&mut gradients).is_none());
    assert_near("x", a.grad_remove(&mut gradients).expect("x"), g.matmul(w));
}

#[test]
fn the_towers_operations() {
    let (x, g) = (random([3, 50, 77]), random([3, 50, 77]));
    let (w, b) = (random([77]), random([77]));
    let ours = [leaf(&w), leaf(&b)];
    let plain = [leaf(&w), leaf(&b)];
    let (a, c) = (leaf(&x), leaf(&x));
    let output = layer_norm(&a, &ours[0], &ours[1], 1e-5).expect("a graph on the CPU");
    let mut gradients = inject_gradient(output, g.clone()).backward();
    let centred = c.clone() - c.clone().mean_dim(2);
    let deviation = (centred.clone().powi_scalar(2).mean_dim(2) + 1e-5).sqrt();
    let output = centred / deviation * plain[0].clone().unsqueeze() + plain[1].clone().unsqueeze();
    let mut expected = (output * Tensor::from_inner(g.clone())).sum().backward();
    assert_near(
        "x of the norm",
        a.grad_remove(&mut gradients).expect("x"),
        c.grad_remove(&mut expected).expect("x"),
    );
    for (name, (ours, plain)) in ["w", "b"].iter().zip(ours.iter().zip(&plain)) {
        assert_near(
            name,
            ours.grad_remove(&mut gradients).expect("gradient"),
            plain.grad_remove(&mut expected).expect("gradient"),
        );
    }
    let (a, c) = (leaf(&x), leaf(&x));
    let output = quick_gelu(&a).expect("a graph on the CPU");
    let mut gradients = inject_gradient(output, g.clone()).backward();
    let output = c.clone() * burn::tensor::activation::sigmoid(c.clone() * 1.702);
    let mut expected = (output * Tensor::from_inner(g)).sum().backward();
    assert_near(
        "activation",
        a.grad_remove(&mut gradients).expect("x"),
        c.grad_remove(&mut expected).expect("x"),
    );
    let (x, b, g) = (random([700, 77]), random([77]), random([700, 77]) * 0.1);
    let (a, c) = (leaf(&x), leaf(&b));
    let output = add_bias(&a, &c).expect("a graph on the CPU");
    assert_near("sum", output.clone().inner(), x + b.unsqueeze());
    let mut gradients = inject_gradient(output, g.clone()).backward();
    assert_near("x", a.grad_remove(&mut gradients).expect("x"), g.clone());
    let sums = g.sum_dim(0).reshape([77]);
    assert_near("b", c.grad_remove(&mut gradients).expect("b"), sums);
}
