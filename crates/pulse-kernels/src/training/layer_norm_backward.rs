//! Backward pass of layer normalisation.

use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::norm::lane_sum;
use super::slices::{PIECE, added_up, dims, rows_of, tensor, values};

/// Gradients of `y = w · n + b`, `n = (x − mean) · r`, `r = 1 / sqrt(var + ε)`, to `x` `[…, width]`, `w` and
/// `b` `[width]`:
///
/// `dx = r · (g·w − mean(g·w) − n · mean(g·w·n))`, `dw = Σ_rows g · n` and `db = Σ_rows g`.
pub(super) fn backward(
    input: FlexTensor,
    weight: FlexTensor,
    gradient: FlexTensor,
    epsilon: f32,
) -> [FlexTensor; 3] {
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
            let mut sums = vec![0f32; 2 * w.len()];
            arch.dispatch(Piece {
                x,
                w,
                g,
                epsilon,
                out,
                sums: &mut sums,
            });
            sums
        })
        .collect();
    let mut sums = added_up(partial, 2 * w.len());
    let bias_gradient = sums.split_off(w.len());
    let vector = vec![w.len()];
    [
        tensor(input_gradient, shape),
        tensor(sums, vector.clone()),
        tensor(bias_gradient, vector),
    ]
}

struct Piece<'a> {
    x: &'a [f32],
    w: &'a [f32],
    g: &'a [f32],
    epsilon: f32,
    out: &'a mut [f32],
    /// Gradients of the weight, then of the bias.
    sums: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.w.len();
        let w = self.w;
        let (weight_sums, bias_sums) = self.sums.split_at_mut(width);
        let rows = self
            .x
            .chunks_exact(width)
            .zip(self.g.chunks_exact(width))
            .zip(self.out.chunks_exact_mut(width));
        for ((x, g), out) in rows {
            let count = width as f32;
            let mean = lane_sum(width, |i| x[i]) / count;
            let variance = lane_sum(width, |i| (x[i] - mean) * (x[i] - mean)) / count;
            let r = 1.0 / (variance + self.epsilon).sqrt();
            let level = lane_sum(width, |i| g[i] * w[i]) / count;
            let along = lane_sum(width, |i| g[i] * w[i] * (x[i] - mean)) * r / count;
            for i in 0..width {
                let n = (x[i] - mean) * r;
                out[i] = r * (g[i] * w[i] - level - n * along);
                weight_sums[i] += g[i] * n;
                bias_sums[i] += g[i];
            }
        }
    }
}
