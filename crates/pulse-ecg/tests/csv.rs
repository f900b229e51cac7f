//! Recordings from CSV.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use pulse_ecg::wfdb::VoltageUnit;
use pulse_ecg::{CsvError, CsvOptions, Lead, Recording};

fn read(text: &str) -> Result<Recording, CsvError> {
    Recording::from_csv(text.as_bytes(), "r", &CsvOptions::default())
}

fn at(text: &str, rate: f64) -> Result<Recording, CsvError> {
    let options = CsvOptions {
        sampling_rate_hz: Some(rate),
        ..CsvOptions::default()
    };
    Recording::from_csv(text.as_bytes(), "r", &options)
}

#[test]
fn time_column_and_units_are_understood() {
    let recording =
        read("time,i, avR (uV),V1 [V]\n0.000,1,500,-0.001\n0.002,,-500,0\n0.004,nan,1,1e-3")
            .unwrap();
    assert_eq!(recording.sampling_rate_hz, 500.0);
    let leads: Vec<&Lead> = recording.leads.iter().map(|signal| &signal.lead).collect();
    assert_eq!(leads, [&Lead::I, &Lead::AVR, &Lead::V1]);
    assert_eq!(recording.leads[0].millivolts[0], 1.0);
    assert!(
        recording.leads[0].millivolts[1..]
            .iter()
            .all(|value| value.is_nan())
    );
    assert_eq!(recording.leads[1].millivolts, [0.5, -0.5, 0.001]);
    assert_eq!(recording.leads[2].millivolts, [-1.0, 0.0, 1.0]);
}

#[test]
fn rounded_times_give_the_whole_rate() {
    let mut text = "\u{feff}t;II\r\n".to_owned();
    for sample in 0..3600 {
        text += &format!("{:.4};{sample}\r\n", f64::from(sample) / 360.0);
    }
    assert_eq!(read(&text).unwrap().sampling_rate_hz, 360.0);
    let text = "time_ms\tII\n0\t1\n4\t2\n8\t3";
    assert_eq!(read(text).unwrap().sampling_rate_hz, 250.0);
}

#[test]
fn a_rate_or_a_unit_can_be_stated() {
    // A counter without a name is how pandas writes its index.
    let recording = at(",I\n0,1\n1,2", 100.0).unwrap();
    assert_eq!(
        (recording.leads.len(), recording.sampling_rate_hz),
        (1, 100.0)
    );
    let options = CsvOptions {
        sampling_rate_hz: Some(100.0),
        unit: VoltageUnit::Microvolt,
        delimiter: Some(b'|'),
    };
    let recording = Recording::from_csv("I|II\n1|2".as_bytes(), "r", &options).unwrap();
    assert_eq!(recording.leads[1].millivolts, [0.002]);
}

#[test]
fn a_file_is_opened_by_its_ending() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strip.csv");
    std::fs::write(&path, "time,II\n0,1\n0.01,2").unwrap();
    let recording = Recording::open(&path).unwrap();
    assert_eq!(
        (recording.name.as_str(), recording.sampling_rate_hz),
        ("strip", 100.0)
    );
    assert!(Recording::open(folder.path().join("none.csv")).is_err());
}

#[test]
fn wrong_files_name_line_and_column() {
    let is = |text: &str, expected: &str| {
        let error = at(text, 500.0).unwrap_err();
        let name = format!("{error:?}");
        assert!(name.starts_with(expected), "{text:?}: {name}");
    };
    is("", "NoLeads");
    is("time\n1", "NoLeads");
    is("I,II\n", "NoSamples");
    is("I,\n1,2", "Unnamed { column: 2 }");
    is("1,2\n3,4", "NumberAsName { column: 1");
    is("I,aVR,i\n1,2,3", "Duplicate { first: 1, second: 3");
    is("t,time,I\n1,2,3", "Duplicate { first: 1, second: 2");
    is("I (mmHg)\n1", "Unit { column: 1");
    is("time (h),I\n1,1", "Unit { column: 1");
    is(
        "I,II\n1,2\n3,x",
        "Cell { line: 3, column: 2, name: \"II\", found: \"x\" }",
    );
    is("I,II\n1,\"2,5\"", "Cell { line: 2, column: 2");
    is("I\ninf", "Cell { line: 2, column: 1");
    is("I\n1e300", "Cell { line: 2, column: 1");
    is("time,I\n,1", "Cell { line: 2, column: 1");
    is("I,II\n1,2\n3", "Syntax { line: 3");
    is(
        "time,I\n0,1\n0.002,1\n0.006,1\n0.008,1",
        "UnevenTime { line: 4, column: 1",
    );
    is(
        "time,I\n0.004,1\n0.002,1",
        "TimeNotRising { line: 3, column: 1",
    );
    is(
        "sample,I\n0,1\n2,1",
        "UnevenTime { line: 3, column: 1, found: 2.0, expected: 1.0 }",
    );
    is("time,I\n0,1\n0.01,1", "RateConflict");
    assert!(matches!(read("I\n1"), Err(CsvError::NoRate)));
    assert!(matches!(
        at("I\n1", 1e9),
        Err(CsvError::SamplingRate { .. })
    ));
    assert!(matches!(
        at("I\n1", f64::NAN),
        Err(CsvError::SamplingRate { .. })
    ));
    assert!(matches!(
        Recording::from_csv(&b"I\n\xff"[..], "r", &CsvOptions::default()),
        Err(CsvError::Syntax { .. })
    ));
}

proptest! {
    #[test]
    fn any_text_is_a_recording_or_an_error(text in "[timeIV1,;\n0-9. \"\t()u-]{0,200}") {
        if let Ok(recording) = at(&text, 500.0) {
            prop_assert!(recording.leads.iter().all(|lead| lead.millivolts.len() == recording.samples()));
        }
        let _ = read(&text);
    }

    #[test]
    fn any_bytes_are_a_recording_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Recording::from_csv(bytes.as_slice(), "r", &CsvOptions::default());
    }
}
