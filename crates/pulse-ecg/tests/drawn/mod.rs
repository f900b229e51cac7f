//! Recordings that the tests draw.

#![allow(dead_code)]

use pulse_ecg::{Lead, LeadSignal, Patient, Recording};

/// Samples a second of the tests' recordings.
pub(crate) const RATE_HZ: f64 = 500.0;

/// A recording of given leads, `seconds` long, whose sample at time t of lead number n is `value(n, t)`.
pub(crate) fn recording(
    leads: &[Lead],
    seconds: f64,
    value: impl Fn(usize, f64) -> f32,
) -> Recording {
    let samples = (seconds * RATE_HZ) as usize;
    Recording {
        name: "test".to_owned(),
        sampling_rate_hz: RATE_HZ,
        leads: leads
            .iter()
            .enumerate()
            .map(|(index, lead)| LeadSignal {
                lead: lead.clone(),
                millivolts: (0..samples)
                    .map(|sample| value(index, sample as f64 / RATE_HZ))
                    .collect(),
            })
            .collect(),
        patient: Patient::default(),
        comments: Vec::new(),
    }
}

/// Something with beats, the same on every platform: triangles for R and T.
pub(crate) fn beats() -> Recording {
    recording(&Lead::STANDARD, 10.0, |lead, time| {
        let since = (time % 0.8) as f32 - 0.3;
        let triangle = |centre: f32, half: f32| (1.0 - (since - centre).abs() / half).max(0.0);
        let size = 0.4 + 0.1 * lead as f32;
        size * triangle(0.0, 0.03) + 0.25 * size * triangle(0.25, 0.08)
    })
}
