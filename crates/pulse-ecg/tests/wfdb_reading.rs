//! Headers and layouts that WFDB allows.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{files, int16, read, read_with};
use pulse_ecg::wfdb::{
    BaseDate, BaseTime, Discrepancy, GainRule, Header, MISSING_SAMPLE, ReadOptions, SignalFormat,
    Verification,
};
use pulse_ecg::{Lead, WfdbError, WfdbRecord};

#[test]
fn every_field_of_a_header_is_read() {
    let text = "#wfdb 10.7\r\nr 2 360/720.5(12) 650000 10:30:00.5 01/10/1990\r\n\
                r.dat 212x2:3+24 200.5(-1024)/uV 11 1024 995 -22131 0 MLII lead\r\n\
                r.dat 212 0 12 5\r\n# Age: 69\n#\n# Name: Somebody\n";
    let header = Header::parse(text.as_bytes()).unwrap();
    assert_eq!(header.record, "r");
    assert_eq!(header.sampling_rate_hz, 360.0);
    assert_eq!(
        (header.counter_rate_hz, header.base_counter),
        (Some(720.5), Some(12.0))
    );
    assert_eq!(header.samples, Some(650_000));
    assert_eq!(header.base_time, BaseTime::parse("10:30:00.5"));
    assert_eq!(header.base_date, BaseDate::parse("01/10/1990"));
    // The version line and the name are left out, the empty line stays.
    assert_eq!(header.comments, ["Age: 69", ""]);
    let [first, second] = header.signals.as_slice() else {
        panic!("two signals")
    };
    assert_eq!(first.format, SignalFormat::Packed12);
    assert_eq!(
        (first.samples_per_frame, first.skew, first.byte_offset),
        (2, 3, 24)
    );
    assert_eq!((first.gain, first.baseline), (Some(200.5), -1024));
    assert_eq!(
        (first.units.as_str(), first.description.as_str()),
        ("uV", "MLII lead")
    );
    assert_eq!((first.adc_resolution, first.adc_zero), (11, 1024));
    assert_eq!(
        (first.initial_value, first.checksum),
        (Some(995), Some(43_405))
    );
    // Gain 0 is none, the baseline is the ADC zero, the rest has defaults.
    assert_eq!(
        (second.gain, second.baseline, second.adc_zero),
        (None, 5, 5)
    );
    assert_eq!((second.initial_value, second.checksum), (None, None));
    assert_eq!(
        (second.units.as_str(), second.description.as_str()),
        ("mV", "record r, signal 1")
    );
}

#[test]
fn a_bare_header_has_the_documented_defaults() {
    let header = Header::parse(b"r 0").unwrap();
    assert_eq!((header.sampling_rate_hz, header.samples), (250.0, None));
    // Old headers are Latin-1.
    let header = Header::parse(b"r 0 500\n# \xdcbelkeit").unwrap();
    assert_eq!(header.comments, ["Übelkeit"]);
}

#[test]
fn a_record_of_several_files_and_offsets_is_read() {
    let header = "r 3 500 2\nr.dat 16 1000 16 0 1 4 0 I\nr.dat 16 1000 16 0 2 6 0 II\n\
                  r.xyz 16+3 1000 16 0 7 15 0 vx";
    let mut other = vec![9, 9, 9];
    other.extend(int16(&[7, 8]));
    let files = files(&[
        ("r.hea", header.as_bytes()),
        ("r.dat", &int16(&[1, 2, 3, 4])),
        ("r.xyz", &other),
    ]);
    let record = WfdbRecord::read(&files, "r", &ReadOptions::default()).unwrap();
    let samples: Vec<&[i32]> = record
        .signals
        .iter()
        .map(|s| s.samples.as_slice())
        .collect();
    assert_eq!(samples, [&[1, 3][..], &[2, 4], &[7, 8]]);
}

#[test]
fn the_lowest_code_is_a_missing_sample() {
    let record = read(
        "r 1 500 3\nr.dat 16 1000 16 0 5 -32762 0 I",
        &[5, i16::MIN, 1],
    )
    .unwrap();
    assert_eq!(record.signals[0].samples, [5, MISSING_SAMPLE, 1]);
    assert_eq!(
        (record.signals[0].digital_sum(), record.signals[0].missing()),
        (6, 1)
    );
    let recording = record.to_recording().unwrap();
    let millivolts = recording.lead(&Lead::I).unwrap();
    assert!(millivolts[1].is_nan());
    assert_eq!((millivolts[0], millivolts[2]), (0.005, 0.001));
}

#[test]
fn units_and_baselines_become_millivolts() {
    let header = "r 3 500 1\nr.dat 16 2(100)/uV 16 0 300 300 0 I\nr.dat 16 -1000/V 16 0 2 2 0 II\n\
                  r.dat 16 10/mmHg 16 0 1 1 0 ABP";
    let record = read(header, &[300, 2, 1]).unwrap();
    let recording = record.to_recording().unwrap();
    assert_eq!(recording.leads.len(), 2);
    assert_eq!(recording.leads[0].millivolts, [0.1]);
    assert_eq!(recording.leads[1].millivolts, [-2.0]);
    let others: Vec<&str> = record
        .other_signals()
        .map(|s| s.description.as_str())
        .collect();
    assert_eq!(others, ["ABP"]);
    assert_eq!(record.signals[2].statistics(), None);
}

#[test]
fn the_length_comes_from_the_file_where_the_header_gives_none() {
    let record = read("r 2 500\nr.dat 16\nr.dat 16", &[1, 2, 3, 4]).unwrap();
    assert_eq!(record.frames, 2);
    assert_eq!(record.signals[1].samples, [2, 4]);
}

#[test]
fn skewed_signals_are_moved_back() {
    let header = "r 2 500 3\nr.dat 16:1 1000 16 0 1 15 0 I\nr.dat 16 1000 16 0 10 60 0 II";
    // A frame behind the last completes the skewed signal.
    let record = read(header, &[1, 10, 7, 20, 7, 30, 4, 40]).unwrap();
    assert_eq!(record.signals[0].samples, [7, 7, 4]);
    assert_eq!(record.signals[1].samples, [10, 20, 30]);
    let record = read(header, &[1, 10, 7, 20, 7, 30]).unwrap();
    assert_eq!(record.signals[0].samples, [7, 7, MISSING_SAMPLE]);
}

#[test]
fn differences_are_summed_from_the_initial_value() {
    let header = "r 1 500 4\nr.dat 8 1000 8 0 100 399 0 I";
    let files = files(&[("r.hea", header.as_bytes()), ("r.dat", &[0, 5, 0xf6, 4])]);
    let record = WfdbRecord::read(&files, "r", &ReadOptions::default()).unwrap();
    assert_eq!(record.signals[0].samples, [100, 105, 95, 99]);
}

#[test]
fn frames_with_several_samples_give_one_rate() {
    let header = "r 2 250 4\nr.dat 16x2 1000/mV 16 0 1 36 0 I\nr.dat 16 1000/mV 16 0 500 2000 0 II";
    let samples = [1, 2, 500, 3, 4, 500, 5, 6, 500, 7, 8, 500];
    let record = read(header, &samples).unwrap();
    assert_eq!(record.signals[0].samples, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(record.signals[1].samples, [500; 4]);
    let recording = record.to_recording().unwrap();
    assert_eq!(recording.sampling_rate_hz, 500.0);
    assert_eq!(recording.leads[0].millivolts.len(), 8);
    assert_eq!(recording.leads[1].millivolts, [0.5; 8]);
}

#[test]
fn damage_is_reported_when_the_caller_reads_on() {
    let header = "r 1 500 2\nr.dat 16 0 16 0 1 4 0 I";
    let options = ReadOptions {
        verification: Verification::Report,
        gain_rule: GainRule::AssumeDefault,
        ..ReadOptions::default()
    };
    let record = read_with(header, &[2, 3], &options).unwrap();
    let whats: Vec<String> = record
        .discrepancies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(whats.len(), 3, "{whats:?}");
    assert!(matches!(
        record.discrepancies[0],
        Discrepancy::Value {
            what: "initial value",
            found: 2,
            expected: 1,
            ..
        }
    ));
    assert!(matches!(
        record.discrepancies[1],
        Discrepancy::Value {
            what: "checksum",
            found: 5,
            expected: 4,
            ..
        }
    ));
    assert!(matches!(
        record.discrepancies[2],
        Discrepancy::AssumedGain { .. }
    ));
    assert_eq!(
        record.to_recording().unwrap().leads[0].millivolts,
        [0.01, 0.015]
    );
}

#[test]
fn flac_files_are_read() {
    for (format, bits) in [(508_u32, 8_u32), (516, 16), (524, 24)] {
        let top = (1_i32 << (bits - 1)) - 1;
        let samples: Vec<i32> = (0..600).map(|i| (i * 7919) % top - i % 3).collect();
        let mut stream = std::io::Cursor::new(Vec::new());
        let options = flac_codec::encode::Options::default();
        let mut writer =
            flac_codec::encode::FlacSampleWriter::new(&mut stream, options, 96_000, bits, 2, None)
                .unwrap();
        writer.write(&samples).unwrap();
        writer.finalize().unwrap();
        let sum = |start: usize| samples.iter().skip(start).step_by(2).sum::<i32>() as i16;
        let header = format!(
            "r 2 500 300\nr.dat {format} 1000 16 0 {} {} 0 I\nr.dat {format} 1000 16 0 {} {} 0 II",
            samples[0],
            sum(0),
            samples[1],
            sum(1)
        );
        let files = files(&[("r.hea", header.as_bytes()), ("r.dat", stream.get_ref())]);
        let record = WfdbRecord::read(&files, "r", &ReadOptions::default()).unwrap();
        let expected: Vec<i32> = samples.iter().skip(1).step_by(2).copied().collect();
        assert_eq!(record.signals[1].samples, expected, "format {format}");
        // A cut stream is an error, not a panic or a short record.
        let cut = &stream.get_ref()[..stream.get_ref().len() / 2];
        let files = common::files(&[("r.hea", header.as_bytes()), ("r.dat", cut)]);
        let error = WfdbRecord::read(&files, "r", &ReadOptions::default()).unwrap_err();
        assert!(
            matches!(
                error,
                WfdbError::Flac { .. } | WfdbError::TooFewSamples { .. }
            ),
            "{error}"
        );
    }
}
