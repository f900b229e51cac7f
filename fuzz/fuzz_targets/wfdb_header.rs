//! Any bytes as a record's header, with a few bytes of signal: an error, never a panic.
//! `cargo +nightly fuzz run wfdb_header`

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use pulse_ecg::WfdbRecord;
use pulse_ecg::wfdb::{Header, ReadOptions, Verification};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = Header::parse(bytes) {
        // What is written of a header is a header.
        assert!(Header::parse(header.to_text().as_bytes()).is_ok());
    }
    let files = BTreeMap::from([
        ("r.hea".to_owned(), bytes.to_vec()),
        ("r.dat".to_owned(), (0..=255).collect()),
    ]);
    let options = ReadOptions {
        verification: Verification::Report,
        max_samples: 1 << 16,
        ..ReadOptions::default()
    };
    if let Ok(record) = WfdbRecord::read(&files, "r", &options) {
        let _ = record.to_recording();
    }
});
