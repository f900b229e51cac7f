//! Backward pass of CLIP's activation.

use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::slices::{PIECE, dims, rows_of, tensor, values};
use crate::rows::exp;

/// Gradient of `y = x · s`, `s = sigmoid(1.702 x)`, to `x`: `g · s · (1 + 1.702 x · (1 − s))`.
pub(super) fn backward(input: FlexTensor, gradient: FlexTensor) -> FlexTensor {
    let shape = dims(&input);
    let [input, gradient] = [input, gradient].map(rows_of);
    let (x, g) = (values(&input), values(&gradient));
    let mut out = vec![0f32; x.len()];
    let arch = Arch::new();
    out.par_chunks_mut(PIECE)
        .zip(x.par_chunks(PIECE).zip(g.par_chunks(PIECE)))
        .for_each(|(out, (x, g))| arch.dispatch(Piece { x, g, out }));
    tensor(out, shape)
}

struct Piece<'a> {
    x: &'a [f32],
    g: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((x, g), out) in self.x.iter().zip(self.g).zip(self.out) {
            let scaled = 1.702 * x;
            let s = 1.0 / (1.0 + exp(-scaled));
            *out = g * s * (1.0 + scaled * (1.0 - s));
        }
    }
}
