//! Backward pass of root-mean-square normalisation.

use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::slices::{PIECE, added_up, dims, rows_of, tensor, values};

/// Gradients of `y = w · x · r`, `r = 1 / sqrt(mean(x²) + ε)`, to `x` `[…, width]` and `w` `[width]`:
///
/// `dx = r · (g·w − x · r² · mean(g·w·x))` and `dw = Σ_rows g · x · r`.
pub(super) fn backward(
    input: FlexTensor,
    weight: FlexTensor,
    gradient: FlexTensor,
    epsilon: f32,
) -> (FlexTensor, FlexTensor) {
    let shape = dims(&input);
    let [input, weight, gradient] = [input, weight, gradient].map(rows_of);
    let (x, w, g) = (values(&input), values(&weight), values(&gradient));
    let width = w.len().max(1);
    let mut input_gradient = vec![0f32; x.len()];
    // Pieces of a fixed size, summed in order: the result does not depend on the threads.
    let piece = PIECE.div_ceil(width) * width;
    let arch = Arch::new();
    let partial: Vec<Vec<f32>> = input_gradient
        .par_chunks_mut(piece)
        .zip(x.par_chunks(piece).zip(g.par_chunks(piece)))
        .map(|(out, (x, g))| {
            let mut weight_gradient = vec![0f32; w.len()];
            arch.dispatch(Piece {
                x,
                w,
                g,
                epsilon,
                out,
                weight_gradient: &mut weight_gradient,
            });
            weight_gradient
        })
        .collect();
    let weight_gradient = added_up(partial, w.len());
    let weight_shape = vec![w.len()];
    (
        tensor(input_gradient, shape),
        tensor(weight_gradient, weight_shape),
    )
}

struct Piece<'a> {
    x: &'a [f32],
    w: &'a [f32],
    g: &'a [f32],
    epsilon: f32,
    out: &'a mut [f32],
    weight_gradient: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.w.len();
        let rows = self
            .x
            .chunks_exact(width)
            .zip(self.g.chunks_exact(width))
            .zip(self.out.chunks_exact_mut(width));
        for ((x, g), out) in rows {
            let squares = lane_sum(width, |i| x[i] * x[i]);
            let r = 1.0 / (squares / width as f32 + self.epsilon).sqrt();
            let dot = lane_sum(width, |i| g[i] * self.w[i] * x[i]);
            let along = r * r * dot / width as f32;
            for i in 0..width {
                out[i] = r * (g[i] * self.w[i] - x[i] * along);
                self.weight_gradient[i] += g[i] * x[i] * r;
            }
        }
    }
}

/// `Σ f(i)` for `i` below `count` in sixteen lanes, so that it vectorises and errors stay small.
#[inline(always)]
pub(super) fn lane_sum(count: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0f32; 16];
    let whole = count / 16 * 16;
    for first in (0..whole).step_by(16) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(first + lane);
        }
    }
    let rest: f32 = (whole..count).map(&f).sum();
    lanes.iter().sum::<f32>() + rest
}
