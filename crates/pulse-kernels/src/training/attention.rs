//! Backward pass of attention over whole sequences.
//!
//! Blocks of queries recompute their weights from queries and keys, so that between forward and
//! backward pass nothing of the size `n x n` is kept: a thread holds two blocks of
//! [`QUERIES`]` x n` at a time (Dao et al. 2022, here with whole rows, which need no saved sums).
//! The products are done by the `gemm` crate on one thread each; threads share the heads.

use burn::backend::Flex;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::kernels::unwrap;
use super::slices::{dims, tensor};
use crate::attention::{Heads, Matrix, accumulate, merge_heads, product};
use crate::cpu::from_values;
use crate::rows::exp;
use crate::{AttentionShape, attention, scratch};

/// Queries that a thread takes at a time in the backward pass of attention: with `n` keys it holds
/// `2 · ATTENTION_QUERIES · n` f32 values.
pub const QUERIES: usize = 96;

/// `softmax(q·kᵀ/√d)·v` of sequences without cache or padding, by the kernel of inference.
pub(super) fn forward(
    queries: FlexTensor,
    keys: FlexTensor,
    values: FlexTensor,
    is_causal: bool,
) -> FlexTensor {
    let shape = AttentionShape {
        length: dims(&keys)[2],
        is_causal,
        padding: &[],
    };
    let [queries, keys, values] = [queries, keys, values].map(Tensor::<4>::from_primitive::<Flex>);
    unwrap(attention(queries, keys, values, shape))
}

/// Gradients to queries `[batch, heads, n, d]`, keys and values `[batch, key_value_heads, n, d]` from
/// the gradient of the output `[batch, heads, n, d]`.
pub(super) fn backward(
    queries: FlexTensor,
    keys: FlexTensor,
    values: FlexTensor,
    gradient: FlexTensor,
    is_causal: bool,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let shape = dims(&queries);
    let narrow = dims(&keys);
    let (heads, n, dim, shared) = (shape[1], shape[2], shape[3], narrow[1]);
    let group = heads / shared.max(1);
    let per_head = n * dim;
    let mut query_gradient = vec![0f32; shape.iter().product()];
    let mut key_gradient = vec![0f32; narrow.iter().product()];
    let mut value_gradient = vec![0f32; narrow.iter().product()];
    let tensors = [queries, keys, values, gradient].map(with_plain_strides);
    let parts = tensors.each_ref().map(|part| Heads::of(part, n));
    if let [Some(queries), Some(keys), Some(values), Some(gradient)] = parts {
        let arch = Arch::new();
        query_gradient
            .par_chunks_mut(group * per_head)
            .zip(key_gradient.par_chunks_mut(per_head))
            .zip(value_gradient.par_chunks_mut(per_head))
            .enumerate()
            .for_each(
                |(index, ((query_gradient, key_gradient), value_gradient))| {
                    scratch::with(2 * QUERIES * n, |memory| {
                        let (weights, changes) = memory.split_at_mut(QUERIES * n);
                        let (row, shared_head) = (index / shared, index % shared);
                        for (member, query_gradient) in
                            query_gradient.chunks_exact_mut(per_head).enumerate()
                        {
                            let head = shared_head * group + member;
                            let mut task = Head {
                                queries: queries.head(row, head),
                                keys: keys.head(row, shared_head),
                                values: values.head(row, shared_head),
                                gradient: gradient.head(row, head),
                                query_gradient,
                                key_gradient: &mut *key_gradient,
                                value_gradient: &mut *value_gradient,
                                n,
                                dim,
                                is_causal,
                            };
                            task.run(arch, weights, changes);
                        }
                    });
                },
            );
    } else {
        // Nothing but tensors without values is no heads here; their gradients have none either.
        assert!(
            query_gradient.is_empty(),
            "heads of {shape:?} do not lie in their storage"
        );
    }
    // Values go on to a product of rows, queries and keys to the kernel that turns them back.
    let (batch, dim) = (narrow[0], narrow[3]);
    let merged = merge_heads(&value_gradient, [batch, shared, n, dim]);
    let merged = from_values(merged, [batch, n, shared, dim]).swap_dims(1, 2);
    (
        tensor(query_gradient, shape),
        tensor(key_gradient, narrow),
        unwrap(merged),
    )
}

/// Views with negative strides are not read in place.
fn with_plain_strides(part: FlexTensor) -> FlexTensor {
    if part.layout().strides().iter().all(|stride| *stride >= 0) {
        part
    } else {
        part.to_contiguous()
    }
}

/// One head of queries.
struct Head<'a> {
    queries: Matrix<'a>,
    keys: Matrix<'a>,
    values: Matrix<'a>,
    gradient: Matrix<'a>,
    query_gradient: &'a mut [f32],
    key_gradient: &'a mut [f32],
    value_gradient: &'a mut [f32],
    n: usize,
    dim: usize,
    is_causal: bool,
}

impl Head<'_> {
    fn run(&mut self, arch: Arch, weights: &mut [f32], changes: &mut [f32]) {
        let (n, dim) = (self.n, self.dim);
        for first in (0..n).step_by(QUERIES) {
            let count = QUERIES.min(n - first);
            let seen = if self.is_causal { first + count } else { n };
            let (queries, gradient) = (self.queries.rows(first), self.gradient.rows(first));
            let weights = &mut weights[..count * seen];
            let changes = &mut changes[..count * seen];
            product(queries, self.keys, [count, seen, dim], weights);
            product(gradient, self.values, [count, seen, dim], changes);
            arch.dispatch(Softmax {
                weights,
                changes,
                first,
                seen,
                scale: 1.0 / (dim as f32).sqrt(),
                is_causal: self.is_causal,
            });
            let (weights, changes) = (Matrix::new(weights, seen), Matrix::new(changes, seen));
            let block = first * dim..(first + count) * dim;
            accumulate(
                changes,
                self.keys,
                [count, dim, seen],
                &mut self.query_gradient[block],
            );
            let (key_gradient, value_gradient) = (
                &mut self.key_gradient[..seen * dim],
                &mut self.value_gradient[..seen * dim],
            );
            accumulate(
                changes.transposed(),
                queries,
                [seen, dim, count],
                key_gradient,
            );
            accumulate(
                weights.transposed(),
                gradient,
                [seen, dim, count],
                value_gradient,
            );
        }
    }
}

/// Scores to weights, and gradients of weights to gradients of scores times the scale.
struct Softmax<'a> {
    /// `[queries, seen]`: scores before the scale, becomes weights.
    weights: &'a mut [f32],
    /// `[queries, seen]`: gradients of the weights, becomes `scale · w · (g − Σ w·g)`.
    changes: &'a mut [f32],
    /// Position of the first query.
    first: usize,
    seen: usize,
    scale: f32,
    is_causal: bool,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self
            .weights
            .chunks_exact_mut(self.seen)
            .zip(self.changes.chunks_exact_mut(self.seen));
        for (query, (weights, changes)) in rows.enumerate() {
            let end = if self.is_causal {
                self.first + query + 1
            } else {
                self.seen
            };
            weights[end..].fill(0.0);
            changes[end..].fill(0.0);
            let (weights, changes) = (&mut weights[..end], &mut changes[..end]);
            let largest = lanes(
                weights,
                f32::NEG_INFINITY,
                |lane, x| {
                    if x > lane { x } else { lane }
                },
            )
            .fold(f32::NEG_INFINITY, f32::max);
            for weight in weights.iter_mut() {
                *weight = exp((*weight - largest) * self.scale);
            }
            let sum: f32 = lanes(weights, 0.0, |lane, x| lane + x).sum();
            let factor = 1.0 / sum;
            for (weight, change) in weights.iter_mut().zip(changes.iter_mut()) {
                *weight *= factor;
                *change *= *weight;
            }
            // The products are the summands of Σ w·g; what is left is w·g − w·Σ.
            let along: f32 = lanes(changes, 0.0, |lane, x| lane + x).sum();
            for (weight, change) in weights.iter().zip(changes.iter_mut()) {
                *change = (*change - *weight * along) * self.scale;
            }
        }
    }
}

/// A reduction in sixteen lanes, so that it vectorises; the caller joins the lanes.
#[inline(always)]
fn lanes(row: &[f32], start: f32, f: impl Fn(f32, f32) -> f32) -> impl Iterator<Item = f32> {
    let mut lanes = [start; 16];
    let (blocks, rest) = row.as_chunks::<16>();
    for block in blocks {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *lane = f(*lane, *x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane = f(*lane, *x);
    }
    lanes.into_iter()
}
