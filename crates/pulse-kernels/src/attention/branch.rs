//! The part of tree attention that lies behind the cached sequence, on the CPU: each query and its ancestors.

use pulp::{Arch, Simd, WithSimd};

use super::heads::Matrix;
use crate::dot::{ROWS, dot_rows_generic};
use crate::rows::exp;

/// The queries of one head of one row of the batch as a tree, seen from one block of them.
#[derive(Clone, Copy)]
pub(super) struct Branch<'a> {
    /// Keys of the tree's positions.
    pub(super) keys: Matrix<'a>,
    /// Their values.
    pub(super) values: Matrix<'a>,
    /// The parent of each position of the tree, smaller than it.
    pub(super) parents: &'a [Option<usize>],
    /// The block's first query.
    pub(super) first: usize,
}

impl Branch<'_> {
    /// Adds what each of the block's queries sees of the tree to what it saw of the sequence: per query the
    /// largest score and the sum of weights in `state`, the weighted values in `out`.
    pub(super) fn add(
        &self,
        arch: Arch,
        queries: Matrix<'_>,
        scale: f32,
        state: &mut [(f32, f32)],
        out: &mut [f32],
    ) {
        arch.dispatch(Ancestors {
            branch: *self,
            queries,
            scale,
            state,
            out,
        });
    }
}

struct Ancestors<'a> {
    branch: Branch<'a>,
    queries: Matrix<'a>,
    scale: f32,
    state: &'a mut [(f32, f32)],
    out: &'a mut [f32],
}

impl WithSimd for Ancestors<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            branch,
            queries,
            scale,
            state,
            out,
        } = self;
        let dim = out.len() / state.len().max(1);
        let mut path: Vec<usize> = Vec::new();
        let mut scores: Vec<f32> = Vec::new();
        let rows = out.chunks_exact_mut(dim.max(1)).zip(state);
        for (number, (out, (largest, sum))) in rows.enumerate() {
            path.clear();
            scores.clear();
            let mut next = Some(branch.first + number);
            while let Some(at) = next {
                path.push(at);
                next = branch.parents[at];
            }
            let query = queries.row(number, dim);
            for four in path.chunks(ROWS) {
                let keys = std::array::from_fn(|at| {
                    let at = four[at.min(four.len() - 1)];
                    branch.keys.row(at, dim)
                });
                let sums = if S::IS_SCALAR {
                    dot_rows_generic::<f32, false>(keys, query)
                } else {
                    dot_rows_generic::<f32, true>(keys, query)
                };
                scores.extend(&sums[..four.len()]);
            }
            let before = *largest;
            *largest = scores.iter().copied().fold(before, f32::max);
            if before < *largest && before > f32::NEG_INFINITY {
                let shrink = exp((before - *largest) * scale);
                *sum *= shrink;
                out.iter_mut().for_each(|value| *value *= shrink);
            }
            for (at, score) in path.iter().zip(&scores) {
                let weight = exp((score - *largest) * scale);
                *sum += weight;
                for (out, value) in out.iter_mut().zip(branch.values.row(*at, dim)) {
                    *out += weight * value;
                }
            }
        }
    }
}
