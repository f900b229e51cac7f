//! Curves: strokes that can be followed from column to column, as a trace can.

use super::stroke::StrokeMass;

/// Columns that a curve may be interrupted for: a crossing stroke, a gap of faded ink.
const GAP: usize = 3;
/// Rows between the ends of two runs of neighbouring columns that still touch.
const TOUCH: u16 = 2;
/// More runs in a column than this, on average, are a lattice, noise or small print and no trace: twelve leads and
/// what is written beside them have less than half.
const MOST_RUNS: usize = 30;
/// More than this share of the pixels is not a trace, nor text.
const MOST_INK: f64 = 0.15;

/// One stroke from left to right: in each of its columns a run of pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// First column.
    pub(super) start: usize,
    /// Top and bottom pixel in each column; where the curve is interrupted the one before.
    pub(super) runs: Vec<(u16, u16)>,
}

/// What was found at one threshold of mass.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Followed {
    /// Curves of at least the length that was asked for.
    pub(super) curves: Vec<Curve>,
    /// Pixels of that mass and more, as a share of all.
    pub(super) ink: f64,
}

struct Active {
    curve: Curve,
    /// Columns since the last run.
    missed: usize,
}

/// Follows all strokes of at least `threshold` mass over at least `shortest` columns. Nothing if the picture is
/// full of them: a grid or noise is as dark.
pub(super) fn follow(stroke: &StrokeMass, threshold: u8, shortest: usize) -> Option<Followed> {
    let mut active: Vec<Active> = Vec::new();
    let mut found = Followed {
        curves: Vec::new(),
        ink: 0.0,
    };
    let mut runs = Vec::new();
    let mut is_used = Vec::new();
    let (mut pixels, mut count) = (0_usize, 0_usize);
    for (x, column) in stroke.mass.chunks_exact(stroke.height.max(1)).enumerate() {
        find_runs(column, threshold, &mut runs);
        count += runs.len();
        pixels += runs
            .iter()
            .map(|(top, bottom)| usize::from(bottom - top) + 1)
            .sum::<usize>();
        if x % 64 == 63 && count > (x + 1) * MOST_RUNS {
            return None;
        }
        is_used.clear();
        is_used.resize(runs.len(), false);
        // Older curves choose first: the trace goes on where a letter touches it.
        for curve in &mut active {
            match next_run(curve, &runs, &is_used) {
                Some(index) => {
                    is_used[index] = true;
                    curve.curve.runs.push(runs[index]);
                    curve.missed = 0;
                }
                None => {
                    let last = curve.curve.runs.last().copied().unwrap_or_default();
                    curve.curve.runs.push(last);
                    curve.missed += 1;
                }
            }
        }
        active.retain_mut(|curve| {
            let goes_on = curve.missed <= GAP;
            if !goes_on {
                close(curve, shortest, &mut found.curves);
            }
            goes_on
        });
        for (run, _) in runs.iter().zip(&is_used).filter(|(_, used)| !**used) {
            active.push(Active {
                curve: Curve {
                    start: x,
                    runs: vec![*run],
                },
                missed: 0,
            });
        }
    }
    for mut curve in active {
        close(&mut curve, shortest, &mut found.curves);
    }
    found.ink = pixels as f64 / stroke.mass.len().max(1) as f64;
    (found.ink <= MOST_INK).then_some(found)
}

/// Takes the columns off that were waited for in vain and keeps a curve that is long enough.
fn close(active: &mut Active, shortest: usize, curves: &mut Vec<Curve>) {
    let runs = &mut active.curve.runs;
    runs.truncate(runs.len() - active.missed);
    if runs.len() >= shortest {
        curves.push(Curve {
            start: active.curve.start,
            runs: std::mem::take(runs),
        });
    }
}

/// The free run that goes on from a curve: of those that touch its last one the one whose middle is nearest.
fn next_run(active: &Active, runs: &[(u16, u16)], is_used: &[bool]) -> Option<usize> {
    let &(top, bottom) = active.curve.runs.last()?;
    let reach = TOUCH + active.missed as u16;
    let first = runs.partition_point(|run| run.1 + reach < top);
    let middle = top + bottom;
    let touching = runs[first..]
        .iter()
        .enumerate()
        .take_while(|(_, run)| run.0 <= bottom + reach);
    touching
        .map(|(offset, run)| (first + offset, (run.0 + run.1).abs_diff(middle)))
        .filter(|(index, _)| !is_used[*index])
        .min_by_key(|(_, distance)| *distance)
        .map(|(index, _)| index)
}

/// Runs of pixels of at least `threshold`, from the top.
fn find_runs(column: &[u8], threshold: u8, runs: &mut Vec<(u16, u16)>) {
    runs.clear();
    let mut start: Option<u16> = None;
    for (chunk, values) in column.chunks(CHUNK).enumerate() {
        let highest = values.iter().copied().fold(0, u8::max);
        let top = (chunk * CHUNK) as u16;
        if highest < threshold {
            if let Some(start) = start.take() {
                runs.push((start, top - 1));
            }
            continue;
        }
        for (row, value) in (top..).zip(values) {
            match (start, *value >= threshold) {
                (None, true) => start = Some(row),
                (Some(first), false) => {
                    runs.push((first, row - 1));
                    start = None;
                }
                _ => {}
            }
        }
    }
    if let Some(start) = start {
        runs.push((start, (column.len() - 1) as u16));
    }
}

/// Pixels whose highest is looked for at once: most of a column is bare.
const CHUNK: usize = 32;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{find_runs, follow};
    use crate::page_check::stroke::StrokeMass;

    fn mass(width: usize, height: usize, ink: impl Fn(usize, usize) -> bool) -> StrokeMass {
        StrokeMass {
            width,
            height,
            mass: (0..width * height)
                .map(|at| 80 * u8::from(ink(at / height, at % height)))
                .collect(),
        }
    }

    #[test]
    fn runs_are_found_at_edges_and_over_chunks() {
        let mut column = [0_u8; 100];
        for row in [0, 1, 31, 32, 33, 64, 98, 99] {
            column[row] = 50;
        }
        let mut runs = Vec::new();
        find_runs(&column, 50, &mut runs);
        assert_eq!(runs, [(0, 1), (31, 33), (64, 64), (98, 99)]);
        find_runs(&column, 51, &mut runs);
        assert!(runs.is_empty());
        find_runs(&[], 0, &mut runs);
        assert!(runs.is_empty());
    }

    #[test]
    fn a_wave_is_one_curve_across_gaps_and_a_crossing_stroke() {
        let stroke = mass(200, 100, |x, y| {
            let wave = 40 + (x % 50).abs_diff(25) / 2;
            (y.abs_diff(wave) <= 1 && x % 40 > 2) || (x == 90 && (10..90).contains(&y))
        });
        let found = follow(&stroke, 40, 20).unwrap();
        assert_eq!(found.curves.len(), 1);
        assert_eq!(found.curves[0].start, 3);
        assert!(found.curves[0].runs.len() >= 195);
        assert!(found.ink > 0.02 && found.ink < 0.05);
    }

    #[test]
    fn a_lattice_is_no_set_of_curves() {
        assert_eq!(
            follow(&mass(200, 200, |x, y| x % 8 == 0 || y % 8 == 0), 40, 20),
            None
        );
        assert_eq!(follow(&mass(200, 200, |_, y| y > 100), 40, 20), None);
    }
}
