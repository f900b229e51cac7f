//! What is written is read back the same.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::signal;
use proptest::prelude::*;
use pulse_ecg::wfdb::{
    BaseDate, BaseTime, Container, MISSING_SAMPLE, ReadOptions, SignalFormat, WriteOptions,
};
use pulse_ecg::{Lead, LeadSignal, Patient, Recording, Sex, WfdbRecord, WfdbSignal};

/// Any value of the format, or a missing sample.
fn samples(format: SignalFormat, count: usize) -> impl Strategy<Value = Vec<i32>> {
    let (lowest, highest) = format.range();
    let value = prop_oneof![
        8 => lowest..=highest,
        1 => Just(lowest),
        1 => Just(highest),
        1 => Just(MISSING_SAMPLE),
    ];
    prop::collection::vec(value, count)
}

fn any_signal(format: SignalFormat, frames: usize) -> impl Strategy<Value = WfdbSignal> {
    let text = "[!-~]([ -~]{0,20}[!-~])?";
    (1_usize..4, text, any::<i32>(), any::<i32>(), 0_u32..33).prop_flat_map(
        move |(each, description, baseline, adc_zero, adc_resolution)| {
            let gain = prop_oneof![
                Just(None),
                // Every size that is read, 1e-9 to 1e12, and either sign.
                (-8.99..11.99_f64, any::<bool>()).prop_map(|(size, inverted)| {
                    let gain = 10_f64.powf(size);
                    Some(if inverted { -gain } else { gain })
                }),
            ];
            (samples(format, frames * each), gain, "[a-zA-Z%µ/]{1,8}").prop_map(
                move |(samples, gain, units)| WfdbSignal {
                    description: description.clone(),
                    format,
                    samples_per_frame: each as u32,
                    gain,
                    baseline,
                    units,
                    adc_resolution,
                    adc_zero,
                    samples,
                },
            )
        },
    )
}

fn any_record() -> impl Strategy<Value = (WfdbRecord, SignalFormat)> {
    let format = prop::sample::select(&SignalFormat::WRITABLE[..]);
    (format, 1_usize..20).prop_flat_map(|(format, frames)| {
        let signals = prop::collection::vec(any_signal(format, frames), 1..5);
        let clock = prop::option::of((0_u8..24, 0_u8..60, 0_u8..60, 0_u32..1_000_000));
        let rate = prop_oneof![Just(500.0), 1.0..100_000.0_f64];
        let comments =
            prop::collection::vec("[a-z]([ -\"$-~]{0,20}[!-\"$-~])?: [a-z0-9]{1,9}", 0..4);
        (
            signals,
            "[A-Za-z0-9_]{1,12}",
            rate,
            clock,
            any::<bool>(),
            comments,
        )
            .prop_map(
                move |(signals, name, sampling_rate_hz, clock, dated, comments)| {
                    let base_time = clock.map(|(hour, minute, second, microsecond)| BaseTime {
                        hour,
                        minute,
                        second,
                        microsecond,
                    });
                    let record = WfdbRecord {
                        name,
                        sampling_rate_hz,
                        counter_rate_hz: dated.then_some(sampling_rate_hz * 2.0),
                        base_counter: dated.then_some(-7.25),
                        base_time,
                        base_date: (dated && base_time.is_some()).then_some(BaseDate {
                            day: 1,
                            month: 10,
                            year: 1990,
                        }),
                        frames,
                        signals,
                        comments,
                        discrepancies: Vec::new(),
                    };
                    (record, format)
                },
            )
    })
}

proptest! {
    #[test]
    fn a_record_is_read_back_as_it_was((record, format) in any_record()) {
        let folder = tempfile::tempdir().unwrap();
        let matlab = [SignalFormat::Int16, SignalFormat::Int32, SignalFormat::Offset8];
        let containers = if matlab.contains(&format) {
            &[Container::Dat, Container::Mat][..]
        } else {
            &[Container::Dat]
        };
        for container in containers {
            let options = WriteOptions { format, container: *container };
            let path = record.write(folder.path(), &options).unwrap();
            let back = WfdbRecord::open(path, &ReadOptions::default()).unwrap();
            prop_assert_eq!(&back, &record);
        }
    }
}

#[test]
fn only_whole_files_are_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let record = common::record(vec![signal("I", vec![1, 2, 3])]);
    record
        .write(folder.path(), &WriteOptions::default())
        .unwrap();
    record
        .write(folder.path(), &WriteOptions::default())
        .unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["r.dat", "r.hea"]);
    let header = std::fs::read_to_string(folder.path().join("r.hea")).unwrap();
    assert_eq!(header, "r 1 500 3\nr.dat 16 1000(0)/mV 16 0 1 6 0 I\n");
    // Nothing is written where the folder is not there.
    assert!(
        record
            .write(folder.path().join("none"), &WriteOptions::default())
            .is_err()
    );
}

#[test]
fn a_recording_becomes_a_record_and_back() {
    let recording = Recording {
        name: "made".to_owned(),
        sampling_rate_hz: 250.0,
        leads: vec![
            LeadSignal {
                lead: Lead::I,
                millivolts: vec![0.001, -0.5, f32::NAN],
            },
            LeadSignal {
                lead: Lead::AVR,
                millivolts: vec![1.25, 0.0, 2.0],
            },
        ],
        patient: Patient {
            age_years: Some(61),
            sex: Some(Sex::Male),
            diagnosis_codes: vec!["426177001".to_owned(), "164873001".to_owned()],
        },
        comments: vec!["Made for a test".to_owned(), "Name: Somebody".to_owned()],
    };
    let record = WfdbRecord::from_recording(&recording, 1000.0).unwrap();
    assert_eq!(record.signals[0].samples, [1, -500, MISSING_SAMPLE]);
    let folder = tempfile::tempdir().unwrap();
    record
        .write(folder.path(), &WriteOptions::default())
        .unwrap();
    let back = Recording::open(folder.path().join("made")).unwrap();
    assert_eq!(back.patient, recording.patient);
    assert!(
        back.comments
            .iter()
            .all(|comment| !comment.contains("Somebody"))
    );
    assert_eq!(back.leads[1], recording.leads[1]);
    assert_eq!(
        back.leads[0].millivolts[..2],
        recording.leads[0].millivolts[..2]
    );
    assert!(back.leads[0].millivolts[2].is_nan());
    for gain in [0.0, -1.0, 1e-300, 1e300, f64::NAN, f64::INFINITY] {
        assert!(WfdbRecord::from_recording(&recording, gain).is_err());
    }
    let mut infinite = recording;
    infinite.leads[0].millivolts[0] = f32::INFINITY;
    assert!(WfdbRecord::from_recording(&infinite, 1000.0).is_err());
}
