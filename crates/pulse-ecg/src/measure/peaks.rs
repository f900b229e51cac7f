//! R-peak detector: energy of all leads in the band of QRS, an adaptive threshold, search-back.
//!
//! After Pan and Tompkins 1985 (band, moving window, refractory time, T-wave rule, search-back), on the sum
//! of all leads instead of one, so that a lead with artefacts or a small QRS decides nothing alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::events::Events;
use super::filter::{Pass, zero_phase};
use super::prepare::Clean;

/// Band of QRS in hertz; wide complexes keep enough of it, T waves lose most.
const BAND_HZ: (f64, f64) = (6.0, 24.0);

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
