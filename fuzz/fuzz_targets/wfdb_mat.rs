//! Any bytes as the signal file of a record, `.mat` and every other format: an error, never a panic.
//! `cargo +nightly fuzz run wfdb_mat`

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use pulse_ecg::WfdbRecord;
use pulse_ecg::wfdb::{MatHeader, ReadOptions, SignalFormat, Verification};

fuzz_target!(|bytes: &[u8]| {
    let _ = MatHeader::parse(bytes, "r.mat");
    let options = ReadOptions {
        verification: Verification::Report,
        max_samples: 1 << 16,
        ..ReadOptions::default()
    };
    let mut layouts: Vec<String> = SignalFormat::ALL
        .iter()
        .map(|format| format!("r.dat {} 1000", format.number()))
        .collect();
    layouts.extend(["16", "32", "80"].map(|number| format!("r.mat {number}x1+24 1000")));
    for line in layouts {
        // Two signals, so that frames are taken apart, and no length, so that the bytes give it.
        let header = format!("r 2 500\n{line} 16 0 0 0 0 I\n{line} 16 0 0 0 0 II\n");
        let files = BTreeMap::from([
            ("r.hea".to_owned(), header.into_bytes()),
            ("r.dat".to_owned(), bytes.to_vec()),
            ("r.mat".to_owned(), bytes.to_vec()),
        ]);
        let _ = WfdbRecord::read(&files, "r", &options);
    }
});
