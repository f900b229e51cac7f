//! Rotary positions in one pass, forwards and, as its own backward pass, backwards.

use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::slices::{PIECE, dims, rows_of, tensor, values};

/// Turns `[batch, heads, n, d]` by the angles whose cosines and sines are `[batch or 1, 1, n, d/2]`:
/// dimension `i` with dimension `i + d/2`. `backwards` turns by the opposite angles, which is the
/// transposed map and so the backward pass.
pub(super) fn rotate(
    heads: FlexTensor,
    cosines: FlexTensor,
    sines: FlexTensor,
    backwards: bool,
) -> FlexTensor {
    let shape = dims(&heads);
    let [heads, cosines, sines] = [heads, cosines, sines].map(rows_of);
    let (x, cosines, sines) = (values(&heads), values(&cosines), values(&sines));
    let (count, n, dim) = (shape[1], shape[2], shape[3]);
    let half = dim / 2;
    let per_row = if cosines.len() > n * half {
        n * half
    } else {
        0
    };
    let sign = if backwards { -1.0 } else { 1.0 };
    let mut out = vec![0f32; x.len()];
    let positions = (PIECE / dim.max(1)).max(1);
    out.par_chunks_mut(positions * dim)
        .enumerate()
        .for_each(|(piece, out)| {
            for (offset, out) in out.chunks_exact_mut(dim).enumerate() {
                // Number of the position among all of all heads and rows.
                let index = piece * positions + offset;
                let (row, position) = (index / (count * n), index % n);
                let table = row * per_row + position * half;
                let cosines = &cosines[table..table + half];
                let sines = &sines[table..table + half];
                let (low, high) = x[index * dim..(index + 1) * dim].split_at(half);
                let (out_low, out_high) = out.split_at_mut(half);
                for i in 0..half {
                    let sine = sign * sines[i];
                    out_low[i] = low[i] * cosines[i] - high[i] * sine;
                    out_high[i] = high[i] * cosines[i] + low[i] * sine;
                }
            }
        });
    tensor(out, shape)
}
