//! Many rows times weights of any stored type, in f32.
//!
//! Each task takes some columns of the result: it widens their weights, a stretch of the inputs at a
//! time, into panels in which the weights of neighbouring outputs lie beside each other, and runs all
//! rows over them. Widening is exact and costs a few percent; activations stay f32, so that nothing
//! is rounded that is not rounded in f32. No f32 copy of a matrix exists, only one panel a thread.
//!
//! A product of bf16 pairs (`vdpbf16ps`) would round activations to 8 bits. On the Xeon (family 6, model
//! 207) that this was measured on it does half the products a second of f32 multiply-add, so that
//! exactness costs nothing there.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod fallback;
mod rows;
#[cfg(feature = "training")]
pub(crate) mod strided;
#[cfg(test)]
mod tests;
#[cfg(feature = "training")]
mod transposed;
#[cfg(feature = "training")]
mod upright;

use rayon::prelude::*;

use crate::columns::{Columns, Stripe};
use crate::{Level, scratch};

pub(crate) use rows::{PanelWeight, StoredRows};
#[cfg(feature = "training")]
pub(crate) use transposed::multiply_transposed;
#[cfg(feature = "training")]
pub(crate) use upright::StoredColumns;

/// Inputs of one widened stretch: a panel of it stays in the second cache.
const STRETCH: usize = 1024;

/// Weights that can be widened.
pub(crate) trait PanelSource: Sync {
    /// Rows of the weight matrix.
    fn outputs(&self) -> usize;

    /// Columns of the weight matrix.
    fn inputs(&self) -> usize;

    /// Writes the weights of the outputs from `first[0]` on and `inputs` inputs from `first[1]` on
    /// into `panel`, `[inputs, width]`. Outputs that the matrix does not have may be left as they are.
    fn widen(
        &self,
        level: Level,
        first: [usize; 2],
        inputs: usize,
        panel: &mut [f32],
        width: usize,
    );
}

/// Columns of one panel.
fn panel_width(level: Level) -> usize {
    match level {
        Level::Avx512 | Level::Avx512Vnni => 48,
        Level::Avx2 => 16,
        Level::Portable | Level::Neon => 64,
    }
}

/// Tasks for each thread at least, if there are rows enough: the last ones to end decide.
const TASKS: usize = 16;
/// Rows of a task at least, which pay for widening a panel once more.
const ROWS: usize = 256;

/// `activations[rows, inputs] · weightsᵀ`.
pub(crate) fn multiply<W: PanelSource>(level: Level, activations: &[f32], weights: &W) -> Vec<f32> {
    let (inputs, outputs) = (weights.inputs(), weights.outputs());
    let rows = activations.len() / inputs.max(1);
    let mut output = vec![0f32; rows * outputs];
    let panels = outputs.div_ceil(panel_width(level));
    let wanted = (TASKS * rayon::current_num_threads()).div_ceil(panels.max(1));
    let block = rows.div_ceil(wanted).max(ROWS).next_multiple_of(8);
    output
        .par_chunks_mut((block * outputs).max(1))
        .zip(activations.par_chunks((block * inputs).max(1)))
        .for_each(|(output, activations)| multiply_block(level, activations, weights, output));
    output
}

/// As [`multiply`], for some of the rows.
fn multiply_block<W: PanelSource>(
    level: Level,
    activations: &[f32],
    weights: &W,
    output: &mut [f32],
) {
    let (inputs, outputs) = (weights.inputs(), weights.outputs());
    let rows = activations.len() / inputs.max(1);
    let width = panel_width(level);
    let columns = Columns::of(output, outputs);
    let work = |task: usize| {
        scratch::with(STRETCH.min(inputs) * width, |panel| {
            let first = task * width;
            // SAFETY: tasks have different columns.
            let mut stripe = unsafe { columns.stripe(first..first + width) };
            for input in (0..inputs).step_by(STRETCH) {
                let count = STRETCH.min(inputs - input);
                let panel = &mut panel[..count * width];
                weights.widen(level, [first, input], count, panel, width);
                let x = Activations {
                    values: &activations[input..],
                    stride: inputs,
                    rows,
                };
                run(level, x, panel, &mut stripe, input > 0);
            }
        });
    };
    (0..outputs.div_ceil(width)).into_par_iter().for_each(work);
}

/// `[rows, count]` within rows of `stride` values.
#[derive(Clone, Copy)]
struct Activations<'a> {
    values: &'a [f32],
    stride: usize,
    rows: usize,
}

/// All rows times one panel into the stripe, or added to it.
fn run(level: Level, x: Activations<'_>, panel: &[f32], stripe: &mut Stripe<'_>, is_added: bool) {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Vnni => {
            level.require();
            // SAFETY: the line above.
            unsafe { avx512::run(x, panel, stripe, is_added) }
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            level.require();
            // SAFETY: the line above.
            unsafe { avx2::run(x, panel, stripe, is_added) }
        }
        _ => fallback::run(x, panel, panel_width(level), stripe, is_added),
    }
}
