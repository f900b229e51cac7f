//! Backward pass of the gated unit.

use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::slices::{PIECE, dims, rows_of, tensor, values};
use crate::rows::exp;

/// Gradients of `y = silu(gate) · up` to `gate` and `up`, all of one shape. With `s = sigmoid(gate)`:
/// `dgate = g · up · s · (1 + gate · (1 − s))`, `dup = g · gate · s`.
pub(super) fn backward(
    gate: FlexTensor,
    up: FlexTensor,
    gradient: FlexTensor,
) -> (FlexTensor, FlexTensor) {
    let shape = dims(&gate);
    let [gate, up, gradient] = [gate, up, gradient].map(rows_of);
    let (gate, up, g) = (values(&gate), values(&up), values(&gradient));
    let mut gate_gradient = vec![0f32; gate.len()];
    let mut up_gradient = vec![0f32; gate.len()];
    let arch = Arch::new();
    gate_gradient
        .par_chunks_mut(PIECE)
        .zip(up_gradient.par_chunks_mut(PIECE))
        .zip(gate.par_chunks(PIECE))
        .zip(up.par_chunks(PIECE).zip(g.par_chunks(PIECE)))
        .for_each(|(((gate_gradient, up_gradient), gate), (up, g))| {
            arch.dispatch(Piece {
                gate,
                up,
                g,
                gate_gradient,
                up_gradient,
            });
        });
    (
        tensor(gate_gradient, shape.clone()),
        tensor(up_gradient, shape),
    )
}

struct Piece<'a> {
    gate: &'a [f32],
    up: &'a [f32],
    g: &'a [f32],
    gate_gradient: &'a mut [f32],
    up_gradient: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let inputs = self.gate.iter().zip(self.up).zip(self.g);
        let outputs = self.gate_gradient.iter_mut().zip(self.up_gradient);
        for (((gate, up), g), (gate_gradient, up_gradient)) in inputs.zip(outputs) {
            let s = 1.0 / (1.0 + exp(-*gate));
            *gate_gradient = g * up * s * (1.0 + gate * (1.0 - s));
            *up_gradient = g * gate * s;
        }
    }
}
