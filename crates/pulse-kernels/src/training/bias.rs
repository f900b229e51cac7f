//! Backward pass of a bias that is added to every row.

use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::slices::{PIECE, added_up, rows_of, tensor, values};

/// The gradient of `[rows, width]` to the bias `[width]`: the sum over the rows.
pub(super) fn backward(gradient: FlexTensor, width: usize) -> FlexTensor {
    let gradient = rows_of(gradient);
    let piece = PIECE.div_ceil(width.max(1)) * width.max(1);
    let arch = Arch::new();
    // Pieces of a fixed size, summed in order: the result does not depend on the threads.
    let partial: Vec<Vec<f32>> = values(&gradient)
        .par_chunks(piece)
        .map(|rows| {
            let mut sums = vec![0f32; width];
            arch.dispatch(Piece {
                rows,
                sums: &mut sums,
            });
            sums
        })
        .collect();
    tensor(added_up(partial, width), vec![width])
}

struct Piece<'a> {
    rows: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact(self.sums.len().max(1)) {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}
