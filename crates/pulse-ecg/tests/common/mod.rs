//! Small records made by hand, in memory.

// Every test is a program of its own and uses a part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;

use pulse_ecg::wfdb::{ReadOptions, SignalFormat};
use pulse_ecg::{WfdbError, WfdbRecord, WfdbSignal};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) fn files(list: &[(&str, &[u8])]) -> Files {
    list.iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect()
}

/// 16-bit samples, least significant byte first.
pub(crate) fn int16(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

/// Reads the record `r` of a header and one signal file `r.dat` of 16-bit samples.
pub(crate) fn read(header: &str, samples: &[i16]) -> Result<WfdbRecord, WfdbError> {
    read_with(header, samples, &ReadOptions::default())
}

pub(crate) fn read_with(
    header: &str,
    samples: &[i16],
    options: &ReadOptions,
) -> Result<WfdbRecord, WfdbError> {
    let files = files(&[("r.hea", header.as_bytes()), ("r.dat", &int16(samples))]);
    WfdbRecord::read(&files, "r", options)
}

/// A calibrated signal in millivolts.
pub(crate) fn signal(description: &str, samples: Vec<i32>) -> WfdbSignal {
    WfdbSignal {
        description: description.to_owned(),
        format: SignalFormat::Int16,
        samples_per_frame: 1,
        gain: Some(1000.0),
        baseline: 0,
        units: "mV".to_owned(),
        adc_resolution: 16,
        adc_zero: 0,
        samples,
    }
}

/// A record `r` of such signals at 500 Hz.
pub(crate) fn record(signals: Vec<WfdbSignal>) -> WfdbRecord {
    WfdbRecord {
        name: "r".to_owned(),
        sampling_rate_hz: 500.0,
        counter_rate_hz: None,
        base_counter: None,
        base_time: None,
        base_date: None,
        frames: signals.first().map_or(0, |signal| signal.samples.len()),
        signals,
        comments: Vec::new(),
        discrepancies: Vec::new(),
    }
}
