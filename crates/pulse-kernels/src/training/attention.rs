//! Backward pass of attention over whole sequences.
//!
//! Blocks of queries recompute their weights from queries and keys, so that between forward and
//! backward pass nothing of the size `n x n` is kept: a thread holds two blocks of
//! [`QUERIES`]` x n` at a time (Dao et al. 2022, here with whole rows, which need no saved sums).
//! Keys and values of a head are packed once for all blocks; threads share the heads.

use burn::backend::Flex;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::kernels::unwrap;
use super::slices::{dims, tensor};
use crate::attention::{Heads, Matrix, merge_heads};
use crate::cpu::from_values;
use crate::dense::strided::{self, Left, Out, Right};
use crate::dense::{PanelSource, StoredRows};
use crate::rows::exp;
use crate::{AttentionShape, Level, attention, scratch};

/// Queries that a thread takes at a time.
const QUERIES: usize = 96;
/// Keys of one panel.
const PANEL: usize = 64;

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
        let level = Level::detect();
        query_gradient
            .par_chunks_mut(group * per_head)
            .zip(key_gradient.par_chunks_mut(per_head))
            .zip(value_gradient.par_chunks_mut(per_head))
            .enumerate()
            .for_each(
                |(index, ((query_gradient, key_gradient), value_gradient))| {
                    scratch::with(attention_scratch(n, dim), |memory| {
                        let (row, shared_head) = (index / shared, index % shared);
                        let (packed, memory) = memory.split_at_mut(packed_values(n, dim));
                        let both = [keys.head(row, shared_head), values.head(row, shared_head)];
                        let packed = Packed::of(level, both, [n, dim], packed);
                        for (member, query_gradient) in
                            query_gradient.chunks_exact_mut(per_head).enumerate()
                        {
                            let head = shared_head * group + member;
                            let mut task = Head {
                                level,
                                queries: queries.head(row, head),
                                gradient: gradient.head(row, head),
                                packed,
                                query_gradient,
                                key_gradient: &mut *key_gradient,
                                value_gradient: &mut *value_gradient,
                                n,
                                dim,
                                is_causal,
                            };
                            task.run(arch, memory);
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

/// Keys and values of one head as the products read them.
#[derive(Clone, Copy)]
struct Packed<'a> {
    /// `[n, dim]`.
    keys: &'a [f32],
    /// Keys transposed, `[n / PANEL, dim, PANEL]`.
    key_panels: &'a [f32],
    /// Values transposed.
    value_panels: &'a [f32],
}

impl<'a> Packed<'a> {
    /// `memory` holds [`packed_values`].
    fn of(
        level: Level,
        [keys, values]: [Matrix<'_>; 2],
        [n, dim]: [usize; 2],
        memory: &'a mut [f32],
    ) -> Self {
        let (plain, memory) = memory.split_at_mut(n * dim);
        let (key_panels, value_panels) = memory.split_at_mut(memory.len() / 2);
        for (matrix, panels) in [(values, &mut *value_panels), (keys, &mut *key_panels)] {
            matrix.copy_rows([n, dim], plain);
            let rows = StoredRows::new(&*plain, [n, dim]);
            for (panel, out) in panels.chunks_exact_mut(PANEL * dim).enumerate() {
                rows.widen(level, [panel * PANEL, 0], dim, out, PANEL);
            }
        }
        Self {
            keys: plain,
            key_panels,
            value_panels,
        }
    }
}

/// Values of [`Packed`].
fn packed_values(n: usize, dim: usize) -> usize {
    (n + 2 * n.next_multiple_of(PANEL)) * dim
}

/// Distance of the rows of a block of weights: not a multiple of a page, whose rows would all meet in one set of
/// the first cache when columns are read.
fn weight_stride(n: usize) -> usize {
    n.next_multiple_of(16) + 16
}

/// f32 values that a thread holds for the backward pass of attention over `n` positions.
pub fn attention_scratch(n: usize, dim: usize) -> usize {
    packed_values(n, dim) + 2 * QUERIES * (weight_stride(n) + dim)
}

/// One head of queries.
struct Head<'a> {
    level: Level,
    queries: Matrix<'a>,
    gradient: Matrix<'a>,
    packed: Packed<'a>,
    query_gradient: &'a mut [f32],
    key_gradient: &'a mut [f32],
    value_gradient: &'a mut [f32],
    n: usize,
    dim: usize,
    is_causal: bool,
}

impl Head<'_> {
    fn run(&mut self, arch: Arch, memory: &mut [f32]) {
        let (n, dim, level) = (self.n, self.dim, self.level);
        let stride = weight_stride(n);
        let (weights, memory) = memory.split_at_mut(QUERIES * stride);
        let (changes, memory) = memory.split_at_mut(QUERIES * stride);
        let (queries, gradient) = memory.split_at_mut(QUERIES * dim);
        for first in (0..n).step_by(QUERIES) {
            let count = QUERIES.min(n - first);
            let seen = if self.is_causal { first + count } else { n };
            self.queries.rows(first).copy_rows([count, dim], queries);
            self.gradient.rows(first).copy_rows([count, dim], gradient);
            for (left, panels, out) in [
                (&*queries, self.packed.key_panels, &mut *weights),
                (&*gradient, self.packed.value_panels, &mut *changes),
            ] {
                for (column, panel) in (0..seen).step_by(PANEL).zip(panels.chunks(PANEL * dim)) {
                    let shape = [count, PANEL.min(seen - column), dim];
                    let out = rows_out(&mut out[column..], stride);
                    strided::multiply(
                        level,
                        rows_left(left, dim),
                        rows_right(panel, PANEL),
                        shape,
                        out,
                        false,
                    );
                }
            }
            arch.dispatch(Softmax {
                weights: &mut weights[..count * stride],
                changes: &mut changes[..count * stride],
                first,
                seen,
                stride,
                scale: 1.0 / (dim as f32).sqrt(),
                is_causal: self.is_causal,
            });
            strided::multiply(
                level,
                rows_left(changes, stride),
                rows_right(self.packed.keys, dim),
                [count, dim, seen],
                rows_out(&mut self.query_gradient[first * dim..], dim),
                true,
            );
            for (left, right, out) in [
                (&*changes, &*queries, &mut *self.key_gradient),
                (&*weights, &*gradient, &mut *self.value_gradient),
            ] {
                let left = Left {
                    values: left,
                    row_stride: 1,
                    column_stride: stride,
                };
                let right = rows_right(right, dim);
                let out = rows_out(out, dim);
                strided::multiply(level, left, right, [seen, dim, count], out, true);
            }
        }
    }
}

fn rows_left(values: &[f32], stride: usize) -> Left<'_> {
    Left {
        values,
        row_stride: stride,
        column_stride: 1,
    }
}

fn rows_right(values: &[f32], stride: usize) -> Right<'_> {
    Right {
        values,
        row_stride: stride,
    }
}

fn rows_out(values: &mut [f32], stride: usize) -> Out<'_> {
    Out {
        values,
        row_stride: stride,
    }
}

/// Scores to weights, and gradients of weights to gradients of scores times the scale.
struct Softmax<'a> {
    /// `[queries, seen]` of rows `stride` apart: scores before the scale, becomes weights.
    weights: &'a mut [f32],
    /// `[queries, seen]`: gradients of the weights, becomes `scale · w · (g − Σ w·g)`.
    changes: &'a mut [f32],
    /// Position of the first query.
    first: usize,
    seen: usize,
    stride: usize,
    scale: f32,
    is_causal: bool,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self
            .weights
            .chunks_exact_mut(self.stride)
            .zip(self.changes.chunks_exact_mut(self.stride));
        for (query, (weights, changes)) in rows.enumerate() {
            let end = if self.is_causal {
                self.first + query + 1
            } else {
                self.seen
            };
            weights[end..self.seen].fill(0.0);
            changes[end..self.seen].fill(0.0);
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
