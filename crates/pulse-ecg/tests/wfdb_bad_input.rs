//! Records that are wrong: each gives its own error, none a panic or a large allocation.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{files, int16, read, read_with, signal};
use pulse_ecg::wfdb::{
    Container, FormatProblem, Header, ReadOptions, SignalFormat, Verification, WriteOptions,
};
use pulse_ecg::{Lead, RecordError, WfdbError, WfdbRecord};

fn one_signal(line: &str) -> Result<WfdbRecord, WfdbError> {
    read(&format!("r 1 500 2\n{line}"), &[1, 3])
}

#[test]
fn a_wrong_checksum_or_initial_value_is_refused() {
    let error = one_signal("r.dat 16 1000 16 0 1 5 0 I").unwrap_err();
    assert!(matches!(
        error,
        WfdbError::Damaged {
            what: "checksum",
            found: 4,
            expected: 5,
            ..
        }
    ));
    let message = error.to_string();
    assert!(
        message.contains("signal I of r") && message.contains('5'),
        "{message}"
    );
    let error = one_signal("r.dat 16 1000 16 0 2 4 0 I").unwrap_err();
    assert!(matches!(
        error,
        WfdbError::Damaged {
            what: "initial value",
            found: 1,
            expected: 2,
            ..
        }
    ));
}

#[test]
fn a_file_that_ends_within_a_frame_is_refused_or_reported() {
    let two = "r 2 500\nr.dat 16 1000\nr.dat 16 1000";
    for header in [two.to_owned(), two.replace("500", "500 2")] {
        let error = read(&header, &[1, 2, 3, 4, 5]).unwrap_err();
        let message = error.to_string();
        assert!(
            matches!(
                error,
                WfdbError::PartialFrame {
                    found: 10,
                    expected: 8,
                    frames: 2,
                    ..
                }
            ),
            "{message}"
        );
        assert!(message.contains("10 bytes") && message.contains("expected 8"));
        let options = ReadOptions {
            verification: Verification::Report,
            ..ReadOptions::default()
        };
        let record = read_with(&header, &[1, 2, 3, 4, 5], &options).unwrap();
        assert_eq!(record.frames, 2);
        assert_eq!(record.discrepancies.len(), 1, "{:?}", record.discrepancies);
    }
    // Half a sample, and packed formats, whose last group may be filled up or not.
    let bytes = |format: &str, bytes: &[u8]| {
        let header = format!("r 1 500\nr.dat {format} 1000");
        let files = files(&[("r.hea", header.as_bytes()), ("r.dat", bytes)]);
        WfdbRecord::read(&files, "r", &ReadOptions::default()).map(|record| record.frames)
    };
    for (format, whole, cut) in [
        ("16", &[4, 6][..], &[5, 7][..]),
        ("24", &[6, 9], &[7, 8]),
        ("32", &[8], &[5, 6, 7]),
        ("212", &[2, 3, 5, 6], &[4, 7]),
        ("310", &[2, 4, 6, 8], &[5, 7, 9]),
        ("311", &[4, 6, 8], &[5, 7, 9]),
    ] {
        for &length in whole {
            let found = bytes(format, &vec![1; length]);
            assert!(found.is_ok(), "{format}, {length} bytes: {found:?}");
        }
        for &length in cut {
            let found = bytes(format, &vec![1; length]);
            assert!(
                matches!(found, Err(WfdbError::PartialFrame { .. })),
                "{format}, {length} bytes: {found:?}"
            );
        }
    }
}

#[test]
fn too_few_samples_and_lying_lengths_are_refused() {
    for length in [3_u64, 1 << 20, 1 << 27] {
        let error = read(&format!("r 1 500 {length}\nr.dat 16 1000"), &[1, 3]).unwrap_err();
        match error {
            WfdbError::TooFewSamples {
                found: 2, expected, ..
            } => assert_eq!(expected, length),
            error => panic!("{error}"),
        }
    }
    for length in [1_u64 << 29, u64::MAX] {
        let error = read(&format!("r 1 500 {length}\nr.dat 16 1000"), &[1, 3]).unwrap_err();
        assert!(matches!(error, WfdbError::TooLong { .. }), "{error}");
        // A signal without a file has nothing that could run out.
        let error = read(&format!("r 1 500 {length}\n~ 0 1000"), &[]).unwrap_err();
        assert!(matches!(error, WfdbError::TooLong { .. }), "{error}");
    }
    let error = read("r 1 500 2\nr.dat 16+9999999999 1000", &[1, 3]).unwrap_err();
    assert!(
        matches!(
            error,
            WfdbError::TooFewSamples {
                found: 0,
                expected: 2,
                ..
            }
        ),
        "{error}"
    );
    assert!(matches!(
        read("r 1 500\nr.dat 16", &[]),
        Err(WfdbError::NoSamples { .. })
    ));
    assert!(matches!(read("r 0 500 10", &[]), Ok(record) if record.signals.is_empty()));
}

#[test]
fn unknown_formats_are_refused() {
    for number in ["17", "99999999999", "164"] {
        let error = one_signal(&format!("r.dat {number} 1000")).unwrap_err();
        assert!(
            matches!(&error, WfdbError::Format { found, problem: FormatProblem::Unknown, .. } if found == number),
            "{error}"
        );
    }
}

#[test]
fn gains_that_give_no_millivolts_are_refused() {
    for line in ["r.dat 16 0/mV 16 0 1 4 0 I", "r.dat 16"] {
        let record = one_signal(line).unwrap();
        assert_eq!(record.signals[0].samples, [1, 3]);
        assert_eq!(record.signals[0].statistics(), None);
        assert!(matches!(
            record.to_recording(),
            Err(WfdbError::Uncalibrated { .. })
        ));
    }
    for gain in [
        "NaN",
        "inf",
        "-inf",
        "1e999",
        "abc",
        "200(",
        "200(x)",
        "200/",
        "(5)",
        "1e-300",
        "-1e-300/mV",
        "1e300",
        "9e-10",
        "1.1e12",
        "4.9e-324",
    ] {
        let error = one_signal(&format!("r.dat 16 {gain} 16 0 1 4 0 I")).unwrap_err();
        assert!(
            matches!(
                error,
                WfdbError::Field {
                    line: 2,
                    field: "gain",
                    ..
                }
            ),
            "{gain}: {error}"
        );
    }
}

#[test]
fn absurd_sampling_rates_are_refused() {
    for rate in ["0", "-500", "NaN", "inf", "1e12", "0.0001"] {
        let error = read(&format!("r 1 {rate} 2\nr.dat 16 1000"), &[1, 3]).unwrap_err();
        assert!(
            matches!(error, WfdbError::SamplingRate { .. }),
            "{rate}: {error}"
        );
    }
    assert!(matches!(
        read("r 1 fast 2\nr.dat 16 1000", &[1, 3]),
        Err(WfdbError::Field {
            field: "sampling frequency",
            ..
        })
    ));
    // A frame may hold several samples: the product counts.
    let record = read("r 1 90000 1\nr.dat 16x2 1000/mV", &[1, 3]).unwrap();
    assert!(matches!(
        record.to_recording(),
        Err(WfdbError::SamplingRate {
            found: 180_000.0,
            ..
        })
    ));
}

#[test]
fn malformed_headers_name_line_and_field() {
    for (text, line, field) in [
        ("r", 1, "number of signals"),
        ("r x", 1, "number of signals"),
        ("r -1", 1, "number of signals"),
        ("r/0 1", 1, "number of segments"),
        ("/2 1", 1, "record name"),
        ("r 1 500 many", 1, "number of samples"),
        ("r 1 500 1 25:00:00", 1, "base time"),
        ("r 1 500 1 10:00:00 1990", 1, "base date"),
        ("r 1\n\nr.dat", 3, "format"),
        ("r 1\nr.dat x16", 2, "format"),
        ("r 1\nr.dat 16x0", 2, "samples per frame"),
        ("r 1\nr.dat 16x99999999", 2, "samples per frame"),
        ("r 1\nr.dat 16:-1", 2, "skew"),
        ("r 1\nr.dat 16+", 2, "byte offset"),
        ("r 1\nr.dat 16 1 a", 2, "ADC resolution"),
        ("r 1\nr.dat 16 1 1 a", 2, "ADC zero"),
        ("r 1\nr.dat 16 1 1 1 9999999999", 2, "initial value"),
        ("r 1\nr.dat 16 1 1 1 1 a", 2, "checksum"),
        ("r 1\nr.dat 16 1 1 1 1 1 a", 2, "block size"),
        ("r/1 1\na", 2, "segment length"),
    ] {
        match Header::parse(text.as_bytes()).unwrap_err() {
            WfdbError::Field {
                line: at,
                field: found,
                ..
            } => {
                assert_eq!((at, found), (line, field), "{text}");
            }
            error => panic!("{text}: {error}"),
        }
    }
    assert!(matches!(
        Header::parse(b" \n# only\n"),
        Err(WfdbError::EmptyHeader)
    ));
    for (text, found, expected) in [
        ("r 2\nr.dat 16", 1, 2),
        ("r 999999999999\n", 0, 999_999_999_999),
        ("r 0\nr.dat 16", 1, 0),
    ] {
        match Header::parse(text.as_bytes()).unwrap_err() {
            WfdbError::LineCount {
                found: a,
                expected: b,
                ..
            } => assert_eq!((a, b), (found, expected)),
            error => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn numbers_too_large_are_told_the_largest() {
    const MANY: &str = "99999999999999999999";
    const U64: &str = "18446744073709551615";
    const U32: &str = "4294967295";
    let counts = if usize::BITS == 64 { U64 } else { U32 };
    for (text, largest) in [
        (format!("r {MANY}"), counts),
        (format!("r/{MANY} 1"), counts),
        (format!("r 1 500 {MANY}"), U64),
        (format!("r/1 1\na {MANY}"), U64),
        (format!("r 1\nr.dat 16:{MANY}"), U32),
        (format!("r 1\nr.dat 16+{MANY}"), U64),
        (format!("r 1\nr.dat 16 1 {MANY}"), U32),
        (format!("r 1\nr.dat 16 1 1 1 1 1 {MANY}"), U32),
    ] {
        let error = Header::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, WfdbError::Field { .. }), "{text}: {error}");
        let error = error.to_string();
        assert!(
            error.contains(MANY) && error.ends_with(&format!(" to {largest}")),
            "{error}"
        );
    }
}

#[test]
fn files_outside_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(folder.path().join("secret.dat"), int16(&[1, 3])).unwrap();
    let absolute = folder.path().join("secret.dat");
    for name in [
        "../secret.dat",
        "x/../../secret.dat",
        "..\\secret.dat",
        absolute.to_str().unwrap(),
        "C:secret.dat",
    ] {
        std::fs::write(inner.join("r.hea"), format!("r 1 500 2\n{name} 16 1000")).unwrap();
        let error = WfdbRecord::open(inner.join("r"), &ReadOptions::default()).unwrap_err();
        assert!(
            matches!(&error, WfdbError::OutsideFolder { file, .. } if file == name),
            "{error}"
        );
    }
}

#[test]
fn missing_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = WfdbRecord::open(folder.path().join("r.dat"), &ReadOptions::default()).unwrap_err();
    assert!(
        matches!(&error, WfdbError::File { path, .. } if path.ends_with("r.hea")),
        "{error}"
    );
    std::fs::write(folder.path().join("r.hea"), "r 1 500 2\nr.dat 16 1000").unwrap();
    let error = WfdbRecord::open(folder.path().join("r"), &ReadOptions::default()).unwrap_err();
    assert!(
        matches!(&error, WfdbError::MissingSignalFile { file, .. } if file == "r.dat"),
        "{error}"
    );
    std::fs::create_dir(folder.path().join("r.dat")).unwrap();
    let error = WfdbRecord::open(folder.path().join("r"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(&error, WfdbError::File { .. }), "{error}");
}

#[test]
fn signals_of_one_file_must_agree_about_it() {
    for (second, what) in [("r.dat 212", "format"), ("r.dat 16+8", "byte offset")] {
        let error = read(&format!("r 2 500 1\nr.dat 16+4\n{second}"), &[1, 3]).unwrap_err();
        assert!(
            matches!(error, WfdbError::FileDisagreement { what: found, .. } if found == what),
            "{error}"
        );
    }
}

#[test]
fn matlab_files_that_do_not_fit_are_refused() {
    let record = common::record(vec![
        signal("I", vec![1, 2, 3]),
        signal("II", vec![4, 5, 6]),
    ]);
    let options = WriteOptions {
        format: SignalFormat::Int16,
        container: Container::Mat,
    };
    let (header, bytes) = record.encode(&options).unwrap();
    let with = |text: String, bytes: &[u8]| {
        let files = files(&[("r.hea", text.as_bytes()), ("r.mat", bytes)]);
        WfdbRecord::read(&files, "r", &ReadOptions::default())
    };
    assert!(with(header.to_text(), &bytes).is_ok());
    let change = |at: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[at] = value;
        changed
    };
    for (bytes, field) in [
        (change(0, 10), "type"),
        (change(4, 3), "size"),
        (change(4, 1), "number of rows"),
        (change(11, 0xff), "size"),
        (change(12, 1), "imaginary part"),
        (change(16, 0), "length of the name"),
        (change(0, 50), "signal format"),
        (bytes[..bytes.len() - 1].to_vec(), "size"),
        (bytes[..7].to_vec(), "size"),
        // MATLAB's later format begins with text.
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64".to_vec(), "type"),
    ] {
        match with(header.to_text(), &bytes).unwrap_err() {
            WfdbError::Matlab { what, .. } => assert_eq!(what, field),
            error => panic!("{field}: {error}"),
        }
    }
    let error = with(header.to_text().replace("+24", "+20"), &bytes).unwrap_err();
    assert!(
        matches!(
            error,
            WfdbError::Matlab {
                what: "start of the data",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn few_many_and_unknown_leads_are_read_and_missing_ones_named() {
    let one = read("r 1 500 2\nr.dat 16 1000 16 0 1 4 0 Lead 7G", &[1, 3])
        .unwrap()
        .to_recording()
        .unwrap();
    assert_eq!(one.leads[0].lead, Lead::Other("Lead 7G".to_owned()));
    match one.standard_leads().unwrap_err() {
        RecordError::MissingLeads { missing, found, .. } => {
            assert_eq!(missing, "I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6");
            assert_eq!(found, "Lead 7G");
        }
        error => panic!("{error}"),
    }
    let mut signals = vec![
        signal("vx", vec![1]),
        signal("vy", vec![2]),
        signal("vz", vec![3]),
    ];
    signals.extend(
        Lead::STANDARD
            .iter()
            .rev()
            .map(|lead| signal(lead.name(), vec![4])),
    );
    let fifteen = common::record(signals).to_recording().unwrap();
    let standard = fifteen.standard_leads().unwrap();
    assert!(
        standard
            .iter()
            .map(|signal| &signal.lead)
            .eq(&Lead::STANDARD)
    );
}

#[test]
fn records_that_cannot_be_written_are_refused() {
    let options = WriteOptions {
        format: SignalFormat::Packed12,
        ..WriteOptions::default()
    };
    let fails = |record: WfdbRecord, options: &WriteOptions| record.encode(options).unwrap_err();
    for value in [2048, -2048] {
        let error = fails(common::record(vec![signal("I", vec![0, value])]), &options);
        assert!(
            matches!(
                error,
                WfdbError::ValueOutsideFormat {
                    sample: 1,
                    lowest: -2047,
                    highest: 2047,
                    ..
                }
            ),
            "{error}"
        );
    }
    for format in [
        SignalFormat::Null,
        SignalFormat::Difference8,
        SignalFormat::Flac16,
    ] {
        let options = WriteOptions { format, ..options };
        let error = fails(common::record(vec![signal("I", vec![0])]), &options);
        assert!(matches!(
            error,
            WfdbError::Format {
                problem: FormatProblem::NotWritten,
                ..
            }
        ));
    }
    let matlab = WriteOptions {
        container: Container::Mat,
        ..options
    };
    let error = fails(common::record(vec![signal("I", vec![0])]), &matlab);
    assert!(matches!(
        error,
        WfdbError::Format {
            problem: FormatProblem::NotInMatlab,
            ..
        }
    ));
    let mut record = common::record(vec![signal("I", vec![0])]);
    record.name = "../r".to_owned();
    assert!(matches!(
        fails(record, &options),
        WfdbError::CannotWrite { what: "name", .. }
    ));
    let record = common::record(vec![signal("I\nr 1", vec![0])]);
    assert!(matches!(
        fails(record, &options),
        WfdbError::CannotWrite {
            what: "description",
            ..
        }
    ));
    let record = common::record(vec![signal("I", vec![0, 1]), signal("II", vec![0])]);
    assert!(matches!(
        fails(record, &options),
        WfdbError::CannotWrite {
            what: "number of samples",
            ..
        }
    ));
    assert!(matches!(
        fails(common::record(vec![]), &options),
        WfdbError::NoSamples { .. }
    ));
}
