//! The figures of a class over resamples, without sorting each of them.
//!
//! A resample changes how often a row counts, not the order of the probabilities: the cells are sorted once, and each
//! resample is one walk over them with the rows' counts as weights. The functions of [`crate::metrics`] define the
//! figures; a test holds both against each other.

use super::CALIBRATION_BINS;
use crate::metrics::ratio;

/// Cells by falling value.
pub(super) struct Ranked {
    cells: Vec<Cell>,
}

/// One probability (or confidence).
struct Cell {
    row: u32,
    value: f64,
    /// Whether it is true (or right).
    is_true: bool,
}

/// `roc_auc`, `average_precision`, `brier_score` and `expected_calibration_error`.
pub(super) type ClassFigures = [Option<f64>; 4];

impl Ranked {
    /// Cells of `(row, value, is true)`.
    pub(super) fn new(cells: impl Iterator<Item = (u32, f64, bool)>) -> Self {
        let cell = |(row, value, is_true)| Cell {
            row,
            value,
            is_true,
        };
        let mut cells: Vec<Cell> = cells.map(cell).collect();
        cells.sort_by(|one, other| other.value.total_cmp(&one.value));
        Self { cells }
    }

    /// Groups of equal values, falling: the value, and the weights of what is true and false in it.
    fn groups(&self, weights: &[u32]) -> impl Iterator<Item = (f64, f64, f64)> {
        let groups = self.cells.chunk_by(|one, other| one.value == other.value);
        groups.map(|group| {
            let (mut hits, mut misses) = (0, 0);
            for cell in group {
                let weight = weights[cell.row as usize];
                match cell.is_true {
                    true => hits += weight,
                    false => misses += weight,
                }
            }
            (group[0].value, f64::from(hits), f64::from(misses))
        })
    }

    /// The figures of a class whose rows count `weights` times.
    pub(super) fn figures(&self, weights: &[u32]) -> ClassFigures {
        let (mut hits, mut misses) = (0.0, 0.0);
        let (mut area, mut precision, mut squares) = (0.0, 0.0, 0.0);
        let mut bins = [0.0; CALIBRATION_BINS];
        for (value, more_hits, more_misses) in self.groups(weights) {
            let before = hits;
            hits += more_hits;
            misses += more_misses;
            area += more_misses * (before + hits) / 2.0;
            if more_hits > 0.0 {
                precision += more_hits * hits / (hits + misses);
            }
            squares += more_hits * (1.0 - value).powi(2) + more_misses * value.powi(2);
            let bin = (value * CALIBRATION_BINS as f64) as usize;
            bins[bin.min(CALIBRATION_BINS - 1)] += (more_hits + more_misses) * value - more_hits;
        }
        let off: f64 = bins.iter().map(|sum| sum.abs()).sum();
        [
            ratio(area, hits * misses),
            ratio(precision, hits),
            ratio(squares, hits + misses),
            ratio(off, hits + misses),
        ]
    }

    /// The area under the abstention curve where the values are confidences.
    pub(super) fn area_under_abstention(&self, weights: &[u32]) -> Option<f64> {
        let (mut hits, mut all, mut sum) = (0.0, 0.0, 0.0);
        for (_, more_hits, more_misses) in self.groups(weights) {
            let more = more_hits + more_misses;
            if more > 0.0 {
                hits += more_hits;
                all += more;
                sum += more * hits / all;
            }
        }
        ratio(sum, all)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::metrics::{
        area_under_abstention, average_precision, brier_score, expected_calibration_error, roc_auc,
    };

    #[test]
    fn resamples_are_those_of_the_metrics() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for (rows, levels) in [(1, 3), (7, 2), (60, 9), (300, 1_000_000)] {
            let cells: Vec<(u32, f64, bool)> = (0..rows)
                .map(|row| {
                    let value = f64::from(random.random_range(0..=levels)) / f64::from(levels);
                    (row, value, random.random::<f64>() < 0.3)
                })
                .collect();
            let ranked = Ranked::new(cells.iter().copied());
            for _ in 0..20 {
                let drawn: Vec<u32> = (0..rows).map(|_| random.random_range(0..rows)).collect();
                let mut weights = vec![0; cells.len()];
                drawn.iter().for_each(|row| weights[*row as usize] += 1);
                let (p, truths): (Vec<f64>, Vec<bool>) = drawn
                    .iter()
                    .map(|row| (cells[*row as usize].1, cells[*row as usize].2))
                    .unzip();
                let expected = [
                    roc_auc(&p, &truths),
                    average_precision(&p, &truths),
                    brier_score(&p, &truths),
                    expected_calibration_error(&p, &truths, CALIBRATION_BINS),
                    area_under_abstention(&p, &truths),
                ];
                let mut found = ranked.figures(&weights).to_vec();
                found.push(ranked.area_under_abstention(&weights));
                for (found, expected) in found.into_iter().zip(expected) {
                    match (found, expected) {
                        (Some(found), Some(expected)) => {
                            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
                        }
                        (found, expected) => assert_eq!(found, expected),
                    }
                }
            }
        }
    }
}
