//! The trace: curves that look like leads of an ECG, and how they fill the page.

use serde::Serialize;

use super::beats::{Wave, synchrony};
use super::curves::{Curve, Followed, follow};
use super::stroke::StrokeMass;

/// What was found of a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TraceMeasure {
    /// Share of the pixels that are as dark as the trace, or as the darkest strokes where there is none.
    pub ink_share: f64,
    /// Waves: thin strokes from left to right over at least a 25th of the width that leave their baseline.
    pub waves: usize,
    /// Waves that the middle one of all columns crosses: the rows of leads.
    pub rows: usize,
    /// Share of the columns that at least two waves cross.
    pub coverage: f64,
    /// Share of the waves' columns that are near the wave's baseline, within a quarter of its reach: an ECG rests
    /// between beats, a sine or a trend does not.
    pub quiet: f64,
    /// Mean correlation of the steepness of neighbouring rows, -1 to 1: leads of one heart beat at the same time, curves
    /// of other origin do not.
    pub synchrony: f64,
    /// Straight strokes from left to right that the middle column crosses: rules, axes, staves.
    pub rules: usize,
    /// Pixels of the picture from the first to the last column that a wave crosses.
    pub extent_px: f64,
}

/// Masses that a trace may have at least; the one at which most is found counts. A line of one pixel has 85 times
/// its darkness. Low ones find faded ink, high ones leave out a dark grid.
const THRESHOLDS: [u8; 11] = [150, 125, 105, 90, 75, 56, 40, 28, 20, 14, 9];

impl TraceMeasure {
    /// Looks for a trace. `factor` is pixels of the picture per pixel of the mass.
    pub(super) fn of(stroke: &StrokeMass, factor: usize) -> Self {
        let shortest = (stroke.width / 14).max(12);
        let mut best = Self::default();
        let mut most = 0.0;
        for threshold in THRESHOLDS {
            // What is too much at one threshold is more at the next.
            let Some(followed) = follow(stroke, threshold, shortest) else {
                break;
            };
            let (measure, score) = measure(&followed, stroke, factor);
            if score > most || best.ink_share == 0.0 {
                (best, most) = (measure, score);
            }
        }
        best
    }
}

/// What a curve is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A wave: the share of its columns that are near its baseline, and slope and start of the line along it.
    Wave { quiet: f64, slope: f64, start: f64 },
    /// A straight stroke.
    Rule,
    /// Broad, or out of bounds.
    Other,
}

/// Measures, and the cubed lengths of all waves times their synchrony: few long ones are a trace, many short ones
/// bits of a grid.
fn measure(followed: &Followed, stroke: &StrokeMass, factor: usize) -> (TraceMeasure, f64) {
    let (width, height) = (stroke.width, stroke.height);
    let mut waves = vec![0_u32; width];
    let mut rules = vec![0_u32; width];
    let mut found = TraceMeasure {
        ink_share: followed.ink,
        ..TraceMeasure::default()
    };
    let mut beating = Vec::new();
    let (mut total, mut cubes, mut quiet_columns) = (0, 0.0, 0.0);
    for curve in &followed.curves {
        let end = (curve.start + curve.runs.len()).min(width);
        let counts = match classify(curve, width.max(height), height) {
            Kind::Wave {
                quiet,
                slope,
                start,
            } => {
                found.waves += 1;
                let columns = end - curve.start;
                let share = columns as f64 / width as f64;
                total += columns;
                cubes += share * share * share;
                quiet_columns += quiet * columns as f64;
                beating.push(Wave {
                    curve,
                    slope,
                    start,
                });
                &mut waves
            }
            Kind::Rule => &mut rules,
            Kind::Other => continue,
        };
        for count in &mut counts[curve.start..end] {
            *count += 1;
        }
    }
    let first = waves.iter().position(|count| *count > 0);
    let last = waves.iter().rposition(|count| *count > 0);
    if let (Some(first), Some(last)) = (first, last) {
        found.extent_px = ((last + 1 - first) * factor) as f64;
    }
    let covered = waves.iter().filter(|count| **count >= 2).count();
    found.coverage = covered as f64 / width.max(1) as f64;
    found.quiet = quiet_columns / f64::from((total as u32).max(1));
    found.rows = middle(&mut waves);
    found.rules = middle(&mut rules);
    found.synchrony = synchrony(&beating, width, height);
    // Bits of a grid are straight: where it is left out there are few.
    let straight = 1.0 + 0.5 * found.rules as f64;
    (found, cubes * (0.1 + found.synchrony.max(0.0)) / straight)
}

/// The middle one of the counts in the inner nine tenths of the columns.
fn middle(counts: &mut [u32]) -> usize {
    let edge = counts.len() / 20;
    let end = counts.len() - edge;
    let inner = &mut counts[edge..end];
    if inner.is_empty() {
        return 0;
    }
    let at = inner.len() / 2;
    let (_, middle, _) = inner.select_nth_unstable(at);
    *middle as usize
}

/// Share of a curve's columns that must be thin: in the others a QRS complex goes up or down.
const THIN_SHARE: f64 = 0.5;

fn classify(curve: &Curve, longer: usize, height: usize) -> Kind {
    let count = curve.runs.len();
    // 1.4 mm and 1 mm of a page that is 280 mm long.
    let thin = (longer as f64 / 200.0).max(4.0);
    let reach = (longer as f64 / 280.0).max(2.0);
    let columns = curve.runs.iter();
    let is_thin = |run: &&(u16, u16)| f64::from(run.1 - run.0) < thin;
    if (columns.filter(is_thin).count() as f64) < THIN_SHARE * count as f64 {
        return Kind::Other;
    }
    let (slope, start) = line(curve);
    // Slopes are those of a turned page, not of a graph.
    if slope.abs() > 0.2 {
        return Kind::Other;
    }
    let off = |index: usize, y: f64| y - (start + slope * index as f64);
    let mut middles: Vec<f32> = Vec::with_capacity(count);
    let mut furthest: Vec<f32> = Vec::with_capacity(count);
    for (index, (top, bottom)) in curve.runs.iter().enumerate() {
        let (top, bottom) = (f64::from(*top), f64::from(*bottom));
        middles.push(off(index, 0.5 * (top + bottom)) as f32);
        let (above, below) = (off(index, top), off(index, bottom));
        furthest.push(if above.abs() > below.abs() {
            above
        } else {
            below
        } as f32);
    }
    let (_, baseline, _) = middles.select_nth_unstable_by(count / 2, f32::total_cmp);
    let baseline = *baseline;
    for value in &mut furthest {
        *value = (*value - baseline).abs();
    }
    // Of a hundred columns one may be an outlier.
    let (_, highest, _) = furthest.select_nth_unstable_by(count - 1 - count / 100, f32::total_cmp);
    let highest = *highest;
    if f64::from(highest) < reach {
        return Kind::Rule;
    }
    if f64::from(highest) > 0.4 * height as f64 {
        return Kind::Other;
    }
    let quiet = furthest
        .iter()
        .filter(|value| **value < 0.25 * highest + 0.5);
    Kind::Wave {
        quiet: quiet.count() as f64 / count as f64,
        slope,
        start,
    }
}

/// Slope and start of the straight line through a curve's middles, by least squares.
fn line(curve: &Curve) -> (f64, f64) {
    let count = curve.runs.len() as f64;
    let (mut sum, mut moment) = (0.0, 0.0);
    for (index, (top, bottom)) in curve.runs.iter().enumerate() {
        let y = 0.5 * (f64::from(*top) + f64::from(*bottom));
        sum += y;
        moment += y * index as f64;
    }
    let centre = 0.5 * (count - 1.0);
    let spread = count * (count * count - 1.0) / 12.0;
    let slope = if spread > 0.0 {
        (moment - centre * sum) / spread
    } else {
        0.0
    };
    (slope, sum / count.max(1.0) - slope * centre)
}
