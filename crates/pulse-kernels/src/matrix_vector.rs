//! Few activation rows times a weight matrix: the shape of a decode step, bound by the speed at
//! which weights arrive from memory. The matrix is read once for all rows.

use rayon::prelude::*;

use crate::dot::{Level, ROWS, StoredWeight, dot_rows};

/// Below this many multiply-adds the work is done on the calling thread: waking others costs more.
const PARALLEL_THRESHOLD: usize = 1 << 16;

/// `output[m, n] = activations[m, k] · weights[n, k]ᵀ`, f32 accumulation.
///
/// All slices are row-major and must have exactly these lengths.
pub(crate) fn multiply<W: StoredWeight>(
    activations: &[f32],
    weights: &[W],
    rows: usize,
    inner: usize,
    outputs: usize,
) -> Vec<f32> {
    debug_assert_eq!(activations.len(), rows * inner);
    debug_assert_eq!(weights.len(), outputs * inner);
    if inner == 0 {
        return vec![0.0; rows * outputs];
    }
    // Written as [outputs, rows] so that threads own disjoint stretches, transposed at the end.
    let mut by_output = vec![0f32; outputs * rows];
    let level = Level::detect();
    let work = |first: usize, part: &mut [f32]| {
        for (block, chunk) in part.chunks_mut(ROWS * rows).enumerate() {
            let row = first + block * ROWS;
            let last = outputs - 1;
            let weight_rows = std::array::from_fn(|r| {
                let row = (row + r).min(last);
                &weights[row * inner..(row + 1) * inner]
            });
            for (m, x) in activations.chunks_exact(inner).enumerate() {
                let sums = dot_rows(level, weight_rows, x);
                for (r, sum) in sums.iter().take(chunk.len() / rows).enumerate() {
                    chunk[r * rows + m] = *sum;
                }
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition_for_odd_shapes() {
        for (rows, inner, outputs) in [(1, 33, 7), (3, 64, 10), (8, 257, 301), (1, 1, 1), (2, 0, 3)]
        {
            let x: Vec<f32> = (0..rows * inner).map(|i| (i % 13) as f32 - 6.0).collect();
            let w: Vec<f32> = (0..outputs * inner)
                .map(|i| (i % 11) as f32 - 5.0)
                .collect();
            let got = multiply(&x, &w, rows, inner, outputs);
            for m in 0..rows {
                for n in 0..outputs {
                    let exact: f32 = (0..inner)
                        .map(|k| x[m * inner + k] * w[n * inner + k])
                        .sum();
                    // Small integers: sums are exact in f32.
                    assert_eq!(got[m * outputs + n], exact, "{rows} {inner} {outputs}");
                }
            }
        }
    }
}
