//! Rotary positions in one pass, forwards and, as its own backward pass, backwards.

use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::kernels::unwrap;
use super::slices::{PIECE, dims, rows_of, values};
use crate::cpu::from_values;

/// Turns `[batch, heads, n, d]` by the angles whose cosines and sines are `[batch or 1, 1, n, d/2]`:
/// dimension `i` with dimension `i + d/2`. `backwards` turns by the opposite angles, which is the
/// transposed map and so the backward pass.
///
/// Heads of one position lie beside each other in the result whatever the order of the input's values: so
/// they come from a linear layer, and so their gradient goes back to it.
pub(super) fn rotate(
    heads: FlexTensor,
    cosines: FlexTensor,
    sines: FlexTensor,
    backwards: bool,
) -> FlexTensor {
    let shape = dims(&heads);
    let (batch, count, n, dim) = (shape[0], shape[1], shape[2], shape[3]);
    let heads = in_whole_rows(heads);
    let [cosines, sines] = [cosines, sines].map(rows_of);
    let (cosines, sines) = (values(&cosines), values(&sines));
    let half = dim / 2;
    let per_row = if cosines.len() > n * half {
        n * half
    } else {
        0
    };
    let sign = if backwards { -1.0 } else { 1.0 };
    let source = Rows::of(&heads);
    let mut out = vec![0f32; batch * n * count * dim];
    let per_position = (count * dim).max(1);
    let positions = (PIECE / per_position).max(1);
    out.par_chunks_mut(positions * per_position)
        .enumerate()
        .for_each(|(piece, out)| {
            for (offset, out) in out.chunks_exact_mut(per_position).enumerate() {
                let index = piece * positions + offset;
                let (row, position) = (index / n, index % n);
                let table = row * per_row + position * half;
                let cosines = &cosines[table..table + half];
                let sines = &sines[table..table + half];
                for (head, out) in out.chunks_exact_mut(dim).enumerate() {
                    let (low, high) = source.row([row, head, position], dim).split_at(half);
                    let (out_low, out_high) = out.split_at_mut(half);
                    for i in 0..half {
                        let sine = sign * sines[i];
                        out_low[i] = low[i] * cosines[i] - high[i] * sine;
                        out_high[i] = high[i] * cosines[i] + low[i] * sine;
                    }
                }
            }
        });
    unwrap(from_values(out, [batch, n, count, dim]).swap_dims(1, 2))
}

/// The tensor with the values of its last axis beside each other and no negative strides.
fn in_whole_rows(tensor: FlexTensor) -> FlexTensor {
    let strides = tensor.layout().strides();
    if strides.iter().all(|stride| *stride >= 0) && strides.last() == Some(&1) {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// The rows of `[batch, heads, n, d]` where they lie.
struct Rows<'a> {
    values: &'a [f32],
    start: usize,
    strides: [usize; 3],
}

impl<'a> Rows<'a> {
    fn of(tensor: &'a FlexTensor) -> Self {
        let layout = tensor.layout();
        let strides = layout.strides();
        Self {
            values: tensor.storage::<f32>(),
            start: layout.start_offset(),
            strides: std::array::from_fn(|axis| strides[axis].unsigned_abs()),
        }
    }

    fn row(&self, place: [usize; 3], dim: usize) -> &'a [f32] {
        let offsets = place.iter().zip(self.strides);
        let first = self.start + offsets.map(|(index, stride)| index * stride).sum::<usize>();
        &self.values[first..first + dim]
    }
}
