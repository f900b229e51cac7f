//! Few rows times a packed matrix: the shape of a decode step. The matrix is read once for all rows.

use rayon::prelude::*;

use super::activations::{QuantizedRow, QuantizedRows};
use super::format::PANEL;
use super::matrix::PackedMatrix;
use super::portable;
#[cfg(target_arch = "x86_64")]
use super::{PackedFormat, avx2, avx512};
#[cfg(target_arch = "aarch64")]
use super::{PackedFormat, neon};
use crate::Level;

/// Rows of one call of a kernel.
pub(super) const MOST_ROWS: usize = 8;
/// Below this many multiply-adds the work is done on the calling thread: waking others costs more.
const PARALLEL_THRESHOLD: usize = 1 << 16;

/// `[rows, outputs]` for up to [`MOST_ROWS`] rows.
pub(super) fn multiply(level: Level, matrix: &PackedMatrix, x: &QuantizedRows) -> Vec<f32> {
    let rows = x.rows();
    debug_assert!((1..=MOST_ROWS).contains(&rows));
    // Panel by panel, so that threads own disjoint stretches; put into rows at the end.
    let mut by_panel = vec![[0f32; PANEL]; matrix.panels() * rows];
    let work = |(panel, out): (usize, &mut [[f32; PANEL]])| match rows {
        1 => panel_rows::<1>(level, matrix, panel, x, out),
        2 => panel_rows::<2>(level, matrix, panel, x, out),
        3 => panel_rows::<3>(level, matrix, panel, x, out),
        4 => panel_rows::<4>(level, matrix, panel, x, out),
        5 => panel_rows::<5>(level, matrix, panel, x, out),
        6 => panel_rows::<6>(level, matrix, panel, x, out),
        7 => panel_rows::<7>(level, matrix, panel, x, out),
        _ => panel_rows::<8>(level, matrix, panel, x, out),
    };
    if rows * matrix.inputs() * matrix.outputs() < PARALLEL_THRESHOLD {
        by_panel.chunks_mut(rows).enumerate().for_each(work);
    } else {
        let parts = rayon::current_num_threads() * 8;
        by_panel
            .par_chunks_mut(rows)
            .with_min_len(matrix.panels().div_ceil(parts).max(1))
            .enumerate()
            .for_each(work);
    }
    let outputs = matrix.outputs();
    let mut output = Vec::with_capacity(rows * outputs);
    for row in 0..rows {
        let panels = by_panel.iter().skip(row).step_by(rows);
        output.extend(panels.flatten().take(outputs));
    }
    output
}

fn panel_rows<const ROWS: usize>(
    level: Level,
    matrix: &PackedMatrix,
    number: usize,
    x: &QuantizedRows,
    out: &mut [[f32; PANEL]],
) {
    let panel = matrix.panel(number);
    let rows: [QuantizedRow<'_>; ROWS] = std::array::from_fn(|row| x.row(row));
    let Some(out) = out.first_chunk_mut::<ROWS>() else {
        return;
    };
    #[cfg(target_arch = "x86_64")]
    {
        let blocks = matrix.blocks();
        // Rows and panels are as long as the kernels read: no arithmetic below can leave them.
        assert!(rows.iter().all(|row| row.scales.len() == blocks));
        // SAFETY: `Level::detect` gives these levels only when the processor has the features; a
        // panel has the blocks of its matrix by construction, rows have them by the line above.
        unsafe {
            match (level, matrix.format()) {
                (Level::Avx512Vnni, PackedFormat::Q8) => {
                    return avx512::multiply::<false, ROWS>(blocks, panel, rows, out);
                }
                (Level::Avx512Vnni, PackedFormat::Q4) => {
                    return avx512::multiply::<true, ROWS>(blocks, panel, rows, out);
                }
                (Level::Avx2 | Level::Avx512, PackedFormat::Q8) => {
                    return avx2::multiply::<false, ROWS>(blocks, panel, rows, out);
                }
                (Level::Avx2 | Level::Avx512, PackedFormat::Q4) => {
                    return avx2::multiply::<true, ROWS>(blocks, panel, rows, out);
                }
                (Level::Portable | Level::Neon, _) => {}
            }
        }
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon {
        let blocks = matrix.blocks();
        assert!(rows.iter().all(|row| row.scales.len() == blocks));
        // SAFETY: a panel has the blocks of its matrix by construction, rows have them by the line above.
        unsafe {
            match matrix.format() {
                PackedFormat::Q8 => neon::multiply::<false, ROWS>(blocks, panel, rows, out),
                PackedFormat::Q4 => neon::multiply::<true, ROWS>(blocks, panel, rows, out),
            }
        }
        return;
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = level;
    for (row, out) in rows.into_iter().zip(out) {
        portable::multiply::<false>(matrix.format(), panel, row, out);
    }
}
