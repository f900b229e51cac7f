//! Resampling: sines keep amplitude and phase, nothing folds back, gaps stay where they are.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::f64::consts::TAU;

use proptest::prelude::*;
use pulse_ecg::{Lead, LeadSignal, PASSBAND, Patient, Recording, ResampleError, resample};

/// Within the pass band: the ripple of a window with 90 dB is 3e-5, f32 rounds at 6e-8.
const PASS_ERROR: f64 = 1e-4;
/// 80 dB below the sine that goes in; the window is designed for 90.
const STOP_LEVEL: f64 = 1e-4;
/// Seconds at each end where the mirrored signal is no sine.
const EDGE_S: f64 = 0.6;

fn recording(rate: f64, millivolts: Vec<f32>) -> Recording {
    Recording {
        name: "r".to_owned(),
        sampling_rate_hz: rate,
        leads: vec![LeadSignal {
            lead: Lead::II,
            millivolts,
        }],
        patient: Patient::default(),
        comments: Vec::new(),
    }
}

fn sine(rate: f64, hz: f64, seconds: f64) -> Recording {
    let samples = (rate * seconds) as usize;
    let value = |index| (TAU * hz * index as f64 / rate + 0.4).sin() as f32;
    recording(rate, (0..samples).map(value).collect())
}

fn row(recording: &Recording) -> &[f32] {
    &recording.leads[0].millivolts
}

/// Largest difference from the sine itself, away from the ends.
fn error(result: &Recording, hz: f64) -> f64 {
    let rate = result.sampling_rate_hz;
    let edge = (EDGE_S * rate) as usize;
    let last = row(result).len() - edge;
    (edge..last)
        .map(|index| {
            let expected = (TAU * hz * index as f64 / rate + 0.4).sin();
            (f64::from(row(result)[index]) - expected).abs()
        })
        .fold(0.0, f64::max)
}

#[test]
fn sines_in_the_pass_band_keep_amplitude_and_phase() {
    for (from, to) in [
        (500.0, 100.0),
        (100.0, 500.0),
        (360.0, 500.0),
        (500.0, 360.0),
        (1000.0, 500.0),
        (257.0, 500.0),
        (500.0, 123.456),
    ] {
        for share in [0.01, 0.1, 0.3, PASSBAND] {
            let hz = share * f64::min(from, to);
            let result = resample(&sine(from, hz, 4.0), to).unwrap();
            assert_eq!(
                row(&result).len(),
                (4.0 * to).ceil() as usize,
                "{from} to {to}"
            );
            let error = error(&result, hz);
            assert!(error < PASS_ERROR, "{from} to {to} at {hz} Hz: {error}");
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_does_not_fold_back() {
    for (from, to, hz) in [
        (500.0, 100.0, 50.0),
        (500.0, 100.0, 60.0),
        (500.0, 100.0, 99.0),
        (1000.0, 250.0, 130.0),
        (360.0, 250.0, 170.0),
    ] {
        let result = resample(&sine(from, hz, 4.0), to).unwrap();
        let edge = (EDGE_S * to) as usize;
        let inner = &row(&result)[edge..row(&result).len() - edge];
        let level = inner
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(
            f64::from(level) < STOP_LEVEL,
            "{hz} Hz from {from} to {to}: {level}"
        );
    }
}

#[test]
fn the_same_rate_is_a_copy() {
    let original = recording(500.0, vec![0.1, f32::MIN_POSITIVE, -3.0]);
    assert_eq!(resample(&original, 500.0).unwrap(), original);
}

#[test]
fn a_level_keeps_its_height_up_to_the_ends() {
    for to in [100.0, 360.0, 1000.0, 499.9] {
        let result = resample(&recording(500.0, vec![1.5; 300]), to).unwrap();
        assert!(row(&result).iter().all(|value| *value == 1.5), "{to}");
    }
}

#[test]
fn gaps_neither_grow_nor_shrink() {
    let mut samples = vec![1.0; 400];
    samples[100..150].fill(f32::NAN);
    samples[0] = f32::NAN;
    samples[300] = f32::NAN;
    for (to, gap) in [(1000.0, 200..300), (250.0, 50..75), (500.0, 100..150)] {
        let result = resample(&recording(500.0, samples.clone()), to).unwrap();
        let missing =
            |range: std::ops::Range<usize>| row(&result)[range].iter().all(|v| v.is_nan());
        assert!(missing(gap.clone()));
        assert_eq!(row(&result)[gap.start - 1], 1.0);
        assert_eq!(row(&result)[gap.end], 1.0);
    }
    let result = resample(&recording(500.0, vec![f32::NAN; 10]), 1000.0).unwrap();
    assert!(row(&result).len() == 20 && row(&result).iter().all(|value| value.is_nan()));
    assert!(row(&resample(&recording(500.0, vec![]), 1000.0).unwrap()).is_empty());
}

#[test]
fn absurd_rates_are_refused() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let own = resample(&recording(rate, vec![1.0]), 500.0);
        assert!(matches!(
            own,
            Err(ResampleError::Rate {
                which: "recording's",
                ..
            })
        ));
        let new = resample(&recording(500.0, vec![1.0]), rate);
        assert!(matches!(new, Err(ResampleError::Rate { which: "new", .. })));
    }
    let long = recording(1.0, vec![0.0; 3000]);
    assert!(matches!(
        resample(&long, 100_000.0),
        Err(ResampleError::TooLong { .. })
    ));
}

proptest! {
    #[test]
    fn any_samples_and_rates_give_the_documented_length(
        samples in prop::collection::vec(prop_oneof![4 => -5.0_f32..5.0, 1 => Just(f32::NAN)], 0..200),
        from in 50.0_f64..2000.0,
        to in 50.0_f64..2000.0,
    ) {
        let length = samples.len() as f64 * to / from;
        let result = resample(&recording(from, samples), to).unwrap();
        prop_assert!((row(&result).len() as f64 - length.ceil()).abs() <= 1.0);
    }
}
