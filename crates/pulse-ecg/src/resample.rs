//! Recordings at another sampling rate.
//!
//! Band-limited interpolation: every output sample is a sum of input samples under a Kaiser-windowed
//! sinc (J. O. Smith, "Digital Audio Resampling", the method of Smith and Gossett 1984), one set of
//! weights a phase. Up to [`PASSBAND`] of the lower rate a sine keeps its amplitude and phase within
//! 0.01%; what the lower rate cannot hold is damped by at least 80 dB.
//!
//! Missing samples do not spread: each run of samples between gaps is resampled alone, mirrored at its
//! ends, and an output is missing exactly where the input sample at or before it is.

mod kernel;

use kernel::Phases;

use crate::number::Short;
use crate::recording::{LeadSignal, Recording, SAMPLING_RATES_HZ};

/// Share of the lower of both rates up to which signals pass unchanged.
pub const PASSBAND: f64 = 0.44;

/// Most samples a lead that are made.
const MOST_SAMPLES: f64 = (1_u64 << 28) as f64;

/// Why a recording could not be resampled.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// A rate that no ECG has.
    #[error(
        "found {} Hz as the {which} rate, expected {lowest} to {highest} Hz",
        Short(*.found)
    )]
    Rate {
        /// `recording's` or `new`.
        which: &'static str,
        /// The rate.
        found: f64,
        /// Lowest accepted.
        lowest: f64,
        /// Highest accepted.
        highest: f64,
    },
    /// The result would not fit.
    #[error(
        "the result would have {} samples a lead, at most {limit} are made; lower the rate",
        Short(*.found)
    )]
    TooLong {
        /// Samples a lead.
        found: f64,
        /// The limit.
        limit: f64,
    },
}

/// The recording at `rate_hz`. At its own rate, a copy.
///
/// # Errors
/// A rate outside [`SAMPLING_RATES_HZ`], or a result of more than 2^28 samples a lead.
pub fn resample(recording: &Recording, rate_hz: f64) -> Result<Recording, ResampleError> {
    let own = recording.sampling_rate_hz;
    for (which, found) in [("recording's", own), ("new", rate_hz)] {
        if !SAMPLING_RATES_HZ.contains(&found) {
            let (lowest, highest) = (*SAMPLING_RATES_HZ.start(), *SAMPLING_RATES_HZ.end());
            return Err(ResampleError::Rate {
                which,
                found,
                lowest,
                highest,
            });
        }
    }
    let longest = recording
        .leads
        .iter()
        .map(|lead| lead.millivolts.len())
        .max()
        .unwrap_or(0);
    let found = longest as f64 * rate_hz / own;
    if found > MOST_SAMPLES {
        return Err(ResampleError::TooLong {
            found,
            limit: MOST_SAMPLES,
        });
    }
    let mut phases = Phases::new(own, rate_hz);
    let leads = recording.leads.iter().map(|signal| LeadSignal {
        lead: signal.lead.clone(),
        millivolts: at_rate(&signal.millivolts, own, rate_hz, &mut phases),
    });
    Ok(Recording {
        sampling_rate_hz: rate_hz,
        leads: leads.collect(),
        ..recording.clone()
    })
}

/// One row of samples from one positive rate to another.
pub(crate) fn resample_samples(samples: &[f32], from_hz: f64, to_hz: f64) -> Vec<f32> {
    at_rate(samples, from_hz, to_hz, &mut Phases::new(from_hz, to_hz))
}

fn at_rate(samples: &[f32], from_hz: f64, to_hz: f64, phases: &mut Phases) -> Vec<f32> {
    if from_hz == to_hz {
        return samples.to_vec();
    }
    let mut output = Vec::with_capacity(phases.count(samples.len()));
    let mut run = 0..0;
    for index in 0..phases.count(samples.len()) {
        let place = phases.place(index);
        let before = place.sample.min(samples.len().saturating_sub(1));
        if samples.get(before).is_none_or(|value| value.is_nan()) {
            output.push(f32::NAN);
            continue;
        }
        if !run.contains(&before) {
            run = run_around(samples, before);
        }
        let present = samples.get(run.clone()).unwrap_or_default();
        output.push(phases.interpolate(present, before - run.start, place));
    }
    output
}

/// The unbroken run of samples around a present one.
fn run_around(samples: &[f32], index: usize) -> std::ops::Range<usize> {
    let start = samples
        .iter()
        .take(index)
        .rposition(|value| value.is_nan())
        .map_or(0, |gap| gap + 1);
    let length = samples.iter().skip(index).position(|value| value.is_nan());
    start..length.map_or(samples.len(), |length| index + length)
}
