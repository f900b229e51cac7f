//! Regular atrial waves that run through the whole recording, as in atrial flutter.
//!
//! Sines of one frequency between 3.6 and 5.6 per second (215 to 335 per minute) and its double are fitted to
//! what lies between the QRS complexes in the leads that show flutter best. In flutter one clock explains most
//! of it, whatever the conduction; P and T waves come once a beat, and fibrillation keeps no clock.

use super::Unmeasured;
use super::peaks::quantile;
use super::prepare::Clean;
use crate::lead::Lead;

/// Flutter waves per second: lowest, highest, step. Half a step turns the waves by a
/// sixteenth at either end of ten seconds.
const WAVES_HZ: (f64, f64, f64) = (3.6, 5.6, 0.025);
/// Samples per second that are enough for the double of the frequency.
const RATE_HZ: f64 = 50.0;
/// No more of a long recording is used, seconds; a step would be too coarse.
const LONGEST_S: f64 = 10.0;
/// Least time between the complexes in which a clock can be told from chance, seconds.
const LEAST_S: f64 = 2.5;
/// Leads in which flutter waves are largest.
const LEADS: [Lead; 4] = [Lead::II, Lead::III, Lead::AVF, Lead::V1];

/// Terms of the fit: level, sine and cosine of the frequency and of its double.
const TERMS: usize = 5;

/// Share of the variance between the QRS complexes that the clock of flutter explains.
const SHARE: f64 = 0.77;
/// Fewer waves a beat than this may be P and T of a fast sinus rhythm, if they keep the beats' clock.
const WAVES_A_BEAT: f64 = 2.5;
/// Standard deviation over median of RR up to which a rhythm is regular.
const REGULAR: f64 = 0.05;
/// Median RR below which P may lie in T, seconds.
const FAST_S: f64 = 0.62;

/// What is known of the beats when atrial waves are sought.
pub(super) struct Beats<'a> {
    /// First and last sample of what is left out of each beat, ascending.
    pub(super) left_out: Vec<(usize, usize)>,
    pub(super) intervals_s: &'a [f64],
    pub(super) p_seen: bool,
}

/// Why nothing that atrial waves disturb can be measured, if so.
pub(super) fn atrial_waves(clean: &Clean, beats: &Beats) -> Option<Unmeasured> {
    let usual_s = quantile(beats.intervals_s, 0.5);
    let squares: f64 = beats
        .intervals_s
        .iter()
        .map(|rr| (rr - usual_s) * (rr - usual_s))
        .sum();
    let spread = libm::sqrt(squares / beats.intervals_s.len() as f64) / usual_s;
    let is_regular = spread < REGULAR;
    if let Some(clock) = atrial_clock(clean, &beats.left_out)
        && clock.share > SHARE
        && (clock.hz * usual_s > WAVES_A_BEAT || !is_regular)
    {
        return Some(Unmeasured::FlutterWaves);
    }
    // Two flutter waves a beat look like P and T; a reader who sees no P knows no more.
    (!beats.p_seen && usual_s < FAST_S && is_regular).then_some(Unmeasured::HiddenAtrialWaves)
}

/// Waves that come by one clock.
struct AtrialClock {
    /// Waves per second.
    hz: f64,
    /// Share of the variance between the QRS complexes that they explain, in the lead that shows them best.
    share: f64,
}

/// The clock that explains most; nothing where too little of the recording is left.
fn atrial_clock(clean: &Clean, left_out: &[(usize, usize)]) -> Option<AtrialClock> {
    let block = ((clean.rate_hz / RATE_HZ) as usize).max(1);
    let samples = clean.leads[0]
        .millivolts
        .len()
        .min((LONGEST_S * clean.rate_hz) as usize);
    let is_open = |from: usize| {
        let to = from + block;
        left_out
            .iter()
            .all(|&(first, last)| to <= first || from > last)
    };
    let open: Vec<usize> = (0..samples / block)
        .map(|i| i * block)
        .filter(|&from| is_open(from))
        .collect();
    let block_s = block as f64 / clean.rate_hz;
    if open.len() as f64 * block_s < LEAST_S {
        return None;
    }
    let signals: Vec<Vec<f64>> = clean
        .leads
        .iter()
        .filter(|lead| LEADS.contains(&lead.lead))
        .map(|lead| {
            let mean = |&from: &usize| {
                lead.millivolts[from..from + block].iter().sum::<f64>() / block as f64
            };
            open.iter().map(mean).collect()
        })
        .collect();
    let times: Vec<f64> = open
        .iter()
        .map(|&from| from as f64 / clean.rate_hz + 0.5 * block_s)
        .collect();
    let steps = ((WAVES_HZ.1 - WAVES_HZ.0) / WAVES_HZ.2) as usize;
    (0..=steps)
        .filter_map(|step| {
            let hz = WAVES_HZ.0 + step as f64 * WAVES_HZ.2;
            let share = explained(&signals, &times, hz)?;
            Some(AtrialClock { hz, share })
        })
        .max_by(|a, b| a.share.total_cmp(&b.share))
}

/// Largest share of a signal's variance that the terms of a frequency explain.
fn explained(signals: &[Vec<f64>], times: &[f64], hz: f64) -> Option<f64> {
    let terms: Vec<[f64; TERMS]> = times
        .iter()
        .map(|time| {
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * hz * time);
            [1.0, sin, cos, 2.0 * sin * cos, cos * cos - sin * sin]
        })
        .collect();
    let mut products = [[0.0; TERMS]; TERMS];
    for term in &terms {
        for (row, a) in products.iter_mut().zip(term) {
            for (sum, b) in row.iter_mut().zip(term) {
                *sum += a * b;
            }
        }
    }
    let of = |signal: &Vec<f64>| -> Option<f64> {
        let mut with_signal = [0.0; TERMS];
        for (term, value) in terms.iter().zip(signal) {
            for (sum, a) in with_signal.iter_mut().zip(term) {
                *sum += a * value;
            }
        }
        let weights = solve(products, with_signal)?;
        let fitted: f64 = weights.iter().zip(with_signal).map(|(w, s)| w * s).sum();
        let count = signal.len() as f64;
        let mean = signal.iter().sum::<f64>() / count;
        let power: f64 = signal.iter().map(|v| v * v).sum();
        let level = count * mean * mean;
        (power > level).then(|| (fitted - level) / (power - level))
    };
    signals.iter().filter_map(of).reduce(f64::max)
}

/// Solves a symmetric system by elimination; `None` when it has no single solution.
fn solve(mut matrix: [[f64; TERMS]; TERMS], mut right: [f64; TERMS]) -> Option<[f64; TERMS]> {
    for column in 0..TERMS {
        let pivot = (column..TERMS).max_by(|a, b| {
            matrix[*a][column]
                .abs()
                .total_cmp(&matrix[*b][column].abs())
        })?;
        if matrix[pivot][column].abs() < 1e-9 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let above = matrix[column];
        for row in column + 1..TERMS {
            let factor = matrix[row][column] / above[column];
            for (value, above) in matrix[row].iter_mut().zip(above).skip(column) {
                *value -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    let mut solution = [0.0; TERMS];
    for row in (0..TERMS).rev() {
        let known: f64 = (row + 1..TERMS).map(|k| matrix[row][k] * solution[k]).sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::{AtrialClock, atrial_clock};
    use crate::lead::Lead;
    use crate::measure::prepare::{Clean, CleanLead};

    /// Eight seconds of lead II at 500 Hz.
    fn clean(value: impl Fn(f64) -> f64) -> Clean {
        let millivolts = (0..4000).map(|i| value(f64::from(i) / 500.0)).collect();
        Clean {
            rate_hz: 500.0,
            leads: vec![CleanLead {
                lead: Lead::II,
                millivolts,
            }],
        }
    }

    fn clock(value: impl Fn(f64) -> f64) -> Option<AtrialClock> {
        let qrs: Vec<(usize, usize)> = (0..10).map(|i| (i * 400, i * 400 + 50)).collect();
        atrial_clock(&clean(value), &qrs)
    }

    #[test]
    fn saw_teeth_keep_a_clock_and_a_wave_a_beat_does_not() {
        let saw = |time: f64| (time * 4.6).fract() - 0.5;
        let found = clock(saw);
        assert!(found.is_some_and(|c| (c.hz - 4.6).abs() < 0.05 && c.share > 0.85));
        let wave = |time: f64| {
            let phase = (time / 0.8).fract() - 0.4;
            (1.0 - (phase / 0.15) * (phase / 0.15)).max(0.0)
        };
        assert!(clock(wave).is_some_and(|c| c.share < 0.5));
    }

    #[test]
    fn nothing_is_said_of_too_short_a_time() {
        let everything = [(0, 3000)];
        assert!(atrial_clock(&clean(|time| time), &everything).is_none());
    }
}
