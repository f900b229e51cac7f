//! R-peak detector: energy of all leads in the band of QRS, an adaptive threshold, search-back.
//!
//! After Pan and Tompkins 1985 (band, moving window, refractory time, T-wave rule, search-back), on the sum
//! of all leads instead of one, so that a lead with artefacts or a small QRS decides nothing alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::filter::{Pass, zero_phase};
use super::prepare::Clean;

/// Band of QRS in hertz; wide complexes keep enough of it, T waves lose most.
const BAND_HZ: (f64, f64) = (6.0, 24.0);
/// Nothing beats twice within this time, seconds.
const REFRACTORY_S: f64 = 0.22;
/// A weaker event within this time after a QRS is its T wave, seconds.
const T_WAVE_S: f64 = 0.36;
/// Until here, seconds, an event is the T wave when it is much less steep than the QRS before it; T waves of
/// wide complexes are large and late.
const LATE_T_WAVE_S: f64 = 0.52;
/// Share of the steepness of the QRS before it that makes such an event a beat (Pan and Tompkins: one half).
const STEEP: f64 = 0.5;
/// No QRS is less steep than this share of the others; f waves, flutter waves and most T waves are.
const LEAST_STEEP: f64 = 0.33;
/// An event that is so much stronger than what other beats have in its place is no T wave.
const UNUSUAL: f64 = 2.2;
/// Share of the typical peak that counts as a beat.
const THRESHOLD: f64 = 0.34;

/// Times of the R peaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RPeaks {
    /// Time of the largest deflection over all leads in each QRS, seconds from the start, ascending.
    pub times_s: Vec<f64>,
}

impl RPeaks {
    /// Intervals between neighbours, seconds.
    pub fn intervals_s(&self) -> Vec<f64> {
        self.times_s
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect()
    }
}

/// Sample numbers of the R peaks.
pub(super) fn detect(clean: &Clean) -> Vec<usize> {
    let rate = clean.rate_hz;
    let samples = clean.leads[0].millivolts.len();
    let feature = feature(clean, samples);
    let candidates = local_maxima(&feature, (0.10 * rate) as usize);
    let level = typical(&feature, &candidates, (1.5 * rate) as usize);
    let events = Events {
        steepness: steepness(clean, &candidates),
        feature,
        candidates,
        level,
        rate,
    };
    let mut beats = events.accept();
    events.search_back(&mut beats);
    events.drop_first_t_wave(&mut beats);
    let magnitude = magnitude(clean, samples);
    let reach = (0.075 * rate) as usize;
    let mut peaks: Vec<usize> = beats
        .into_iter()
        .map(|beat| {
            let (from, to) = (beat.saturating_sub(reach), (beat + reach + 1).min(samples));
            (from..to)
                .max_by(|a, b| magnitude[*a].total_cmp(&magnitude[*b]))
                .unwrap_or(beat)
        })
        .collect();
    peaks.dedup();
    peaks
}

/// Mean over the leads of the rectified band signal, averaged over 70 ms. No lead counts more than twice
/// the median lead.
fn feature(clean: &Clean, samples: usize) -> Vec<f64> {
    let rate = clean.rate_hz;
    let bands: Vec<Vec<f64>> = clean
        .leads
        .iter()
        .map(|lead| {
            let mut band = lead.millivolts.clone();
            zero_phase(&mut band, rate, BAND_HZ.0, Pass::High);
            zero_phase(&mut band, rate, BAND_HZ.1, Pass::Low);
            band.iter_mut().for_each(|v| *v = v.abs());
            band
        })
        .collect();
    let mut sizes: Vec<f64> = bands.iter().map(|band| quantile(band, 0.985)).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let cap = 2.0 * sizes[sizes.len() / 2];
    let mut sum = vec![0.0; samples];
    for band in &bands {
        for (total, value) in sum.iter_mut().zip(band) {
            *total += value.min(cap);
        }
    }
    let half = (0.035 * rate) as usize;
    moving_average(&sum, half)
}

/// Sum of squares of all leads above 2 Hz: largest where the heart vector is.
fn magnitude(clean: &Clean, samples: usize) -> Vec<f64> {
    let mut sum = vec![0.0; samples];
    for lead in &clean.leads {
        let mut signal = lead.millivolts.clone();
        zero_phase(&mut signal, clean.rate_hz, 2.0, Pass::High);
        zero_phase(&mut signal, clean.rate_hz, 45.0, Pass::Low);
        for (total, value) in sum.iter_mut().zip(&signal) {
            *total += value * value;
        }
    }
    sum
}

fn moving_average(signal: &[f64], half: usize) -> Vec<f64> {
    let mut sums = Vec::with_capacity(signal.len() + 1);
    let mut total = 0.0;
    sums.push(0.0);
    for value in signal {
        total += value;
        sums.push(total);
    }
    (0..signal.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(half), (i + half + 1).min(signal.len()));
            (sums[to] - sums[from]) / (to - from) as f64
        })
        .collect()
}

pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let index = (share * (sorted.len().saturating_sub(1)) as f64) as usize;
    sorted.get(index).copied().unwrap_or(0.0)
}

fn local_maxima(feature: &[f64], reach: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for i in 1..feature.len().saturating_sub(1) {
        if feature[i] < feature[i - 1] || feature[i] <= feature[i + 1] {
            continue;
        }
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(feature.len()));
        if feature[from..to].iter().all(|other| *other <= feature[i]) {
            found.push(i);
        }
    }
    found
}

/// Median of the largest candidate of each window.
fn typical(feature: &[f64], candidates: &[usize], window: usize) -> f64 {
    let count = feature.len().div_ceil(window.max(1));
    let mut largest = vec![0.0_f64; count];
    for &i in candidates {
        let slot = &mut largest[i / window.max(1)];
        *slot = slot.max(feature[i]);
    }
    quantile(&largest, 0.5)
}

/// Largest change of all leads over 8 ms within 60 ms of each candidate, by its sample number.
fn steepness(clean: &Clean, candidates: &[usize]) -> BTreeMap<usize, f64> {
    let rate = clean.rate_hz;
    let step = ((0.004 * rate) as usize).max(1);
    let reach = (0.06 * rate) as usize;
    let leads: Vec<Vec<f64>> = clean
        .leads
        .iter()
        .map(|lead| {
            let mut lead = lead.millivolts.clone();
            zero_phase(&mut lead, rate, 40.0, Pass::Low);
            lead
        })
        .collect();
    let last = leads[0].len() - 1;
    let change = |i: usize| -> f64 {
        let (from, to) = (i.saturating_sub(step), (i + step).min(last));
        leads
            .iter()
            .map(|lead| (lead[to] - lead[from]) * (lead[to] - lead[from]))
            .sum()
    };
    let largest = |at: usize| {
        (at.saturating_sub(reach)..=(at + reach).min(last))
            .map(change)
            .fold(0.0, f64::max)
    };
    candidates
        .iter()
        .map(|&at| (at, libm::sqrt(largest(at))))
        .collect()
}

/// Everything that could be a beat.
struct Events {
    /// Energy in the band of QRS, by sample.
    feature: Vec<f64>,
    /// Samples at which it is largest, ascending.
    candidates: Vec<usize>,
    /// See [`steepness`].
    steepness: BTreeMap<usize, f64>,
    /// Feature of a typical beat.
    level: f64,
    rate: f64,
}

impl Events {
    fn steep(&self, event: usize) -> f64 {
        self.steepness.get(&event).copied().unwrap_or(0.0)
    }

    fn accept(&self) -> Vec<usize> {
        let feature = &self.feature;
        let strong = |i: &&usize| feature[**i] > THRESHOLD * self.level;
        let mut beats: Vec<usize> = Vec::new();
        for &candidate in self.candidates.iter().filter(strong) {
            let Some(&last) = beats.last() else {
                beats.push(candidate);
                continue;
            };
            if self.apart_s(last, candidate) < REFRACTORY_S {
                if feature[candidate] > feature[last] {
                    beats.pop();
                    beats.push(candidate);
                }
            } else if !self.is_t_wave(last, candidate) {
                beats.push(candidate);
            }
        }
        beats
    }

    fn apart_s(&self, first: usize, second: usize) -> f64 {
        (second - first) as f64 / self.rate
    }

    /// Whether an event is the T wave of the beat before it: weaker or less steep than that, and as strong as
    /// what other beats have in the same place. A premature ventricular beat is not very steep either, but
    /// stronger than the T wave on which it falls.
    fn is_t_wave(&self, last: usize, event: usize) -> bool {
        let apart_s = self.apart_s(last, event);
        if apart_s > LATE_T_WAVE_S {
            return false;
        }
        let feature = &self.feature;
        let is_steep = self.steep(event) > STEEP * self.steep(last);
        if is_steep && (apart_s > T_WAVE_S || feature[event] > 0.55 * feature[last]) {
            return false;
        }
        let stands_out = feature[event] > UNUSUAL * self.usual_after(event - last);
        !(stands_out && self.steep(event) > LEAST_STEEP * self.steep(last))
    }

    /// Median of the largest feature within 40 ms of a distance behind typical beats.
    fn usual_after(&self, distance: usize) -> f64 {
        let near = (0.04 * self.rate) as usize;
        let behind = self
            .candidates
            .iter()
            .filter(|&&i| self.feature[i] > 0.7 * self.level)
            .filter_map(|&i| {
                let from = (i + distance).saturating_sub(near);
                let place = self.feature.get(from..from + 2 * near)?;
                Some(place.iter().copied().fold(0.0, f64::max))
            });
        quantile(&behind.collect::<Vec<_>>(), 0.5)
    }

    /// Looks again, with half the threshold, where a beat is missing.
    fn search_back(&self, beats: &mut Vec<usize>) {
        let intervals: Vec<f64> = beats
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        if intervals.is_empty() {
            return;
        }
        let usual = quantile(&intervals, 0.5);
        let steep = quantile(
            &beats.iter().map(|&i| self.steep(i)).collect::<Vec<_>>(),
            0.5,
        );
        let guard = (T_WAVE_S * self.rate) as usize;
        let mut found = Vec::new();
        for pair in beats.windows(2) {
            if (pair[1] - pair[0]) as f64 > 1.66 * usual {
                let missed = self
                    .candidates
                    .iter()
                    .copied()
                    .filter(|&i| i > pair[0] + guard && i + guard < pair[1])
                    .filter(|&i| self.feature[i] > 0.5 * THRESHOLD * self.level)
                    .filter(|&i| self.steep(i) > LEAST_STEEP * steep)
                    .max_by(|a, b| self.feature[*a].total_cmp(&self.feature[*b]));
                found.extend(missed);
            }
        }
        beats.extend(found);
        beats.sort_unstable();
    }

    /// The T wave of a beat before the recording has no QRS before it that would tell what it is.
    fn drop_first_t_wave(&self, beats: &mut Vec<usize>) {
        let usual = quantile(
            &beats.iter().map(|&i| self.steep(i)).collect::<Vec<_>>(),
            0.5,
        );
        let is_weak = |first: &usize| self.steep(*first) < STEEP * usual;
        if beats.len() > 2 && beats.first().is_some_and(is_weak) {
            beats.remove(0);
        }
    }
}
