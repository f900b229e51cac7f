//! Many query positions over a CPU cache, read in place.
//!
//! Blocks of queries walk over tiles of keys with a running maximum and sum (online softmax: Milakov
//! and Gimelshein 2018; tiling: Dao et al. 2022), so that a thread holds one block of scores and
//! nothing else. Both products are done by the `gemm` crate, on one thread each: the threads share
//! the heads and blocks.

use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;
use gemm::Parallelism;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::AttentionShape;
use super::branch::Branch;
use super::heads::{Heads, Matrix, StoredHead};
use crate::cpu::{as_cpu, from_values};
use crate::rows::{exp, maximum, weigh};
use crate::scratch;

/// Queries of one block: enough for the products to run at full speed.
const QUERIES: usize = 96;
/// Keys of one tile: with [`QUERIES`] the scores take 192 KiB and stay in the second cache.
const KEYS: usize = 512;

/// As [`attend_to`]; `None` also for bidirectional attention with padding, which no model here has.
pub(super) fn attend(
    queries: &Tensor<4>,
    keys: &Tensor<4>,
    values: &Tensor<4>,
    shape: AttentionShape<'_>,
) -> Option<Tensor<4>> {
    if !shape.is_causal && shape.padding.iter().any(|pad| *pad > 0) {
        return None;
    }
    let [_, _, count, _] = queries.dims();
    let seen = Seen {
        position: shape.length - count,
        length: shape.length,
        padding: shape.padding,
        is_causal: shape.is_causal,
        parents: None,
    };
    attend_to(queries, keys, values, &seen)
}

/// Which keys the queries see.
pub(super) struct Seen<'a> {
    /// Position of the first query; the keys behind it are those of the queries.
    pub(super) position: usize,
    /// Keys of the sequence.
    pub(super) length: usize,
    /// Per row of the batch how many keys on the left are not seen; empty means none.
    pub(super) padding: &'a [usize],
    pub(super) is_causal: bool,
    /// For queries that form a tree behind the sequence: per row of the batch the parent of each. Each sees the
    /// keys of its ancestors and its own beside the sequence.
    pub(super) parents: Option<&'a [Vec<Option<usize>>]>,
}

/// `[batch, heads, n, d]`, or `None` where the inputs are not on the CPU, the queries f32 and the keys and
/// values of one type.
pub(super) fn attend_to(
    queries: &Tensor<4>,
    keys: &Tensor<4>,
    values: &Tensor<4>,
    seen: &Seen<'_>,
) -> Option<Tensor<4>> {
    let inputs = [as_cpu(queries)?, as_cpu(keys)?, as_cpu(values)?];
    match inputs[1].dtype() {
        DType::F32 => attend_stored::<f32>(&inputs, seen),
        DType::BF16 => attend_stored::<half::bf16>(&inputs, seen),
        DType::F16 => attend_stored::<half::f16>(&inputs, seen),
        _ => None,
    }
}

fn attend_stored<T: StoredHead>(
    [queries, keys, values]: &[FlexTensor; 3],
    seen: &Seen<'_>,
) -> Option<Tensor<4>> {
    let sizes = queries.layout().shape();
    let [batch, heads, count, dim] = std::array::from_fn(|axis| sizes[axis]);
    let group = heads / keys.layout().shape()[1];
    let filled = seen.length.max(seen.position + count);
    let (queries, keys, values) = (
        Heads::<f32>::of(queries, count)?,
        Heads::<T>::of(keys, filled)?,
        Heads::<T>::of(values, filled)?,
    );
    let have_rows = queries.has_rows() && keys.has_rows() && values.has_rows();
    if seen.parents.is_some() && !have_rows {
        return None;
    }
    // Sixteen-bit keys and values are widened tile by tile.
    let (tile, nodes) = match size_of::<T>() {
        4 => (0, 0),
        _ => (KEYS * dim, seen.parents.map_or(0, |_| 2 * count * dim)),
    };
    let arch = Arch::new();
    let mut output = vec![0f32; batch * heads * count * dim];
    output
        .par_chunks_mut((count * dim).max(1))
        .enumerate()
        .for_each(|(index, head)| {
            let (row, head_index) = (index / heads, index % heads);
            let padding = seen.padding.get(row).copied().unwrap_or(0);
            head.par_chunks_mut(QUERIES * dim)
                .enumerate()
                .for_each(|(number, out)| {
                    scratch::with(QUERIES * KEYS + tile + nodes, |memory| {
                        let (scores, memory) = memory.split_at_mut(QUERIES * KEYS);
                        let (tile, nodes) = memory.split_at_mut(tile);
                        let keys = keys.head(row, head_index / group);
                        let values = values.head(row, head_index / group);
                        let (node_keys, node_values) = nodes.split_at_mut(nodes.len() / 2);
                        let block = Block {
                            queries: queries.head(row, head_index).rows(number * QUERIES),
                            keys,
                            values,
                            position: seen.position + number * QUERIES,
                            length: seen.length,
                            padding,
                            is_causal: seen.is_causal,
                            branch: seen.parents.map(|parents| Branch {
                                keys: keys.rows(seen.position).widened(count, dim, node_keys),
                                values: values.rows(seen.position).widened(count, dim, node_values),
                                parents: &parents[row],
                                first: number * QUERIES,
                            }),
                        };
                        block.attend(arch, scores, tile, out, dim);
                    });
                });
        });
    let merged = merge_heads(&output, [batch, heads, count, dim]);
    Some(from_values(merged, [batch, count, heads, dim]).swap_dims(1, 2))
}

/// `[batch, heads, n, d]` to `[batch, n, heads, d]`: what follows wants the heads of a position beside each
/// other, and Burn's copy would use one thread.
pub(crate) fn merge_heads(values: &[f32], [batch, heads, count, dim]: [usize; 4]) -> Vec<f32> {
    let mut merged = vec![0f32; batch * heads * count * dim];
    merged
        .par_chunks_mut((heads * dim).max(1))
        .enumerate()
        .for_each(|(position, row)| {
            let (batch_row, query) = (position / count, position % count);
            for (head, out) in row.chunks_exact_mut(dim).enumerate() {
                let first = ((batch_row * heads + head) * count + query) * dim;
                out.copy_from_slice(&values[first..first + dim]);
            }
        });
    merged
}

/// One block of queries of one head.
struct Block<'a, T> {
    queries: Matrix<'a>,
    keys: Matrix<'a, T>,
    values: Matrix<'a, T>,
    /// Position of the first query.
    position: usize,
    /// Positions of the keys.
    length: usize,
    padding: usize,
    is_causal: bool,
    branch: Option<Branch<'a>>,
}

impl<T: StoredHead> Block<'_, T> {
    /// Fills `out`, `[queries, dim]`; `scores` and `tile` are scratch, `tile` for a tile of keys or values
    /// that are not f32.
    fn attend(
        &self,
        arch: Arch,
        scores: &mut [f32],
        tile: &mut [f32],
        out: &mut [f32],
        dim: usize,
    ) {
        let count = out.len() / dim;
        let end = if self.is_causal {
            self.position + count
        } else {
            self.length
        };
        let scale = 1.0 / (dim as f32).sqrt();
        let mut state = [(f32::NEG_INFINITY, 0f32); QUERIES];
        for first in (0..end).step_by(KEYS) {
            let width = KEYS.min(end - first);
            let scores = &mut scores[..count * width];
            let keys = self.keys.rows(first).widened(width, dim, tile);
            product(self.queries, keys, [count, width, dim], scores);
            arch.dispatch(Softmax {
                block: self,
                first,
                scale,
                scores,
                state: &mut state[..count],
                out,
            });
            let values = self.values.rows(first).widened(width, dim, tile);
            accumulate(Matrix::new(scores, width), values, [count, dim, width], out);
        }
        if let Some(branch) = &self.branch {
            branch.add(arch, self.queries, scale, &mut state[..count], out);
        }
        for (row, (_, sum)) in out.chunks_exact_mut(dim).zip(state) {
            row.iter_mut().for_each(|value| *value /= sum);
        }
    }

    /// The keys that the query at `position` sees. Padding sees itself, so that no sum is empty.
    fn visible(&self, position: usize) -> std::ops::Range<usize> {
        if self.is_causal {
            self.padding.min(position)..position + 1
        } else {
            self.padding..self.length
        }
    }
}

/// Scores of one tile to weights, and what was summed so far to the new maximum.
struct Softmax<'a, T> {
    block: &'a Block<'a, T>,
    /// The tile's first key.
    first: usize,
    scale: f32,
    /// `[queries, width]`.
    scores: &'a mut [f32],
    /// Per query the largest score and the sum of weights so far.
    state: &'a mut [(f32, f32)],
    /// `[queries, dim]`, weighted values so far.
    out: &'a mut [f32],
}

impl<T: StoredHead> WithSimd for Softmax<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let count = self.state.len();
        let (width, dim) = (self.scores.len() / count, self.out.len() / count);
        let rows = self
            .scores
            .chunks_exact_mut(width)
            .zip(self.out.chunks_exact_mut(dim));
        for (query, ((row, out), (largest, sum))) in rows.zip(self.state).enumerate() {
            let visible = self.block.visible(self.block.position + query);
            let seen = visible.start.saturating_sub(self.first).min(width)
                ..visible.end.saturating_sub(self.first).min(width);
            row[..seen.start].fill(0.0);
            row[seen.end..].fill(0.0);
            let row = &mut row[seen];
            if row.is_empty() {
                continue;
            }
            let before = *largest;
            *largest = maximum(row).max(before);
            let total = weigh(row, *largest, self.scale);
            if before < *largest && before > f32::NEG_INFINITY {
                let shrink = exp((before - *largest) * self.scale);
                *sum *= shrink;
                out.iter_mut().for_each(|value| *value *= shrink);
            }
            *sum += total;
        }
    }
}

/// `out[m, n] = a[m, k] · b[n, k]ᵀ`.
pub(super) fn product(a: Matrix<'_>, b: Matrix<'_>, [m, n, k]: [usize; 3], out: &mut [f32]) {
    assert!(a.holds(m, k) && b.holds(n, k) && out.len() == m * n);
    // SAFETY: the line above; `out` is borrowed mutably and the others are not it.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.row_stride as isize,
            b.column_stride as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// `out[m, n] += a[m, k] · b[k, n]`.
pub(super) fn accumulate(a: Matrix<'_>, b: Matrix<'_>, [m, n, k]: [usize; 3], out: &mut [f32]) {
    assert!(a.holds(m, k) && b.holds(k, n) && out.len() == m * n);
    // SAFETY: as in `product`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            true,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
