//! One query position over a CPU cache, read in place.
//!
//! The cache is cut into pieces of positions. A piece of one head of keys and values is read once for all
//! queries that share it (grouped queries: Ainslie et al. 2023), and pieces are put together by their maxima and
//! sums (Flash-Decoding: Dao et al. 2023), so that long sequences with few heads keep all threads busy. The
//! pieces do not depend on the number of threads: neither does the result.

use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::AttentionShape;
use super::heads::{Heads, StoredHead};
use crate::cpu::{as_cpu, contiguous, from_values};
use crate::matrix_vector::{MOST_ROWS, arrange, products};
use crate::rows::{exp, maximum, weigh};
use crate::{Level, scratch};

/// Positions of a piece.
const PIECE: usize = 512;
/// Positions that all queries of a group go over before the next: their keys and values stay in the first cache.
const BLOCK: usize = 64;
/// Below this many multiply-adds the pieces are worked through on the calling thread.
const PARALLEL_THRESHOLD: usize = 1 << 16;

/// `[batch, heads, 1, d]`, or `None` where queries are not f32 on the CPU or the caches not there, of one
/// type, with a head's positions one after the other.
pub(super) fn attend(
    queries: &Tensor<4>,
    keys: &Tensor<4>,
    values: &Tensor<4>,
    shape: AttentionShape<'_>,
) -> Option<Tensor<4>> {
    let queries = contiguous(as_cpu(queries).filter(|queries| queries.dtype() == DType::F32)?);
    let (keys, values) = (as_cpu(keys)?, as_cpu(values)?);
    match keys.dtype() {
        DType::F32 => attend_stored::<f32>(&queries, &keys, &values, shape),
        DType::BF16 => attend_stored::<half::bf16>(&queries, &keys, &values, shape),
        DType::F16 => attend_stored::<half::f16>(&queries, &keys, &values, shape),
        _ => None,
    }
}

fn attend_stored<T: StoredHead>(
    queries: &FlexTensor,
    keys: &FlexTensor,
    values: &FlexTensor,
    shape: AttentionShape<'_>,
) -> Option<Tensor<4>> {
    let sizes = queries.layout().shape();
    let (batch, heads, dim) = (sizes[0], sizes[1], sizes[3]);
    let key_value_heads = keys.layout().shape()[1];
    let queries = queries.as_slice::<f32>()?;
    let keys = Heads::<T>::of(keys, shape.length)?;
    let values = Heads::<T>::of(values, shape.length)?;
    if !keys.is_dense(dim) || !values.is_dense(dim) {
        return None;
    }
    let level = Level::detect();
    let group = heads / key_value_heads;
    let arch = Arch::new();
    let pieces = shape.length.div_ceil(PIECE);
    // For each query of a piece the largest score, the sum of weights and the weighted values.
    let record = 2 + dim;
    let mut parts = vec![0f32; batch * key_value_heads * pieces * group * record];
    let piece = |(index, parts): (usize, &mut [f32])| {
        let (place, piece) = (index / pieces, index % pieces);
        let (row, head) = (place / key_value_heads, place % key_value_heads);
        let padding = shape.padding.get(row).copied().unwrap_or(0);
        let first = (piece * PIECE).max(padding.min(shape.length - 1));
        let last = shape.length.min((piece + 1) * PIECE);
        if first >= last {
            // Padding only: its sum of weights stays 0.
            return;
        }
        let query = (row * heads + head * group) * dim;
        scratch::with(group * PIECE, |scores| {
            arch.dispatch(Piece {
                level,
                queries: &queries[query..query + group * dim],
                keys: keys.dense(row, head, first..last, dim),
                values: values.dense(row, head, first..last, dim),
                dim,
                scores,
                parts,
            });
        });
    };
    if heads * batch * dim * shape.length < PARALLEL_THRESHOLD {
        parts
            .chunks_exact_mut(group * record)
            .enumerate()
            .for_each(piece);
    } else {
        parts
            .par_chunks_exact_mut(group * record)
            .enumerate()
            .for_each(piece);
    }
    let mut output = vec![0f32; batch * heads * dim];
    for (index, out) in output.chunks_exact_mut(dim).enumerate() {
        let (place, member) = (index / group, index % group);
        let records = parts[place * pieces * group * record..][..pieces * group * record]
            .chunks_exact(record)
            .skip(member)
            .step_by(group);
        join(records, out);
    }
    Some(from_values(output, [batch, heads, 1, dim]))
}

/// The weighted mean of one query's records. A record without weights saw padding only; one whose sum is not a number
/// stays, so that the result is none either.
fn join<'a>(records: impl Iterator<Item = &'a [f32]> + Clone, out: &mut [f32]) {
    let seen = records.filter(|record| record[1] != 0.0);
    let largest = seen.clone().map(|record| record[0]);
    let largest = largest.fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0f32;
    for record in seen {
        let factor = exp(record[0] - largest);
        total += factor * record[1];
        for (out, value) in out.iter_mut().zip(&record[2..]) {
            *out += factor * value;
        }
    }
    out.iter_mut().for_each(|value| *value /= total);
}

/// One piece of one head of keys and values for the queries of its group, compiled for each instruction set.
struct Piece<'a, T> {
    level: Level,
    /// `[group, d]`.
    queries: &'a [f32],
    /// `[positions, d]`.
    keys: &'a [T],
    /// `[positions, d]`.
    values: &'a [T],
    dim: usize,
    /// Memory for `[group, PIECE]`.
    scores: &'a mut [f32],
    /// `[group, 2 + d]`, zeros.
    parts: &'a mut [f32],
}

impl<T: StoredHead> WithSimd for Piece<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let dim = self.dim;
        let scale = 1.0 / (dim as f32).sqrt();
        let queries = arrange::<T>(self.level, self.queries, dim);
        for (block, keys) in self.keys.chunks(BLOCK * dim).enumerate() {
            let count = keys.len() / dim;
            let mut sums = [0f32; BLOCK * MOST_ROWS];
            let queries = queries.chunks(MOST_ROWS * dim);
            for (queries, scores) in queries.zip(self.scores.chunks_mut(MOST_ROWS * PIECE)) {
                let rows = queries.len() / dim;
                let sums = &mut sums[..count * rows];
                products(self.level, queries, keys, rows, sums);
                for (row, scores) in scores.chunks_exact_mut(PIECE).enumerate() {
                    let scores = &mut scores[block * BLOCK..][..count];
                    for (score, sums) in scores.iter_mut().zip(sums.chunks_exact(rows)) {
                        *score = sums[row];
                    }
                }
            }
        }
        let rows = self.scores.chunks_exact_mut(PIECE);
        for (scores, part) in rows.zip(self.parts.chunks_exact_mut(2 + dim)) {
            let scores = &mut scores[..self.keys.len() / dim];
            let largest = maximum(scores);
            part[0] = largest * scale;
            part[1] = weigh(scores, largest, scale);
        }
        let block = if queries.len() > dim { BLOCK } else { PIECE };
        for (number, values) in self.values.chunks(block * dim).enumerate() {
            let parts = self.parts.chunks_exact_mut(2 + dim);
            for (part, weights) in parts.zip(self.scores.chunks_exact(PIECE)) {
                let weights = &weights[number * block..][..values.len() / dim];
                add_weighted(values, weights, &mut part[2..]);
            }
        }
    }
}

/// `out[d] += Σ weights[n] · values[n, d]`, four positions at a time, so that `out` is read and written once for
/// them; they stand a quarter of the values apart, which makes four streams from memory.
#[inline(always)]
fn add_weighted<T: StoredHead>(values: &[T], weights: &[f32], out: &mut [f32]) {
    let dim = out.len();
    let quarter = weights.len() / 4;
    let (first, rest) = weights.split_at(quarter * 4);
    let (values, rest_values) = values.split_at(quarter * 4 * dim);
    for row in 0..quarter {
        let [a, b, c, d] = [0, 1, 2, 3].map(|part| first[part * quarter + row]);
        let place = |part: usize| &values[(part * quarter + row) * dim..][..dim];
        let columns = out.iter_mut().zip(place(0)).zip(place(1));
        for ((((out, p), q), r), s) in columns.zip(place(2)).zip(place(3)) {
            *out += (a * p.widen() + b * q.widen()) + (c * r.widen() + d * s.widen());
        }
    }
    for (weight, values) in rest.iter().zip(rest_values.chunks_exact(dim)) {
        for (out, value) in out.iter_mut().zip(values) {
            *out += weight * value.widen();
        }
    }
}
