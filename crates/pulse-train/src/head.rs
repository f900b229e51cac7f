//! Final norm, head and loss, in chunks of rows.
//!
//! Only positions that are learnt go through the head, and of these a chunk at a time: the logits of
//! a page's 2880 visual tokens are never computed, and `positions x vocabulary` in f32 never exists.

use burn::module::Module;
use burn::tensor::{DType, Tensor};
use pulse_kernels::is_cpu;
use pulse_kernels::training::{
    RowLosses, add_weight_gradient, cross_entropy, inject_gradient, linear_input_gradient,
};
use pulse_llm::decoder::LayeredDecoder;

use crate::gradients::{GradientStore, of_leaf};

/// Bytes of one chunk of logits.
const CHUNK_BYTES: usize = 32 << 20;

/// Rows of a chunk for a vocabulary.
pub(crate) fn chunk_rows(vocabulary: usize) -> usize {
    (CHUNK_BYTES / 4 / vocabulary.max(1)).max(16)
}

/// Loss of hidden states `[n, hidden]` that predict `targets`, and the gradient of `scale · Σ loss` to
/// them. Gradients of norm and head go to the store if these are trained.
pub(crate) fn loss<D: LayeredDecoder>(
    decoder: &D,
    hidden: Tensor<2>,
    targets: &[u32],
    scale: f64,
    store: &mut GradientStore,
) -> (f64, Tensor<2>) {
    let [rows, width] = hidden.dims();
    let norm = decoder.final_norm().clone().train();
    let input = Tensor::from_inner(hidden).require_grad();
    let normalised = norm.forward(input.clone());
    let states = normalised.clone().inner();
    let head = decoder.head();
    // The CPU's kernels read any stored type (below AVX-512 each chunk widens it); elsewhere it is widened once.
    let weight = match head.weight() {
        weight if is_cpu(&weight) => weight,
        weight => weight.cast(DType::F32),
    };
    // A packed head has no parameter: it is never trained.
    let trained =
        (head.weight_parameter()).filter(|weight| (*weight).clone().train().is_require_grad());
    let mut sum = 0f64;
    let mut weight_gradient: Option<Tensor<2>> = None;
    let mut state_gradients = Vec::new();
    let step = chunk_rows(weight.dims()[0]);
    for first in (0..rows).step_by(step) {
        let last = (first + step).min(rows);
        let chunk = states.clone().slice([first..last, 0..width]);
        let logits = head.forward(chunk.clone()).cast(DType::F32);
        let outcome = cross_entropy(logits, &targets[first..last], scale as f32);
        sum += total(&outcome);
        if trained.is_some() {
            let sum = weight_gradient.take();
            weight_gradient = Some(add_weight_gradient(sum, &outcome.gradient, &chunk));
        }
        state_gradients.push(linear_input_gradient(&outcome.gradient, &weight));
    }
    if let (Some(gradient), Some(weight)) = (weight_gradient, trained) {
        store.add(weight.id, gradient);
    }
    let state_gradient = Tensor::cat(state_gradients, 0);
    let mut gradients = inject_gradient(normalised, state_gradient).backward();
    store.collect(&norm, &mut gradients);
    (sum, of_leaf(&input, &mut gradients))
}

/// `Σ loss` of hidden states `[n, hidden]` that predict `targets`, without gradients.
pub(crate) fn sum_of_losses<D: LayeredDecoder>(
    decoder: &D,
    hidden: Tensor<2>,
    targets: &[u32],
) -> f64 {
    let states = decoder.final_norm().forward(hidden);
    let [rows, width] = states.dims();
    let step = chunk_rows(decoder.head().outputs());
    let chunks = (0..rows).step_by(step).map(|first| {
        let last = (first + step).min(rows);
        let chunk = states.clone().slice([first..last, 0..width]);
        let logits = decoder.head().forward(chunk).cast(DType::F32);
        total(&cross_entropy(logits, &targets[first..last], 1.0))
    });
    chunks.sum()
}

fn total(rows: &RowLosses) -> f64 {
    rows.losses.iter().map(|loss| f64::from(*loss)).sum()
}
