//! Many rows times a packed matrix: the shape of a prefill.
//!
//! With VNNI the sums of a block are integers, as in the matrix-vector product, and the result is
//! the same to the last bit. Elsewhere panels are widened to f32 and multiplied as any other weights.

use rayon::prelude::*;

use super::activations::QuantizedRows;
#[cfg(target_arch = "x86_64")]
use super::format::PackedFormat;
use super::format::{BLOCK, PANEL};
use super::matrix::PackedMatrix;
use crate::Level;
use crate::columns::{Columns, Stripe};
use crate::dense::{self, PanelSource};

/// Rows of one tile: with two panels its sums and totals fill 24 of 32 registers.
#[cfg(target_arch = "x86_64")]
const TILE_ROWS: usize = 6;
/// Bytes of unpacked weights that a thread keeps: they stay in its second cache beside the activations.
const SCRATCH_BYTES: usize = 640 << 10;

/// `activations[rows, inputs] · matrixᵀ`.
pub(super) fn multiply(level: Level, matrix: &PackedMatrix, activations: &[f32]) -> Vec<f32> {
    if level != Level::Avx512Vnni {
        return dense::multiply(level, activations, matrix);
    }
    let x = QuantizedRows::new(activations, matrix.inputs());
    let (blocks, outputs) = (matrix.blocks(), matrix.outputs());
    let mut output = vec![0f32; x.rows() * outputs];
    let pair_bytes = blocks * BLOCK * 2 * PANEL * 2;
    let most = (outputs.div_ceil(2 * PANEL)).div_ceil(4 * rayon::current_num_threads());
    let pairs = (SCRATCH_BYTES / pair_bytes.max(1)).clamp(1, most.max(1));
    let width = pairs * 2 * PANEL;
    let columns = Columns::of(&mut output, outputs);
    (0..outputs.div_ceil(width)).into_par_iter().for_each_init(
        || {
            (
                vec![0i32; blocks * BLOCK / 2 * width],
                vec![0f32; blocks * width],
            )
        },
        |(weights, scales), task| {
            let first = task * width;
            // SAFETY: tasks have different columns.
            let stripe = unsafe { columns.stripe(first..first + width) };
            let panels = first / PANEL..(first + stripe.width()).div_ceil(PANEL);
            for (place, panel) in panels.enumerate() {
                unpack(
                    matrix,
                    panel,
                    &mut weights[place * PANEL..],
                    &mut scales[place * PANEL..],
                    width,
                );
            }
            tiles(blocks, weights, scales, width, &x, stripe);
        },
    );
    output
}

#[cfg(target_arch = "x86_64")]
fn unpack(
    matrix: &PackedMatrix,
    panel: usize,
    weights: &mut [i32],
    scales: &mut [f32],
    stride: usize,
) {
    use super::avx512::unpack;
    let blocks = matrix.blocks();
    let panel = matrix.panel(panel);
    let last = |rows: usize| (rows.max(1) - 1) * stride + PANEL;
    assert!(weights.len() >= last(blocks * BLOCK / 2) && scales.len() >= last(blocks));
    // SAFETY: this level is there (see `multiply`), the panel has the blocks of its matrix and the
    // targets are long enough by the line above.
    unsafe {
        match matrix.format() {
            PackedFormat::Q8 => unpack::<false>(blocks, panel, weights, scales, stride),
            PackedFormat::Q4 => unpack::<true>(blocks, panel, weights, scales, stride),
        }
    }
}

/// All rows times the unpacked panels of a stripe.
#[cfg(target_arch = "x86_64")]
fn tiles(
    blocks: usize,
    weights: &[i32],
    scales: &[f32],
    stride: usize,
    x: &QuantizedRows,
    mut stripe: Stripe<'_>,
) {
    for row in (0..x.rows()).step_by(TILE_ROWS) {
        let count = TILE_ROWS.min(x.rows() - row);
        for column in (0..stripe.width()).step_by(2 * PANEL) {
            let (weights, scales) = (&weights[column..], &scales[column..]);
            match count {
                1 => tile::<1>(blocks, weights, scales, stride, x, row, &mut stripe, column),
                2 => tile::<2>(blocks, weights, scales, stride, x, row, &mut stripe, column),
                3 => tile::<3>(blocks, weights, scales, stride, x, row, &mut stripe, column),
                4 => tile::<4>(blocks, weights, scales, stride, x, row, &mut stripe, column),
                5 => tile::<5>(blocks, weights, scales, stride, x, row, &mut stripe, column),
                _ => tile::<6>(blocks, weights, scales, stride, x, row, &mut stripe, column),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(clippy::too_many_arguments)]
fn tile<const ROWS: usize>(
    blocks: usize,
    weights: &[i32],
    scales: &[f32],
    stride: usize,
    x: &QuantizedRows,
    row: usize,
    stripe: &mut Stripe<'_>,
    column: usize,
) {
    let rows: [_; ROWS] = std::array::from_fn(|m| x.row(row + m));
    let last = |rows: usize| (rows.max(1) - 1) * stride + 2 * PANEL;
    assert!(weights.len() >= last(blocks * BLOCK / 2) && scales.len() >= last(blocks));
    assert!(rows.iter().all(|row| row.scales.len() == blocks));
    let columns = (stripe.width() - column).min(2 * PANEL);
    let (out, out_stride) = (stripe.rows(row, ROWS, column), stripe.stride());
    // SAFETY: this level is there (see `multiply`), weights and rows are long enough by the lines above,
    // and the stripe has these rows and columns.
    unsafe {
        super::avx512::tile(
            blocks, weights, scales, stride, rows, out, out_stride, columns,
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn unpack(_: &PackedMatrix, _: usize, _: &mut [i32], _: &mut [f32], _: usize) {}

#[cfg(not(target_arch = "x86_64"))]
fn tiles(_: usize, _: &[i32], _: &[f32], _: usize, _: &QuantizedRows, _: Stripe<'_>) {}

impl PanelSource for PackedMatrix {
    fn outputs(&self) -> usize {
        Self::outputs(self)
    }

    fn inputs(&self) -> usize {
        Self::inputs(self)
    }

    fn widen(&self, _: Level, first: [usize; 2], inputs: usize, panel: &mut [f32], width: usize) {
        let [output, input] = first;
        let (format, size) = (self.format(), self.format().block_bytes());
        for place in 0..width / PANEL {
            let number = output / PANEL + place;
            if number >= self.panels() {
                return;
            }
            let source = self.panel(number);
            for k in 0..inputs {
                let block = (input + k) / BLOCK;
                let quants = &source.quants[block * size..(block + 1) * size];
                let target = &mut panel[k * width + place * PANEL..][..PANEL];
                for (lane, value) in target.iter_mut().enumerate() {
                    let quant = format.get(quants, lane, (input + k) % BLOCK) - format.zero();
                    *value = quant as f32 * source.scale(block, lane);
                }
            }
        }
    }
}
