//! One query position over a CPU cache, read in place.

use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::AttentionShape;
use crate::cpu::{as_cpu, contiguous, from_values, is_f32};
use crate::dot::{ROWS, dot_rows_generic};
use crate::rows::exp;

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
    let arch = Arch::new();
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
        let (keys, values) = (&keys[span.clone()], &values[span]);
        arch.dispatch(Head {
            query,
            keys,
            values,
            scale,
            out,
        });
    };
    if output.len() * shape.length < PARALLEL_THRESHOLD {
        output.chunks_exact_mut(dim).enumerate().for_each(head);
    } else {
        output.par_chunks_exact_mut(dim).enumerate().for_each(head);
    }
    Some(from_values(output, [batch, heads, 1, dim]))
}

/// `out[d] = softmax(keys[n, d] · query[d] · scale) · values[n, d]` for one head, compiled for each
/// instruction set.
struct Head<'a> {
    query: &'a [f32],
    /// `[n, d]`.
    keys: &'a [f32],
    /// `[n, d]`.
    values: &'a [f32],
    scale: f32,
    /// Zeros, `[d]`.
    out: &'a mut [f32],
}

impl WithSimd for Head<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let dim = self.query.len();
        let count = self.keys.len() / dim;
        let mut scores = vec![0f32; count.next_multiple_of(ROWS)];
        for (block, chunk) in scores.chunks_exact_mut(ROWS).enumerate() {
            let rows = std::array::from_fn(|r| {
                let row = (block * ROWS + r).min(count - 1);
                &self.keys[row * dim..(row + 1) * dim]
            });
            let sums = if S::IS_SCALAR {
                dot_rows_generic::<f32, false>(rows, self.query)
            } else {
                dot_rows_generic::<f32, true>(rows, self.query)
            };
            chunk.copy_from_slice(&sums);
        }
        scores.truncate(count);
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for score in &mut scores {
            *score = exp((*score - largest) * self.scale);
        }
        let total: f32 = scores.iter().sum();
        for (weight, value) in scores.iter().zip(self.values.chunks_exact(dim)) {
            for (sum, v) in self.out.iter_mut().zip(value) {
                *sum += weight * v;
            }
        }
        self.out.iter_mut().for_each(|sum| *sum /= total);
    }
}
