//! Scaled dot-product attention over a cache.
//!
//! Queries are the last positions of the cached sequence. No path materialises `heads x n x n`
//! scores for long inputs: on the CPU the kernels of this crate hold one tile of scores a thread (one
//! row a head when decoding) and read the cache where it lies; elsewhere Burn's flash kernels tile.

mod branch;
mod decode;
mod heads;
mod prefill;
mod tree;

#[cfg(feature = "training")]
pub(crate) use heads::{Heads, Matrix};
#[cfg(feature = "training")]
#[cfg(feature = "training")]
pub(crate) use prefill::merge_heads;

pub use tree::{TreeShape, tree_attention};

use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Int, Tensor};

/// What [`attention`] needs to know beside the tensors.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape<'a> {
    /// Filled positions of the cache, the queries' own included.
    pub length: usize,
    /// Whether a query sees only its own and earlier positions.
    pub is_causal: bool,
    /// For each row of the batch how many positions on the left are padding; empty means none.
    pub padding: &'a [usize],
}

/// `softmax(q·kᵀ / sqrt(d)) · v` with grouped queries.
///
/// `queries` is `[batch, heads, n, d]`; `keys` and `values` are caches
/// `[batch, key_value_heads, capacity, d]` of which the first [`AttentionShape::length`] positions
/// are filled; the result is `[batch, heads, n, d]`. Queries stand at the last `n` filled
/// positions. Rows that are padding themselves get finite values without meaning.
pub fn attention(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    shape: AttentionShape<'_>,
) -> Tensor<4> {
    #[cfg(feature = "training")]
    if let Some(output) = crate::training::attention(&queries, &keys, &values, shape) {
        return output;
    }
    let on_cpu = if queries.dims()[2] == 1 {
        decode::attend(&queries, &keys, &values, shape)
    } else {
        prefill::attend(&queries, &keys, &values, shape)
    };
    if let Some(output) = on_cpu {
        return output;
    }
    let [batch, heads, count, head_dim] = queries.dims();
    let [_, key_value_heads, capacity, _] = keys.dims();
    let filled = |cache: Tensor<4>| {
        if shape.length == capacity {
            cache
        } else {
            cache.slice([0..batch, 0..key_value_heads, 0..shape.length, 0..head_dim])
        }
    };
    let mask = padding_mask(&queries, shape);
    let options = AttentionModuleOptions {
        is_causal: shape.is_causal && count > 1,
        ..Default::default()
    };
    // Burn's kernels take one type.
    let dtype = queries.dtype();
    let (keys, values) = (filled(keys).cast(dtype), filled(values).cast(dtype));
    debug_assert_eq!(heads % key_value_heads, 0);
    burn::tensor::module::attention(queries, keys, values, mask, None, options)
}

/// `[batch, 1, n, length]`, true where a key is padding; `None` without padding. A query that is
/// padding itself keeps its own position, so that no row of the softmax is empty.
fn padding_mask(queries: &Tensor<4>, shape: AttentionShape<'_>) -> Option<Tensor<4, Bool>> {
    if shape.padding.iter().all(|pad| *pad == 0) {
        return None;
    }
    let [batch, _, count, _] = queries.dims();
    let device = queries.device();
    let length = shape.length as i64;
    let keys = Tensor::<1, Int>::arange(0..length, &device).reshape([1, 1, 1, shape.length]);
    let rows =
        Tensor::<1, Int>::arange(length - count as i64..length, &device).reshape([1, 1, count, 1]);
    let padding: Vec<i64> = shape.padding.iter().map(|pad| *pad as i64).collect();
    let padding =
        Tensor::<1, Int>::from_data(padding.as_slice(), &device).reshape([batch, 1, 1, 1]);
    let full = [batch, 1, count, shape.length];
    let is_padding = keys.clone().expand(full).lower(padding.expand(full));
    let is_self = keys.expand(full).equal(rows.expand(full));
    Some(is_padding.bool_and(is_self.bool_not()))
}

#[cfg(test)]
mod tests {
    use burn::tensor::activation::softmax;
    use burn::tensor::{DType, Device, Distribution};

    use super::*;

    /// The definition, in plain operations.
    fn reference(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, shape: AttentionShape<'_>) -> Tensor<4> {
        let [batch, heads, count, dim] = q.dims();
        let groups = heads / k.dims()[1];
        let spread = |t: Tensor<4>| {
            let [b, h, _, d] = t.dims();
            let t = t.slice([0..b, 0..h, 0..shape.length, 0..d]);
            t.reshape([b, h, 1, shape.length * d])
                .repeat_dim(2, groups)
                .reshape([b, heads, shape.length, d])
        };
        let (k, v) = (spread(k), spread(v));
        let mut hidden = vec![0f32; batch * count * shape.length];
        for b in 0..batch {
            for i in 0..count {
                let position = shape.length - count + i;
                for j in 0..shape.length {
                    let padded = shape.padding.get(b).is_some_and(|pad| j < *pad) && j != position;
                    if padded || (shape.is_causal && j > position) {
                        hidden[(b * count + i) * shape.length + j] = -1e30;
                    }
                }
            }
        }
        let hidden = Tensor::<1>::from_data(hidden.as_slice(), &q.device()).reshape([
            batch,
            1,
            count,
            shape.length,
        ]);
        let scores = q.matmul(k.swap_dims(2, 3)) / (dim as f32).sqrt() + hidden;
        softmax(scores, 3).matmul(v)
    }

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn prefill_and_decode_equal_the_definition() {
        let device = Device::flex();
        let random =
            |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        // (batch, heads, key-value heads, head size, queries, filled, capacity, padding)
        let cases = [
            ([1, 4, 4, 16, 7, 7, 7], vec![]),
            ([1, 4, 2, 16, 5, 12, 20], vec![]),
            ([2, 4, 1, 8, 1, 9, 16], vec![0, 3]),
            ([3, 2, 2, 24, 6, 6, 8], vec![0, 2, 5]),
            ([1, 8, 4, 64, 1, 700, 1000], vec![]),
            ([2, 8, 2, 128, 1, 1100, 1100], vec![600, 7]),
            ([1, 3, 1, 88, 1, 513, 600], vec![]),
            ([1, 2, 1, 32, 600, 640, 700], vec![]),
        ];
        for ([batch, heads, kv, dim, count, length, capacity], padding) in cases {
            for is_causal in [true, false] {
                let shape = AttentionShape {
                    length,
                    is_causal,
                    padding: &padding,
                };
                let q = random([batch, heads, count, dim]);
                let k = random([batch, kv, capacity, dim]);
                let v = random([batch, kv, capacity, dim]);
                for stored in [DType::F32, DType::BF16, DType::F16] {
                    let (k, v) = (k.clone().cast(stored), v.clone().cast(stored));
                    let ours = attention(q.clone(), k.clone(), v.clone(), shape);
                    let (k, v) = (k.cast(DType::F32), v.cast(DType::F32));
                    let expected = reference(q.clone(), k, v, shape);
                    let difference = (ours - expected).abs().max().into_scalar::<f32>();
                    // f32 softmax-weighted means of standard normal values in two orders of summation.
                    assert!(
                        difference < 1e-5,
                        "{stored:?} {heads} {kv} {count} {length}: {difference}"
                    );
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn one_key_that_is_not_a_number_is_seen_among_many() {
        let device = Device::flex();
        let random =
            |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let shape = AttentionShape {
            length: 1300,
            is_causal: true,
            padding: &[],
        };
        for count in [1, 4] {
            for place in [3, 700, 1295] {
                let q = random([1, 2, count, 16]);
                let (k, v) = (random([1, 2, 1300, 16]), random([1, 2, 1300, 16]));
                let one = Tensor::<4>::full([1, 2, 1, 1], f32::NAN, &device);
                let k = k.slice_assign([0..1, 0..2, place..place + 1, 5..6], one);
                let output = attention(q, k, v, shape).into_data();
                let output: Vec<f32> = output.try_into_vec().unwrap_or_default();
                let seen = output
                    .chunks(16)
                    .all(|row| row.iter().any(|x| !x.is_finite()));
                assert!(seen && !output.is_empty(), "{count} {place}");
            }
        }
    }
}
