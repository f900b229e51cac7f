//! One query position over a CPU cache, read in place.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::AttentionShape;
use crate::cpu::{as_cpu, contiguous, from_values, is_f32};
use crate::dot::{Level, ROWS, dot_rows};

/// Below this many multiply-adds the heads are worked through on the calling thread.
const PARALLEL_THRESHOLD: usize = 1 << 16;

/// `[batch, heads, 1, d]`, or `None` where the caches are not contiguous f32 on the CPU.
pub(super) fn attend(
    queries: &Tensor<4>,
    keys: &Tensor<4>,
    values: &Tensor<4>,
    shape: AttentionShape<'_>,
) -> Option<Tensor<4>> {
    let [batch, heads, _, dim] = queries.dims();
    let [_, key_value_heads, capacity, _] = keys.dims();
    let queries = as_cpu(queries).filter(is_f32).map(contiguous)?;
    let (keys, values) = (as_cpu(keys)?, as_cpu(values)?);
    let queries = queries.as_slice::<f32>()?;
    let (keys, values) = (keys.as_slice::<f32>()?, values.as_slice::<f32>()?);
    let group = heads / key_value_heads;
    let scale = 1.0 / (dim as f32).sqrt();
    let level = Level::detect();
    let mut output = vec![0f32; batch * heads * dim];
    let head = |(index, out): (usize, &mut [f32])| {
        let (row, head) = (index / heads, index % heads);
        let first = shape
            .padding
            .get(row)
            .copied()
            .unwrap_or(0)
            .min(shape.length - 1);
        let cache = (row * key_value_heads + head / group) * capacity * dim;
        let span = cache + first * dim..cache + shape.length * dim;
        let query = &queries[index * dim..(index + 1) * dim];
        weigh(level, query, &keys[span.clone()], &values[span], scale, out);
    };
    if output.len() * shape.length < PARALLEL_THRESHOLD {
        output.chunks_exact_mut(dim).enumerate().for_each(head);
    } else {
        output.par_chunks_exact_mut(dim).enumerate().for_each(head);
    }
    Some(from_values(output, [batch, heads, 1, dim]))
}

/// `out[d] = softmax(keys[n, d] · query[d] · scale) · values[n, d]`.
fn weigh(level: Level, query: &[f32], keys: &[f32], values: &[f32], scale: f32, out: &mut [f32]) {
    let dim = query.len();
    let count = keys.len() / dim;
    let mut scores = vec![0f32; count.next_multiple_of(ROWS)];
    for (block, chunk) in scores.chunks_exact_mut(ROWS).enumerate() {
        let rows = std::array::from_fn(|r| {
            let row = (block * ROWS + r).min(count - 1);
            &keys[row * dim..(row + 1) * dim]
        });
        chunk.copy_from_slice(&dot_rows(level, rows, query));
    }
    scores.truncate(count);
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0f32;
    for score in &mut scores {
        *score = ((*score - largest) * scale).exp();
        total += *score;
    }
    for (weight, value) in scores.iter().zip(values.chunks_exact(dim)) {
        for (sum, v) in out.iter_mut().zip(value) {
            *sum += weight * v;
        }
    }
    out.iter_mut().for_each(|sum| *sum /= total);
}
