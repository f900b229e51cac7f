//! `leftᵀ · right` of two tall matrices: the gradient to a weight.

use rayon::prelude::*;

use super::{Activations, PanelSource, StoredColumns, StoredRows, panel_width, run};
use crate::columns::Columns;
use crate::{Level, scratch};

/// Rows of both matrices of one stretch at most.
const STRETCH: usize = 512;
/// Rows of the result that a task takes at most: with [`STRETCH`] they stay in the second cache.
const BLOCK: usize = 256;

/// `left[rows, outputs]ᵀ · right[rows, inputs]` into `out` `[outputs, inputs]`, or added to it.
///
/// # Panics
/// Panics if the sizes do not fit.
pub(crate) fn multiply_transposed(
    level: Level,
    [left, right]: [&[f32]; 2],
    [rows, outputs, inputs]: [usize; 3],
    out: &mut [f32],
    is_added: bool,
) {
    assert_eq!(out.len(), outputs * inputs);
    let left = StoredRows::new(left, [rows, outputs]);
    let right = StoredColumns::new(right, [rows, inputs]);
    if rows == 0 && !is_added {
        out.fill(0.0);
    }
    // A few tasks a thread, but each large enough to pay for copying the panels of `right` once more.
    let tasks = 2 * rayon::current_num_threads();
    let block = outputs.div_ceil(tasks).next_multiple_of(8).clamp(64, BLOCK);
    // Stretches of one length, so that none is too short to pay for reading the result once more.
    let stretch = rows.div_ceil(rows.div_ceil(STRETCH).max(1)).max(1);
    let width = panel_width(level);
    out.par_chunks_mut((block * inputs).max(1))
        .enumerate()
        .for_each(|(task, out)| {
            scratch::with((block + width) * stretch, |memory| {
                let (turned, panel) = memory.split_at_mut(block * stretch);
                let count = out.len() / inputs;
                for row in (0..rows).step_by(stretch) {
                    let length = stretch.min(rows - row);
                    let turned = &mut turned[..count * length];
                    left.widen(level, [row, task * block], count, turned, length);
                    let x = Activations {
                        values: turned,
                        stride: length,
                        rows: count,
                    };
                    let columns = Columns::of(out, inputs);
                    for first in (0..inputs).step_by(width) {
                        let panel = &mut panel[..length * width];
                        right.widen(level, [first, row], length, panel, width);
                        // SAFETY: this block of the result is this task's, and this stripe the only one.
                        let mut stripe = unsafe { columns.stripe(first..first + width) };
                        run(level, x, panel, &mut stripe, is_added || row > 0);
                    }
                }
            });
        });
}
