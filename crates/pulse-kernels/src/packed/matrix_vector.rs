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
    let together = panels_at_once(level, rows);
    let work = |(group, out): (usize, &mut [[f32; PANEL]])| {
        let first = group * together;
        match rows {
            1 => some_panels::<1>(level, matrix, first, x, out),
            2 => some_panels::<2>(level, matrix, first, x, out),
            3 => some_panels::<3>(level, matrix, first, x, out),
            4 => some_panels::<4>(level, matrix, first, x, out),
            5 => some_panels::<5>(level, matrix, first, x, out),
            6 => some_panels::<6>(level, matrix, first, x, out),
            7 => some_panels::<7>(level, matrix, first, x, out),
            _ => some_panels::<8>(level, matrix, first, x, out),
        }
    };
    let groups = by_panel.chunks_mut(rows * together);
    if rows * matrix.inputs() * matrix.outputs() < PARALLEL_THRESHOLD {
        groups.enumerate().for_each(work);
    } else {
        let parts = rayon::current_num_threads() * 8;
        let least = groups.len().div_ceil(parts).max(1);
        by_panel
            .par_chunks_mut(rows * together)
            .with_min_len(least)
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

/// Panels that a kernel takes at once: as many as its registers hold sums for.
fn panels_at_once(level: Level, rows: usize) -> usize {
    match (level, rows) {
        (Level::Avx512Vnni, 1) => 4,
        (Level::Avx512Vnni, 2) => 2,
        _ => 1,
    }
}

/// The panels from `first` on that `out`, `[panels * ROWS, 16]`, has room for.
fn some_panels<const ROWS: usize>(
    level: Level,
    matrix: &PackedMatrix,
    first: usize,
    x: &QuantizedRows,
    out: &mut [[f32; PANEL]],
) {
    let rows: [QuantizedRow<'_>; ROWS] = std::array::from_fn(|row| x.row(row));
    #[cfg(target_arch = "x86_64")]
    if level == Level::Avx512Vnni {
        match out.len() / ROWS {
            4 if ROWS == 1 => return together::<ROWS, 4>(matrix, first, rows, out),
            2 if ROWS == 2 => return together::<ROWS, 2>(matrix, first, rows, out),
            _ => {
                for (number, out) in out.chunks_exact_mut(ROWS).enumerate() {
                    together::<ROWS, 1>(matrix, first + number, rows, out);
                }
                return;
            }
        }
    }
    for (number, out) in out.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
        one_panel(level, matrix, first + number, rows, out);
    }
}

/// `PANELS` panels with AVX-512 and VNNI.
#[cfg(target_arch = "x86_64")]
fn together<const ROWS: usize, const PANELS: usize>(
    matrix: &PackedMatrix,
    first: usize,
    rows: [QuantizedRow<'_>; ROWS],
    out: &mut [[f32; PANEL]],
) {
    let blocks = matrix.blocks();
    Level::Avx512Vnni.require();
    // Rows and panels are as long as the kernels read: no arithmetic there can leave them.
    assert!(rows.iter().all(|row| row.scales.len() == blocks));
    let panels: [_; PANELS] = std::array::from_fn(|panel| matrix.panel(first + panel));
    // SAFETY: the lines above; a panel has the blocks of its matrix by construction.
    unsafe {
        match matrix.format() {
            PackedFormat::Q8 => avx512::multiply::<false, ROWS, PANELS>(blocks, panels, rows, out),
            PackedFormat::Q4 => avx512::multiply::<true, ROWS, PANELS>(blocks, panels, rows, out),
        }
    }
}

fn one_panel<const ROWS: usize>(
    level: Level,
    matrix: &PackedMatrix,
    number: usize,
    rows: [QuantizedRow<'_>; ROWS],
    out: &mut [[f32; PANEL]; ROWS],
) {
    let panel = matrix.panel(number);
    #[cfg(target_arch = "x86_64")]
    if let Level::Avx2 | Level::Avx512 = level {
        level.require();
        let blocks = matrix.blocks();
        assert!(rows.iter().all(|row| row.scales.len() == blocks));
        // SAFETY: as in `together`.
        unsafe {
            match matrix.format() {
                PackedFormat::Q8 => avx2::multiply::<false, ROWS>(blocks, panel, rows, out),
                PackedFormat::Q4 => avx2::multiply::<true, ROWS>(blocks, panel, rows, out),
            }
        }
        return;
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
