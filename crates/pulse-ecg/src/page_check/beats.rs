//! Beats: whether neighbouring rows go up and down at the same time, as leads of one heart do.

use super::curves::Curve;

/// How far a column's activity counts, from its mean, in standard deviations.
const MOST: f32 = 4.0;

/// A wave and the straight line along it.
pub(super) struct Wave<'a> {
    pub(super) curve: &'a Curve,
    /// Rows per column of the line along it.
    pub(super) slope: f64,
    /// Row of the line at the curve's first column.
    pub(super) start: f64,
}

/// Mean correlation of the activities of waves that are neighbours in a column; 0 where there are none.
///
/// The activity of a wave in a column is the height of its run, which is that of the stroke's steepness, as a mean over
/// a hundredth of the width. Rows of a page that is turned are set upright first: columns are moved as the waves'
/// slope says.
pub(super) fn synchrony(waves: &[Wave<'_>], width: usize, height: usize) -> f64 {
    let slope = middle_slope(waves);
    let reach = (width / 200).max(1);
    // Waves of each column of the upright page: row and activity.
    let margin = height / 4;
    let mut columns: Vec<Vec<(u16, f32)>> = vec![Vec::new(); width + 2 * margin];
    for wave in waves {
        let activity = activity(wave.curve, reach);
        for (index, value) in activity.iter().enumerate() {
            let y = wave.start + wave.slope * index as f64;
            let moved = (wave.curve.start + index) as f64 + slope * (y - 0.5 * height as f64);
            // Conversions saturate.
            let column = (moved + margin as f64 + 0.5) as usize;
            if let Some(column) = columns.get_mut(column) {
                column.push((y as u16, *value));
            }
        }
    }
    let (mut sum, mut pairs) = (0.0_f64, 0_usize);
    for column in &mut columns {
        column.sort_unstable_by_key(|(y, _)| *y);
        for pair in column.windows(2) {
            sum += f64::from(pair[0].1 * pair[1].1);
            pairs += 1;
        }
    }
    // Few pairs say nothing.
    if pairs < width / 4 {
        return 0.0;
    }
    sum / pairs as f64
}

/// Heights of a curve's runs, smoothed, less their mean and over their standard deviation.
fn activity(curve: &Curve, reach: usize) -> Vec<f32> {
    let heights: Vec<f32> = curve
        .runs
        .iter()
        .map(|(top, bottom)| f32::from(bottom - top))
        .collect();
    let count = heights.len();
    let mut sums = Vec::with_capacity(count + 1);
    sums.push(0.0_f32);
    let mut sum = 0.0;
    for height in &heights {
        sum += height;
        sums.push(sum);
    }
    let mut smooth: Vec<f32> = (0..count)
        .map(|at| {
            let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(count));
            (sums[to] - sums[from]) / (to - from) as f32
        })
        .collect();
    let mean = smooth.iter().sum::<f32>() / count.max(1) as f32;
    let variance = smooth.iter().map(|value| (value - mean) * (value - mean));
    let deviation = (variance.sum::<f32>() / count.max(1) as f32).sqrt();
    for value in &mut smooth {
        *value = if deviation > 0.05 {
            ((*value - mean) / deviation).clamp(-MOST, MOST)
        } else {
            0.0
        };
    }
    smooth
}

/// The middle one of the waves' slopes, each as often as it has columns.
fn middle_slope(waves: &[Wave<'_>]) -> f64 {
    let mut slopes: Vec<(f64, usize)> = waves
        .iter()
        .map(|wave| (wave.slope, wave.curve.runs.len()))
        .collect();
    slopes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: usize = slopes.iter().map(|(_, columns)| columns).sum();
    let mut before = 0;
    for (slope, columns) in slopes {
        before += columns;
        if 2 * before >= total {
            return slope;
        }
    }
    0.0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Wave, synchrony};
    use crate::page_check::curves::Curve;

    fn curve(beats: impl Fn(usize) -> bool) -> Curve {
        let runs = (0..600).map(|x| if beats(x) { (60, 100) } else { (99, 100) });
        Curve {
            start: 0,
            runs: runs.collect(),
        }
    }

    fn of(curves: &[Curve], slope: f64) -> f64 {
        let waves: Vec<Wave<'_>> = (0..)
            .zip(curves)
            .map(|(row, curve)| Wave {
                curve,
                slope,
                start: 100.0 + 150.0 * f64::from(row),
            })
            .collect();
        synchrony(&waves, 600, 600)
    }

    #[test]
    fn beats_at_the_same_time_agree_and_others_do_not() {
        let together = [
            curve(|x| x % 80 < 4),
            curve(|x| x % 80 < 4),
            curve(|x| x % 80 < 4),
        ];
        assert!(of(&together, 0.0) > 0.9);
        let apart = [
            curve(|x| x % 80 < 4),
            curve(|x| x % 67 < 4),
            curve(|x| x % 93 < 4),
        ];
        assert!(of(&apart, 0.0).abs() < 0.15);
        assert_eq!(of(&together[..1], 0.0), 0.0);
        assert_eq!(of(&[], 0.0), 0.0);
    }

    #[test]
    fn a_turned_page_is_set_upright() {
        // Turned by a slope of 0.1, lines upright on the page lean by 15 columns from row to row.
        let turned = [curve(|x| (x + 30) % 80 < 4), curve(|x| (x + 45) % 80 < 4)];
        assert!(of(&turned, 0.1) > 0.85, "{}", of(&turned, 0.1));
    }
}
