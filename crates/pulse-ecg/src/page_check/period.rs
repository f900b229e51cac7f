//! How periodic a picture is along one axis: autocorrelations of many short profiles.
//!
//! A profile is the mean of a narrow strip, so that lines along the strip's short side stand out and a page that
//! is turned by a few degrees does not blur them. Autocorrelation forgets where in its strip a line stands: strips
//! of a turned or bent page still add up.

use super::planes::Planes;

/// Rows (or columns) of a strip. At a turn of 3 degrees a line moves by 0.8 pixels within it.
const THICKNESS: usize = 16;
/// Pixels of a profile.
const WINDOW: usize = 256;
/// Lags looked at. A profile holds three and a half of the longest.
pub(super) const LAGS: usize = 73;
/// Variance of a profile, in grey levels squared, below which it is bare paper and says nothing.
const LEAST_VARIANCE: f32 = 0.15;
/// Values further from the mean than so many mean deviations are cut: a QRS complex or a letter is not a line.
const CUT: f32 = 3.0;

/// Along which axis positions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// From left to right: vertical lines.
    Across,
    /// From top to bottom: horizontal lines.
    Down,
}

/// Autocorrelations of all profiles along an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Periodicity {
    /// One for each profile with any structure, lag by lag; the first value, of lag 0, is 1.
    profiles: Vec<[f32; LAGS]>,
    /// Profiles looked at, bare ones among them.
    pub(super) looked_at: usize,
    /// Their mean, bare ones counted as none.
    pub(super) mean: [f32; LAGS],
}

impl Periodicity {
    /// Looks at the plane of greys.
    pub(super) fn of(planes: &Planes, axis: Axis) -> Self {
        let (length, breadth) = match axis {
            Axis::Across => (planes.width, planes.height),
            Axis::Down => (planes.height, planes.width),
        };
        let window = length.min(WINDOW);
        let windows = length / window.max(1);
        // Every second strip says enough and costs half.
        let strips = match length {
            0 => 0,
            _ => breadth / (2 * THICKNESS),
        };
        let mut found = Self {
            profiles: Vec::with_capacity(windows * strips),
            looked_at: windows * strips,
            mean: [0.0; LAGS],
        };
        let mut sums = vec![0.0_f32; length];
        for strip in 0..strips {
            profile(planes, axis, 2 * strip * THICKNESS, &mut sums);
            // Windows stand in the middle: what is left over is at both ends.
            let start = (length - windows * window) / 2;
            for values in sums[start..].chunks_exact(window).take(windows) {
                found.profiles.extend(autocorrelation(values));
            }
        }
        for profile in &found.profiles {
            for (mean, value) in found.mean.iter_mut().zip(profile) {
                *mean += value / found.looked_at as f32;
            }
        }
        found
    }

    /// Share of the profiles, bare ones among them, that have a peak of at least `least` within an eighth of a lag.
    pub(super) fn regularity(&self, lag: f64, least: f32) -> f64 {
        let low = ((lag * 0.875) as usize).max(2);
        let high = (libm::ceil(lag * 1.125) as usize).min(LAGS - 2);
        let has_peak = |profile: &&[f32; LAGS]| {
            (low..=high).any(|lag| {
                let value = profile[lag];
                value >= least && value >= profile[lag - 1] && value >= profile[lag + 1]
            })
        };
        self.profiles.iter().filter(has_peak).count() as f64 / self.looked_at.max(1) as f64
    }
}

/// Mean of the rows (columns) of a strip.
fn profile(planes: &Planes, axis: Axis, first: usize, sums: &mut [f32]) {
    match axis {
        Axis::Across => {
            let mut totals = vec![0_u16; planes.width];
            let rows = planes.grey.chunks_exact(planes.width);
            for row in rows.skip(first).take(THICKNESS) {
                for (total, value) in totals.iter_mut().zip(row) {
                    *total += u16::from(*value);
                }
            }
            for (sum, total) in sums.iter_mut().zip(totals) {
                *sum = f32::from(total) / THICKNESS as f32;
            }
        }
        Axis::Down => {
            let rows = planes.grey.chunks_exact(planes.width);
            for (sum, row) in sums.iter_mut().zip(rows) {
                let pixels = &row[first..first + THICKNESS];
                let total: u16 = pixels.iter().map(|value| u16::from(*value)).sum();
                *sum = f32::from(total) / THICKNESS as f32;
            }
        }
    }
}

/// Autocorrelation of a profile without its trend and its outliers, or nothing for bare paper.
fn autocorrelation(values: &[f32]) -> Option<[f32; LAGS]> {
    // Zeros behind the end take part in sums without a branch.
    let mut flat = [0.0_f32; WINDOW + LAGS];
    let count = values.len().min(WINDOW);
    without_trend(values, &mut flat[..count]);
    let deviation = flat.iter().map(|value| value.abs()).sum::<f32>() / count as f32;
    let limit = CUT * deviation;
    for value in &mut flat {
        *value = value.clamp(-limit, limit);
    }
    let mut sums = [0.0_f32; LAGS];
    for (index, value) in flat[..count].iter().enumerate() {
        for (sum, other) in sums.iter_mut().zip(&flat[index..index + LAGS]) {
            *sum += value * other;
        }
    }
    let variance = sums[0] / count as f32;
    if variance.is_nan() || variance < LEAST_VARIANCE {
        return None;
    }
    // A lag of which the profile holds less than two is not known.
    let known = count / 2;
    for (lag, sum) in sums.iter_mut().enumerate() {
        let pairs = count.saturating_sub(lag);
        *sum = if lag <= known {
            *sum / (pairs as f32 * variance)
        } else {
            0.0
        };
    }
    Some(sums)
}

/// Takes off the mean of the [`LAGS`] values around each value: shadows are slow, lines are not.
fn without_trend(values: &[f32], flat: &mut [f32]) {
    let half = LAGS / 2;
    let count = flat.len();
    let mut from = 0;
    let mut to = 0;
    let mut sum = 0.0_f32;
    for (index, value) in flat.iter_mut().enumerate() {
        while to < count && to <= index + half {
            sum += values[to];
            to += 1;
        }
        while from + half < index {
            sum -= values[from];
            from += 1;
        }
        *value = values[index] - sum / (to - from) as f32;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::{Rng, SeedableRng};

    use super::{Axis, Periodicity};
    use crate::page_check::planes::Planes;

    fn planes(width: usize, height: usize, grey: impl Fn(usize, usize) -> u8) -> Planes {
        let rgb: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| [grey(x, y); 3])
            .collect();
        Planes::new(width, height, &rgb)
    }

    #[test]
    fn lines_have_their_period_along_their_axis_alone() {
        let planes = planes(600, 400, |x, _| if x % 17 == 3 { 180 } else { 250 });
        let across = Periodicity::of(&planes, Axis::Across);
        assert!(across.mean[17] > 0.95 && across.mean[34] > 0.95 && across.mean[10] < 0.1);
        assert_eq!(across.regularity(17.0, 0.9), 1.0);
        assert_eq!(across.regularity(25.0, 0.3), 0.0);
        let down = Periodicity::of(&planes, Axis::Down);
        assert!(down.mean.iter().all(|value| *value == 0.0));
        assert_eq!(
            (down.regularity(17.0, 0.1), down.looked_at > 0),
            (0.0, true)
        );
    }

    #[test]
    fn a_slope_and_noise_are_no_period() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let noise: Vec<u8> = (0..700 * 300)
            .map(|_| (random.next_u32() >> 27) as u8)
            .collect();
        let planes = planes(700, 300, |x, y| (x / 5) as u8 + noise[y * 700 + x]);
        let across = Periodicity::of(&planes, Axis::Across);
        let highest = across.mean[6..].iter().copied().fold(0.0_f32, f32::max);
        // Four and a half standard errors of a correlation over 700 columns.
        assert!(highest < 0.17, "{highest}");
    }

    #[test]
    fn any_size_is_looked_at() {
        for (width, height) in [(0, 0), (1, 1), (3, 900), (900, 3), (40, 40), (33, 1000)] {
            let planes = planes(width, height, |x, y| ((x * 31 + y * 17) % 251) as u8);
            for axis in [Axis::Across, Axis::Down] {
                let found = Periodicity::of(&planes, axis);
                assert!(found.mean.iter().all(|value| value.is_finite()));
            }
        }
    }
}
