//! From a recording to clean leads: gaps bridged, pacing spikes and baseline taken out.

use super::MeasureError;
use super::filter::{Pass, zero_phase};
use crate::lead::Lead;
use crate::recording::Recording;

const RATES_HZ: (f64, f64) = (100.0, 20_000.0);
const LEAST_SECONDS: f64 = 2.0;
/// A lead that moves less than this is not connected, millivolts.
const FLAT_MV: f64 = 0.02;
/// What stands out of the median of its neighbourhood by this much is a pacing spike, millivolts. The peak
/// of a 3 mV R wave stands out by 0.08.
const SPIKE_MV: f64 = 0.15;

/// One lead ready to be measured.
pub(super) struct CleanLead {
    pub(super) lead: Lead,
    /// Without baseline (below 0.5 Hz) and without spikes, millivolts.
    pub(super) millivolts: Vec<f64>,
}

/// The leads that can be used.
pub(super) struct Clean {
    pub(super) rate_hz: f64,
    pub(super) leads: Vec<CleanLead>,
}

pub(super) fn prepare(recording: &Recording) -> Result<Clean, MeasureError> {
    let rate_hz = recording.sampling_rate_hz;
    if !(RATES_HZ.0..=RATES_HZ.1).contains(&rate_hz) {
        return Err(MeasureError::SamplingRate {
            hz: rate_hz,
            low: RATES_HZ.0,
            high: RATES_HZ.1,
        });
    }
    let samples = recording.samples();
    if let Some(odd) = recording
        .leads
        .iter()
        .find(|lead| lead.millivolts.len() != samples)
    {
        return Err(MeasureError::Ragged {
            lead: odd.lead.name().to_owned(),
            found: odd.millivolts.len(),
            expected: samples,
        });
    }
    if !recording.leads.is_empty() && recording.duration_s() < LEAST_SECONDS {
        return Err(MeasureError::TooShort {
            seconds: recording.duration_s(),
            least: LEAST_SECONDS,
        });
    }
    let leads: Vec<CleanLead> = recording
        .leads
        .iter()
        .filter(|signal| signal.lead.is_standard())
        .filter_map(|signal| {
            let mut millivolts = bridge(&signal.millivolts)?;
            remove_spikes(&mut millivolts, rate_hz);
            zero_phase(&mut millivolts, rate_hz, 0.5, Pass::High);
            Some(CleanLead {
                lead: signal.lead.clone(),
                millivolts,
            })
        })
        .collect();
    if leads.is_empty() {
        return Err(MeasureError::NoUsableLead {
            leads: recording.leads.len(),
        });
    }
    Ok(Clean { rate_hz, leads })
}

/// Straight lines over missing samples; `None` for a lead that is mostly missing, or flat.
fn bridge(samples: &[f32]) -> Option<Vec<f64>> {
    let known: Vec<usize> = (0..samples.len())
        .filter(|&i| samples[i].is_finite())
        .collect();
    let (&first, &last) = (known.first()?, known.last()?);
    let (low, high) = known
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &i| {
            (low.min(samples[i]), high.max(samples[i]))
        });
    if known.len() * 2 < samples.len() || f64::from(high - low) < FLAT_MV {
        return None;
    }
    let mut out: Vec<f64> = samples.iter().map(|v| f64::from(*v)).collect();
    out[..first].fill(f64::from(samples[first]));
    out[last..].fill(f64::from(samples[last]));
    for pair in known.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        for i in from + 1..to {
            let share = (i - from) as f64 / (to - from) as f64;
            out[i] = out[from] + share * (out[to] - out[from]);
        }
    }
    Some(out)
}

/// Replaces what sticks out of the running median over 9 ms. Below 250 Hz a spike is as wide as a QRS's
/// steepest part and stays.
fn remove_spikes(signal: &mut [f64], rate_hz: f64) {
    let half = libm::round(0.0045 * rate_hz) as usize;
    if rate_hz < 250.0 || signal.len() <= 2 * half {
        return;
    }
    let original = signal.to_vec();
    let mut window = Vec::with_capacity(2 * half + 1);
    for i in half..signal.len() - half {
        let near = &original[i - half..=i + half];
        // A spike has a steep neighbour; most samples need no median.
        if (original[i] - near[0]).abs() < SPIKE_MV
            && (original[i] - near[2 * half]).abs() < SPIKE_MV
        {
            continue;
        }
        window.clear();
        window.extend_from_slice(near);
        window.sort_unstable_by(f64::total_cmp);
        if (original[i] - window[half]).abs() > SPIKE_MV {
            signal[i] = window[half];
        }
    }
}
