//! The real records decode to the values that another reader found. Records and values are read from
//! `../shared` when it is there and are never committed.

#![allow(clippy::unwrap_used, clippy::panic)]

mod samples;

use std::path::PathBuf;

use pulse_ecg::wfdb::{Container, ReadOptions, SignalFormat, WriteOptions};
use pulse_ecg::{Lead, Recording, Sex, WfdbRecord};
use serde_json::Value;

/// The reference rounds to nine places, half of the last of which may be off.
const ROUNDING_MV: f64 = 0.5e-9;
/// Sums in another order differ in their last bits.
const SUMMATION_MV: f64 = 1e-12;

fn samples() -> Option<PathBuf> {
    samples::samples("the values of real records")
}

fn reference(folder: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read(folder.join("reference.json")).unwrap();
    let mut reference: Value = serde_json::from_slice(&text).unwrap();
    serde_json::from_value(reference["records"].take()).unwrap()
}

fn open(folder: &std::path::Path, name: &str) -> WfdbRecord {
    WfdbRecord::open(folder.join("records").join(name), &ReadOptions::default()).unwrap()
}

#[test]
fn all_records_decode_to_their_reference() {
    let Some(folder) = samples() else { return };
    let records = reference(&folder);
    assert_eq!(records.len(), 18);
    for expected in &records {
        let name = expected["record"].as_str().unwrap();
        let record = open(&folder, name);
        assert_eq!(record.name, name);
        assert_eq!(Some(record.sampling_rate_hz), expected["fs"].as_f64());
        assert_eq!(Some(record.frames as u64), expected["samples"].as_u64());
        let leads: Vec<&str> = record
            .signals
            .iter()
            .map(|s| s.description.as_str())
            .collect();
        assert_eq!(Value::from(leads), expected["leads"]);
        // The reference keeps the first four lines.
        let comments: Vec<&str> = record.comments.iter().take(4).map(String::as_str).collect();
        assert_eq!(Value::from(comments), expected["comments"], "{name}");
        for (index, signal) in record.signals.iter().enumerate() {
            for (frame, row) in expected["first5_raw"]
                .as_array()
                .unwrap()
                .iter()
                .enumerate()
            {
                assert_eq!(
                    row[index].as_i64(),
                    Some(signal.samples[frame].into()),
                    "{name}"
                );
            }
            assert_eq!(
                Some(signal.digital_sum()),
                expected["sum_raw"][index].as_i64(),
                "{name}"
            );
            assert_eq!(signal.missing(), 0);
            let found = signal.statistics().unwrap();
            for (key, value) in [
                ("min_mv", found.min_mv),
                ("max_mv", found.max_mv),
                ("mean_mv", found.mean_mv),
                ("std_mv", found.std_mv),
            ] {
                let expected = expected[key][index].as_f64().unwrap();
                let difference = (value - expected).abs();
                assert!(
                    difference <= ROUNDING_MV + SUMMATION_MV,
                    "{name} {key}: {value} {expected}"
                );
            }
        }
    }
}

#[test]
fn recordings_are_in_millivolts_with_normal_lead_names() {
    let Some(folder) = samples() else { return };
    for (name, leads) in [("00001_lr", 12), ("JS20000", 12), ("s0010_re", 15)] {
        let recording = Recording::open(folder.join("records").join(name)).unwrap();
        assert_eq!(recording.leads.len(), leads);
        let standard = recording.standard_leads().unwrap();
        assert_eq!(standard.len(), 12);
        assert_eq!(standard[3].lead, Lead::AVR);
    }
    let recording = Recording::open(folder.join("records/JS20000.mat")).unwrap();
    assert_eq!(recording.patient.age_years, Some(84));
    assert_eq!(recording.patient.sex, Some(Sex::Female));
    assert_eq!(recording.patient.diagnosis_codes.len(), 4);
    assert_eq!(recording.lead(&Lead::I).unwrap()[0], -0.034);
    let recording = Recording::open(folder.join("records/s0010_re.hea")).unwrap();
    assert_eq!(recording.patient.age_years, Some(81));
    assert_eq!(recording.leads[14].lead, Lead::Other("vz".to_owned()));
    assert_eq!(recording.leads[0].millivolts[0], -489.0 / 2000.0);
}

#[test]
fn real_records_survive_being_written() {
    let Some(folder) = samples() else { return };
    let target = tempfile::tempdir().unwrap();
    for expected in &reference(&folder) {
        let name = expected["record"].as_str().unwrap();
        let mut record = open(&folder, name);
        for (format, container) in [
            (SignalFormat::Int16, Container::Dat),
            (SignalFormat::Int16, Container::Mat),
            (SignalFormat::Int24, Container::Dat),
            (SignalFormat::Int32, Container::Dat),
        ] {
            let options = WriteOptions { format, container };
            let path = record.write(target.path(), &options).unwrap();
            let back = WfdbRecord::open(&path, &ReadOptions::default()).unwrap();
            record
                .signals
                .iter_mut()
                .for_each(|signal| signal.format = format);
            assert_eq!(back, record, "{name}");
        }
    }
}

#[test]
fn the_matlab_files_are_written_byte_for_byte() {
    let Some(folder) = samples() else { return };
    let target = tempfile::tempdir().unwrap();
    let options = WriteOptions {
        format: SignalFormat::Int16,
        container: Container::Mat,
    };
    open(&folder, "JS20000")
        .write(target.path(), &options)
        .unwrap();
    let ours = std::fs::read(target.path().join("JS20000.mat")).unwrap();
    assert!(ours == std::fs::read(folder.join("records/JS20000.mat")).unwrap());
}
