//! Many query positions over a CPU cache, read in place.
//!
//! Blocks of queries walk over tiles of keys with a running maximum and sum (online softmax: Milakov
//! and Gimelshein 2018; tiling: Dao et al. 2022), so that a thread holds one block of scores and
//! nothing else. Both products are done by the `gemm` crate, on one thread each: the threads share
//! the heads and blocks.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use gemm::Parallelism;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::AttentionShape;
use super::branch::Branch;
use crate::cpu::{as_cpu, from_values, is_f32};
use crate::rows::{exp, maximum};
use crate::scratch;

/// Queries of one block: enough for the products to run at full speed.
const QUERIES: usize = 96;
/// Keys of one tile: with [`QUERIES`] the scores take 192 KiB and stay in the second cache.
const KEYS: usize = 512;

/// `[batch, heads, n, d]`, or `None` where the inputs are not f32 on the CPU (or for bidirectional
/// attention with padding, which no model here has).
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

/// `[batch, heads, n, d]`, or `None` where the inputs are not f32 on the CPU.
pub(super) fn attend_to(
    queries: &Tensor<4>,
    keys: &Tensor<4>,
    values: &Tensor<4>,
    seen: &Seen<'_>,
) -> Option<Tensor<4>> {
    let [batch, heads, count, dim] = queries.dims();
    let [_, key_value_heads, _, _] = keys.dims();
    let storage = [queries, keys, values].map(|tensor| as_cpu(tensor).filter(is_f32));
    let [Some(queries), Some(keys), Some(values)] = storage else {
        return None;
    };
    let filled = seen.length.max(seen.position + count);
    let (queries, keys, values) = (
        Heads::of(&queries, count)?,
        Heads::of(&keys, filled)?,
        Heads::of(&values, filled)?,
    );
    if seen.parents.is_some() && ![&queries, &keys, &values].iter().all(|one| one.has_rows()) {
        return None;
    }
    let group = heads / key_value_heads;
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
                    scratch::with(QUERIES * KEYS, |scores| {
                        let keys = keys.head(row, head_index / group);
                        let values = values.head(row, head_index / group);
                        let block = Block {
                            queries: queries.head(row, head_index).rows(number * QUERIES),
                            keys,
                            values,
                            position: seen.position + number * QUERIES,
                            length: seen.length,
                            padding,
                            is_causal: seen.is_causal,
                            branch: seen.parents.map(|parents| Branch {
                                keys: keys.rows(seen.position),
                                values: values.rows(seen.position),
                                parents: &parents[row],
                                first: number * QUERIES,
                            }),
                        };
                        block.attend(arch, scores, out, dim);
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

/// A CPU tensor `[batch, heads, positions, d]` with any strides, checked to lie in its storage.
pub(crate) struct Heads<'a> {
    values: &'a [f32],
    start: usize,
    strides: [usize; 4],
}

impl<'a> Heads<'a> {
    /// `None` if a stride is negative or the first `positions` do not lie in the storage.
    pub(crate) fn of(tensor: &'a FlexTensor, positions: usize) -> Option<Self> {
        let layout = tensor.layout();
        let strides: Vec<usize> = layout
            .strides()
            .iter()
            .map(|stride| usize::try_from(*stride).ok())
            .collect::<Option<_>>()?;
        let strides: [usize; 4] = strides.try_into().ok()?;
        let values = tensor.storage::<f32>();
        let start = layout.start_offset();
        let mut last = start;
        for (axis, stride) in strides.iter().enumerate() {
            let size = if axis == 2 {
                positions
            } else {
                layout.shape()[axis]
            };
            last += size.checked_sub(1)? * stride;
        }
        (last < values.len()).then_some(Self {
            values,
            start,
            strides,
        })
    }

    /// Whether the values of a position lie side by side.
    fn has_rows(&self) -> bool {
        self.strides[3] == 1
    }

    pub(crate) fn head(&self, row: usize, head: usize) -> Matrix<'a> {
        let [batch_stride, head_stride, row_stride, column_stride] = self.strides;
        Matrix {
            values: &self.values[self.start + row * batch_stride + head * head_stride..],
            row_stride,
            column_stride,
        }
    }
}

/// `[positions, d]` of one head.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` values that lie one after the other.
    pub(crate) fn new(values: &'a [f32], columns: usize) -> Self {
        Self {
            values,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The same values with rows and columns exchanged.
    #[cfg(feature = "training")]
    pub(crate) fn transposed(self) -> Self {
        Self {
            values: self.values,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// The matrix from this row on.
    pub(crate) fn rows(self, first: usize) -> Self {
        Self {
            values: &self.values[first * self.row_stride..],
            ..self
        }
    }

    /// One row, for matrices whose rows lie side by side.
    pub(super) fn row(self, row: usize, columns: usize) -> &'a [f32] {
        &self.values[row * self.row_stride..][..columns]
    }

    /// Whether `rows x columns` lie in the values.
    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows > 0
            && columns > 0
            && (rows - 1) * self.row_stride + (columns - 1) * self.column_stride < self.values.len()
    }
}

/// One block of queries of one head.
struct Block<'a> {
    queries: Matrix<'a>,
    keys: Matrix<'a>,
    values: Matrix<'a>,
    /// Position of the first query.
    position: usize,
    /// Positions of the keys.
    length: usize,
    padding: usize,
    is_causal: bool,
    branch: Option<Branch<'a>>,
}

impl Block<'_> {
    /// Fills `out`, `[queries, dim]`; `scores` is scratch.
    fn attend(&self, arch: Arch, scores: &mut [f32], out: &mut [f32], dim: usize) {
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
            let tile = &mut scores[..count * width];
            product(
                self.queries,
                self.keys.rows(first),
                [count, width, dim],
                tile,
            );
            arch.dispatch(Softmax {
                block: self,
                first,
                scale,
                scores: tile,
                state: &mut state[..count],
                out,
            });
            accumulate(
                Matrix::new(tile, width),
                self.values.rows(first),
                [count, dim, width],
                out,
            );
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
struct Softmax<'a> {
    block: &'a Block<'a>,
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

impl WithSimd for Softmax<'_> {
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
            let mut total = 0f32;
            let (blocks, rest) = row.as_chunks_mut::<16>();
            let mut lanes = [0f32; 16];
            for block in blocks {
                for (lane, score) in lanes.iter_mut().zip(block) {
                    *score = exp((*score - *largest) * self.scale);
                    *lane += *score;
                }
            }
            for score in rest {
                *score = exp((*score - *largest) * self.scale);
                total += *score;
            }
            total += lanes.iter().sum::<f32>();
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
pub(crate) fn product(a: Matrix<'_>, b: Matrix<'_>, [m, n, k]: [usize; 3], out: &mut [f32]) {
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
pub(crate) fn accumulate(a: Matrix<'_>, b: Matrix<'_>, [m, n, k]: [usize; 3], out: &mut [f32]) {
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
