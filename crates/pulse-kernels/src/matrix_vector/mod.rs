//! Few activation rows times a weight matrix as stored: the shape of a decode step, bound by the speed
//! at which weights arrive from memory. The matrix is read once for all rows, and nothing is rounded:
//! weights widen exactly, activations and sums are f32.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::Level;
use crate::dot::{ROWS, StoredWeight, dot_rows_generic};

/// Activation rows of one call.
pub(crate) const MOST_ROWS: usize = 8;
/// Below this many multiply-adds the work is done on the calling thread: waking others costs more.
const PARALLEL_THRESHOLD: usize = 1 << 16;

/// `output[m, n] = activations[m, k] · weights[n, k]ᵀ` for up to [`MOST_ROWS`] rows.
///
/// # Panics
/// Panics if the slices, row-major, do not have exactly these lengths, or there are too many rows.
pub(crate) fn multiply<W: StoredWeight>(
    level: Level,
    activations: &[f32],
    weights: &[W],
    rows: usize,
    inner: usize,
    outputs: usize,
) -> Vec<f32> {
    assert_eq!(activations.len(), rows * inner);
    assert_eq!(weights.len(), outputs * inner);
    assert!(rows <= MOST_ROWS);
    if inner == 0 || rows == 0 {
        return vec![0.0; rows * outputs];
    }
    // Written as [outputs, rows] so that threads own disjoint stretches, transposed at the end.
    let mut by_output = vec![0f32; outputs * rows];
    let arranged = arrange::<W>(level, activations, inner);
    let work = |first: usize, part: &mut [f32]| {
        let weights = &weights[first * inner..(first + part.len() / rows) * inner];
        products(level, &arranged, weights, rows, part);
    };
    if rows * inner * outputs < PARALLEL_THRESHOLD {
        work(0, &mut by_output);
    } else {
        let parts = rayon::current_num_threads() * 8;
        let outputs_per_part = outputs.div_ceil(parts).next_multiple_of(ROWS);
        by_output
            .par_chunks_mut(outputs_per_part * rows)
            .enumerate()
            .for_each(|(part, chunk)| work(part * outputs_per_part, chunk));
    }
    if rows == 1 {
        return by_output;
    }
    let mut output = vec![0f32; rows * outputs];
    for (m, row) in output.chunks_exact_mut(outputs).enumerate() {
        for (n, value) in row.iter_mut().enumerate() {
            *value = by_output[n * rows + m];
        }
    }
    output
}

/// `part[n, m] = weights[n, k] · arranged[m, k]` on the calling thread, for up to [`MOST_ROWS`] rows that
/// [`arrange`] has put in order; `part` is not empty.
///
/// # Panics
/// Panics if there are too many rows or the lengths do not fit together.
pub(crate) fn products<W: StoredWeight>(
    level: Level,
    arranged: &[f32],
    weights: &[W],
    rows: usize,
    part: &mut [f32],
) {
    let inner = arranged.len() / rows;
    match rows {
        1 => stretch::<W, 1>(level, arranged, weights, inner, part),
        2 => stretch::<W, 2>(level, arranged, weights, inner, part),
        3 => stretch::<W, 3>(level, arranged, weights, inner, part),
        4 => stretch::<W, 4>(level, arranged, weights, inner, part),
        5 => stretch::<W, 5>(level, arranged, weights, inner, part),
        6 => stretch::<W, 6>(level, arranged, weights, inner, part),
        7 => stretch::<W, 7>(level, arranged, weights, inner, part),
        _ => stretch::<W, 8>(level, arranged, weights, inner, part),
    }
}

/// Values that one group of a level's kernel takes: two registers.
fn group(level: Level) -> usize {
    match level {
        Level::Avx512 | Level::Avx512Vnni => 32,
        Level::Avx2 => 16,
        Level::Neon => 8,
        Level::Portable => 1,
    }
}

/// Activations in the order in which a level widens weights: where pairs of 16-bit values are split by
/// a shift and a mask, the even values of a group come before the odd ones. Values behind the last
/// whole group stay in order.
pub(crate) fn arrange<W: StoredWeight>(
    level: Level,
    activations: &[f32],
    inner: usize,
) -> Vec<f32> {
    let group = group(level);
    let mut arranged = activations.to_vec();
    if W::IS_SPLIT && group > 1 {
        let rows = activations.chunks_exact(inner);
        for (row, target) in rows.zip(arranged.chunks_exact_mut(inner)) {
            let groups = row.chunks_exact(group).zip(target.chunks_exact_mut(group));
            for (x, target) in groups {
                let (even, odd) = target.split_at_mut(group / 2);
                for (i, pair) in x.as_chunks::<2>().0.iter().enumerate() {
                    (even[i], odd[i]) = (pair[0], pair[1]);
                }
            }
        }
    }
    arranged
}

/// Some rows of the weights times all activations; `part` is `[outputs, M]`.
fn stretch<W: StoredWeight, const M: usize>(
    level: Level,
    activations: &[f32],
    weights: &[W],
    inner: usize,
    part: &mut [f32],
) {
    assert!(activations.len() == M * inner && weights.len() * M == part.len() * inner);
    level.require();
    match level {
        // SAFETY: instructions and lengths are there by the lines above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Vnni => unsafe {
            avx512::stretch::<W, M>(activations, weights, inner, part);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::stretch::<W, M>(activations, weights, inner, part) },
        // SAFETY: every AArch64 processor has NEON; lengths as above.
        #[cfg(target_arch = "aarch64")]
        Level::Neon => unsafe { neon::stretch::<W, M>(activations, weights, inner, part) },
        _ => portable::<W, M>(activations, weights, inner, part),
    }
}

fn portable<W: StoredWeight, const M: usize>(
    activations: &[f32],
    weights: &[W],
    inner: usize,
    part: &mut [f32],
) {
    let last = part.len() / M - 1;
    for (block, chunk) in part.chunks_mut(ROWS * M).enumerate() {
        let rows = std::array::from_fn(|r| {
            let row = (block * ROWS + r).min(last);
            &weights[row * inner..(row + 1) * inner]
        });
        for (m, x) in activations.chunks_exact(inner).enumerate() {
            let sums = dot_rows_generic::<W, false>(rows, x);
            for (r, sum) in sums.iter().take(chunk.len() / M).enumerate() {
                chunk[r * M + m] = *sum;
            }
        }
    }
}

/// What is left behind the last whole group.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn tail<W: StoredWeight>(weights: &[W], activations: &[f32]) -> f32 {
    let products = weights.iter().zip(activations);
    products.map(|(weight, x)| weight.widen() * x).sum()
}
