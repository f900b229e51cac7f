//! Records of random and damaged bytes: an error or a record, never a panic.

#![allow(clippy::unwrap_used)]

mod common;

use common::files;
use proptest::prelude::*;
use pulse_ecg::WfdbRecord;
use pulse_ecg::wfdb::{Header, MatHeader, ReadOptions, SignalFormat, Verification};

proptest! {
    #[test]
    fn any_bytes_are_a_header_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Header::parse(&bytes);
        let _ = MatHeader::parse(&bytes, "r.mat");
    }

    #[test]
    fn headers_of_plausible_pieces_never_panic(
        pieces in prop::collection::vec("[r/0-9x:+()~. #\n-]{1,12}", 0..40),
        data in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let text = pieces.concat();
        let files = files(&[("r.hea", text.as_bytes()), ("r.dat", &data), ("r", &data)]);
        let options = ReadOptions { max_samples: 1 << 16, verification: Verification::Report, ..ReadOptions::default() };
        let _ = WfdbRecord::read(&files, "r", &options);
    }

    #[test]
    fn damaged_records_never_panic(
        format in prop::sample::select(&SignalFormat::ALL[..]),
        each in 1_u32..4,
        length in 0_u64..40,
        offset in 0_u64..30,
        skew in 0_u32..50,
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let number = format.number();
        let text = format!("r 2 500 {length}\nr.dat {number}x{each}:{skew}+{offset} 100\nr.dat {number}x2 100");
        let files = files(&[("r.hea", text.as_bytes()), ("r.dat", &data)]);
        let options = ReadOptions { max_samples: 1 << 16, verification: Verification::Report, ..ReadOptions::default() };
        if let Ok(record) = WfdbRecord::read(&files, "r", &options) {
            for signal in &record.signals {
                prop_assert_eq!(signal.samples.len(), record.frames * signal.samples_per_frame as usize);
            }
            let _ = record.to_recording();
        }
    }

    #[test]
    fn damaged_flac_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let samples: Vec<i32> = (0..400).map(|i| i * 37 % 500).collect();
        let mut stream = std::io::Cursor::new(Vec::new());
        let mut writer = flac_codec::encode::FlacSampleWriter::new(
            &mut stream, flac_codec::encode::Options::default(), 96_000, 16_u32, 1, None,
        ).unwrap();
        writer.write(&samples).unwrap();
        writer.finalize().unwrap();
        let mut bytes = stream.into_inner();
        for (index, value) in changes {
            let length = bytes.len();
            bytes[index.index(length)] = value;
        }
        if cut.index(3) == 0 {
            let length = cut.index(bytes.len());
            bytes.truncate(length);
        }
        let files = files(&[("r.hea", b"r 1 500 400\nr.dat 516 1000"), ("r.dat", &bytes)]);
        let _ = WfdbRecord::read(&files, "r", &ReadOptions::default());
    }
}
