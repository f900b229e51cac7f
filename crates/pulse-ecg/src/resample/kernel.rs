//! Weights of the interpolation: a Kaiser-windowed sinc at every phase that occurs.

use std::collections::BTreeMap;
use std::f64::consts::PI;

/// Zero crossings of the sinc on each side. With [`BETA`] the transition is 0.06 of the lower rate wide
/// (Kaiser's formula: (A - 8) / (2.285 * 2π * 2 * 48) with A = 90 dB).
const CROSSINGS: f64 = 48.0;
/// Kaiser's shape parameter: 0.1102 (A - 8.7) for A = 90 dB.
const BETA: f64 = 8.96;
/// Middle of the transition as a share of the lower rate; its end is the Nyquist frequency.
const CUTOFF: f64 = 0.47;
/// Largest denominator of a ratio of rates that is searched for.
const LARGEST_PERIOD: u64 = 1 << 20;
/// Most phases whose weights are kept; others are computed when they are needed.
const KEPT_PHASES: usize = 4096;

/// Where an output lies: after the input sample, by a fraction of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) sample: usize,
    fraction: f64,
    /// Numerator of the fraction; equal numerators share weights.
    phase: u64,
}

/// The output grid of one pair of rates, and the weights used so far.
pub(super) struct Phases {
    /// Input samples an output step, as a fraction: `step / period`.
    step: u64,
    period: u64,
    /// Cut-off in cycles an input sample.
    cutoff: f64,
    /// Input samples on each side of an output.
    reach: usize,
    weights: BTreeMap<u64, Vec<f64>>,
}

impl Phases {
    pub(super) fn new(from_hz: f64, to_hz: f64) -> Self {
        let (step, period) = fraction(from_hz / to_hz);
        let cutoff = CUTOFF * (to_hz / from_hz).min(1.0);
        // Crossings of sin(2π f t) lie 1 / 2f apart.
        let reach = libm::ceil(CROSSINGS / (2.0 * cutoff)) as usize;
        Self {
            step,
            period,
            cutoff,
            reach,
            weights: BTreeMap::new(),
        }
    }

    /// Outputs for so many inputs: those before the end of the last input's interval.
    pub(super) fn count(&self, samples: usize) -> usize {
        (samples as u128 * u128::from(self.period)).div_ceil(u128::from(self.step)) as usize
    }

    pub(super) fn place(&self, index: usize) -> Place {
        let position = index as u128 * u128::from(self.step);
        let period = u128::from(self.period);
        let phase = (position % period) as u64;
        let fraction = phase as f64 / self.period as f64;
        Place {
            sample: (position / period) as usize,
            fraction,
            phase,
        }
    }

    /// The value at a place of a run of samples, of which `index` is the one at or before it.
    pub(super) fn interpolate(&mut self, run: &[f32], index: usize, place: Place) -> f32 {
        let reach = self.reach;
        let kept = self.weights.len() < KEPT_PHASES || self.weights.contains_key(&place.phase);
        let fresh;
        let weights = if kept {
            let cutoff = self.cutoff;
            self.weights
                .entry(place.phase)
                .or_insert_with(|| weights(place.fraction, cutoff, reach))
        } else {
            fresh = weights(place.fraction, self.cutoff, reach);
            &fresh
        };
        // The first weight belongs to the sample `reach - 1` before `index`.
        let sum: f64 = match (index + 1)
            .checked_sub(reach)
            .and_then(|a| run.get(a..a + 2 * reach))
        {
            Some(window) => window
                .iter()
                .zip(weights)
                .map(|(value, weight)| f64::from(*value) * weight)
                .sum(),
            None => weights
                .iter()
                .enumerate()
                .map(|(tap, weight)| {
                    let offset = (index + tap) as i64 + 1 - reach as i64;
                    run.get(mirrored(offset, run.len()))
                        .map_or(0.0, |v| f64::from(*v) * weight)
                })
                .sum(),
        };
        sum as f32
    }
}

/// Index within a run that is mirrored at both ends, as often as needed.
fn mirrored(offset: i64, length: usize) -> usize {
    if length < 2 {
        return 0;
    }
    let last = length as i64 - 1;
    let folded = offset.rem_euclid(2 * last);
    folded.min(2 * last - folded) as usize
}

/// Weights of the samples around an output that lies `fraction` after the middle left one. They sum to
/// 1, so that a level keeps its height exactly.
fn weights(fraction: f64, cutoff: f64, reach: usize) -> Vec<f64> {
    let mut weights: Vec<f64> = (0..2 * reach)
        .map(|tap| {
            let distance = tap as f64 + 1.0 - reach as f64 - fraction;
            let argument = 2.0 * PI * cutoff * distance;
            let sinc = if argument == 0.0 {
                1.0
            } else {
                libm::sin(argument) / argument
            };
            sinc * kaiser(distance / reach as f64)
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

/// Kaiser's window at -1 to 1.
fn kaiser(place: f64) -> f64 {
    let inside = 1.0 - place * place;
    if inside < 0.0 {
        0.0
    } else {
        bessel(BETA * libm::sqrt(inside)) / bessel(BETA)
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// The ratio as a fraction by its continued fraction: exact for rates such as 360 and 500, within
/// 1e-12 of the ratio (a hundredth of a sample in a day) for others.
fn fraction(ratio: f64) -> (u64, u64) {
    let (mut a, mut b) = ((1_u64, 0_u64), (libm::floor(ratio) as u64, 1_u64));
    let mut rest = ratio - libm::floor(ratio);
    while rest > 0.0 && (b.0 as f64 / b.1 as f64 - ratio).abs() > ratio * 1e-12 {
        let inverse = 1.0 / rest;
        let whole = libm::floor(inverse);
        rest = inverse - whole;
        let next = |new: u64, old: u64| (whole as u64).checked_mul(new)?.checked_add(old);
        match (next(b.0, a.0), next(b.1, a.1)) {
            (Some(p), Some(q)) if q <= LARGEST_PERIOD => (a, b) = (b, (p, q)),
            _ => break,
        }
    }
    (b.0.max(1), b.1.max(1))
}

#[cfg(test)]
mod tests {
    use super::{fraction, mirrored, weights};

    #[test]
    fn ratios_of_usual_rates_are_exact() {
        assert_eq!(fraction(360.0 / 500.0), (18, 25));
        assert_eq!(fraction(1000.0 / 100.0), (10, 1));
        assert_eq!(fraction(100.0 / 500.0), (1, 5));
        assert_eq!(fraction(257.0 / 500.0), (257, 500));
        assert_eq!(fraction(999.5 / 128.0), (1999, 256));
    }

    #[test]
    fn weights_sum_to_one() {
        for fraction in [0.0, 0.25, 0.999] {
            assert!((weights(fraction, 0.47, 52).iter().sum::<f64>() - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn mirrors_fold_back() {
        let folded: Vec<usize> = (-4..8).map(|offset| mirrored(offset, 3)).collect();
        assert_eq!(folded, [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
        assert_eq!(mirrored(-5, 1), 0);
    }
}
