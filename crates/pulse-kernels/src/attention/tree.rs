//! Attention of positions that continue one sequence in several ways.
//!
//! Many continuations of a cached sequence share their beginnings and together form a tree. Its nodes lie behind
//! the sequence as positions of one pass; each sees the sequence, its ancestors and itself (tree attention: Miao et
//! al., SpecInfer, 2024).

use std::cell::OnceCell;

use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Tensor, TensorData};

use super::prefill::{Seen, attend_to};

/// What [`tree_attention`] needs to know beside the tensors. One value serves all layers of a pass.
#[derive(Debug)]
pub struct TreeShape<'a> {
    past: usize,
    padding: &'a [usize],
    parents: &'a [Vec<Option<usize>>],
    /// Made by the first layer that needs it.
    mask: OnceCell<Tensor<4, Bool>>,
}

impl<'a> TreeShape<'a> {
    /// A tree for each row of the batch, all with the same number of nodes, behind `past` positions of which the
    /// first `padding` of a row (empty: none) are not seen. `parents` has for each row and node the node before
    /// it, which has a smaller number; nodes without one follow the sequence.
    ///
    /// # Panics
    /// Panics if a node's parent has not a smaller number: the way to the root would have no end.
    pub fn new(past: usize, padding: &'a [usize], parents: &'a [Vec<Option<usize>>]) -> Self {
        let is_tree = |row: &Vec<Option<usize>>| {
            let mut nodes = row.iter().enumerate();
            nodes.all(|(at, parent)| parent.is_none_or(|parent| parent < at))
        };
        assert!(parents.iter().all(is_tree), "a parent before each node");
        Self {
            past,
            padding,
            parents,
            mask: OnceCell::new(),
        }
    }

    /// `[batch, 1, n, past + n]`, true where a key is not seen.
    fn mask(&self, like: &Tensor<4>) -> Tensor<4, Bool> {
        let make = || {
            let count = self.parents.first().map_or(0, Vec::len);
            let length = self.past + count;
            let mut hidden = vec![true; self.parents.len() * count * length];
            let rows = hidden.chunks_exact_mut(length.max(1));
            for (number, row) in rows.enumerate() {
                let (batch_row, node) = (number / count, number % count);
                let first = self.padding.get(batch_row).copied().unwrap_or(0);
                row[first.min(self.past)..self.past].fill(false);
                let mut next = Some(node);
                while let Some(at) = next {
                    row[self.past + at] = false;
                    next = self.parents[batch_row][at];
                }
            }
            let data = TensorData::new(hidden, [self.parents.len(), 1, count, length]);
            Tensor::from_data(data, &like.device())
        };
        self.mask.get_or_init(make).clone()
    }
}

/// `softmax(q·kᵀ / sqrt(d)) · v` with grouped queries, for queries that form trees.
///
/// `queries` is `[batch, heads, n, d]`, one query for each node; `keys` and `values` are caches `[batch,
/// key_value_heads, capacity, d]` of the sequences with the nodes' own keys and values behind them; the result is
/// `[batch, heads, n, d]`.
pub fn tree_attention(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    shape: &TreeShape<'_>,
) -> Tensor<4> {
    let seen = Seen {
        position: shape.past,
        length: shape.past,
        padding: shape.padding,
        is_causal: false,
        parents: Some(shape.parents),
    };
    if let Some(output) = attend_to(&queries, &keys, &values, &seen) {
        return output;
    }
    anywhere(queries, keys, values, shape)
}

/// In Burn's operations.
fn anywhere(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    shape: &TreeShape<'_>,
) -> Tensor<4> {
    let [_, _, count, _] = queries.dims();
    let filled = |cache: Tensor<4>| {
        let [batch, heads, _, dim] = cache.dims();
        let filled = cache.slice([0..batch, 0..heads, 0..shape.past + count, 0..dim]);
        // Burn's kernels take one type.
        filled.cast(queries.dtype())
    };
    let mask = shape.mask(&queries);
    let options = AttentionModuleOptions::default();
    let (keys, values) = (filled(keys), filled(values));
    burn::tensor::module::attention(queries, keys, values, Some(mask), None, options)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, Distribution};

    use super::*;
    use crate::attention::{AttentionShape, attention};

    /// The nodes from the root to `node`.
    fn path(parents: &[Option<usize>], node: usize) -> Vec<usize> {
        let mut path: Vec<usize> = std::iter::successors(Some(node), |at| parents[*at]).collect();
        path.reverse();
        path
    }

    /// Each node's output is that of the last position of a plain sequence: what is in the cache, then its path.
    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn every_node_equals_the_end_of_its_own_sequence() {
        let device = Device::flex();
        let random =
            |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let bush = |count: usize| -> Vec<Option<usize>> {
            (0..count)
                .map(|at| (at % 7 != 0).then(|| at - 1 - at % 3 % at.max(1)))
                .collect()
        };
        let chain = |count: usize| -> Vec<Option<usize>> {
            (0..count).map(|at| at.checked_sub(1)).collect()
        };
        // (heads, key-value heads, head size, past, capacity, padding, parents)
        let cases = [
            (4, 4, 16, 9, 40, vec![], vec![bush(12)]),
            (4, 2, 24, 30, 60, vec![0, 11], vec![bush(17), chain(17)]),
            (2, 1, 8, 530, 800, vec![520, 3], vec![chain(130), bush(130)]),
            (2, 2, 8, 0, 20, vec![], vec![bush(20)]),
        ];
        for (heads, kv, dim, past, capacity, padding, parents) in cases {
            let (batch, count) = (parents.len(), parents[0].len());
            let q = random([batch, heads, count, dim]);
            let k = random([batch, kv, capacity, dim]);
            let v = random([batch, kv, capacity, dim]);
            let shape = TreeShape::new(past, &padding, &parents);
            let ours = tree_attention(q.clone(), k.clone(), v.clone(), &shape);
            let plain = anywhere(q.clone(), k.clone(), v.clone(), &shape);
            let far = |a: Tensor<4>, b: Tensor<4>| (a - b).abs().max().into_scalar::<f32>();
            // f32 softmax-weighted means of standard normal values in two orders of summation.
            let difference = far(ours.clone(), plain);
            assert!(difference < 1e-5, "{heads} {past} {count}: {difference}");
            let (short_k, short_v) = (k.clone().cast(DType::BF16), v.clone().cast(DType::BF16));
            let long = |tensor: &Tensor<4>| tensor.clone().cast(DType::F32);
            let plain = anywhere(q.clone(), long(&short_k), long(&short_v), &shape);
            let difference = far(tree_attention(q.clone(), short_k, short_v, &shape), plain);
            assert!(
                difference < 1e-5,
                "bf16, {heads} {past} {count}: {difference}"
            );
            for (row, parents) in parents.iter().enumerate() {
                for node in [0, 1, count / 2, count - 1] {
                    let path = path(parents, node);
                    let sequence = |cache: &Tensor<4>| {
                        let part = |at: usize| {
                            let place = [row..row + 1, 0..kv, at..at + 1, 0..dim];
                            cache.clone().slice(place)
                        };
                        let all = (0..past).chain(path.iter().map(|at| past + at));
                        Tensor::cat(all.map(part).collect(), 2)
                    };
                    let one = |tensor: &Tensor<4>| {
                        let place = [row..row + 1, 0..heads, node..node + 1, 0..dim];
                        tensor.clone().slice(place)
                    };
                    let alone = AttentionShape {
                        length: past + path.len(),
                        is_causal: true,
                        padding: &[padding.get(row).copied().unwrap_or(0)],
                    };
                    let expected = attention(one(&q), sequence(&k), sequence(&v), alone);
                    let difference = far(one(&ours), expected);
                    assert!(difference < 1e-5, "{past} {row} {node}: {difference}");
                }
            }
        }
    }
}
