//! Records of several segments.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{files, int16};
use pulse_ecg::wfdb::{MISSING_SAMPLE, ReadOptions};
use pulse_ecg::{WfdbError, WfdbRecord};

const A: &str = "a 2 500 2\na.dat 16 1000 16 0 1 4 0 I\na.dat 16 1000 16 0 2 6 0 II";
const B: &str = "b 1 500 2\nb.dat 16 500(10) 16 0 20 50 0 II";

fn read(header: &str, layout: &str) -> Result<WfdbRecord, WfdbError> {
    let files = files(&[
        ("r.hea", header.as_bytes()),
        ("layout.hea", layout.as_bytes()),
        ("a.hea", A.as_bytes()),
        ("a.dat", &int16(&[1, 2, 3, 4])),
        ("b.hea", B.as_bytes()),
        ("b.dat", &int16(&[20, 30])),
    ]);
    WfdbRecord::read(&files, "r", &ReadOptions::default())
}

const LAYOUT: &str = "layout 2 500 0\n~ 0 1000 16 0 0 0 0 I\n~ 0 1000 16 0 0 0 0 II";

#[test]
fn fixed_layout_joins_segments_and_gaps() {
    let record = read("r/3 2 500 6\na 2\n~ 2\na 2\n# Age: 50", "").unwrap();
    let gap = MISSING_SAMPLE;
    assert_eq!(record.frames, 6);
    assert_eq!(record.signals[0].samples, [1, 3, gap, gap, 1, 3]);
    assert_eq!(record.signals[1].samples, [2, 4, gap, gap, 2, 4]);
    assert_eq!(record.patient().age_years, Some(50));
}

#[test]
fn variable_layout_finds_signals_by_description_and_rescales() {
    let record = read("r/4 2 500 5\nlayout 0\na 2\n~ 1\nb 2", LAYOUT).unwrap();
    let gap = MISSING_SAMPLE;
    assert_eq!(record.signals[0].samples, [1, 3, gap, gap, gap]);
    // (20 - 10) / 500 mV are 20 units of the layout's gain.
    assert_eq!(record.signals[1].samples, [2, 4, gap, 20, 40]);
}

#[test]
fn segments_that_do_not_fit_are_refused() {
    for (header, layout, what) in [
        ("r/2 2 500 9\na 2\na 2", "", "total length"),
        ("r/2 2 500\na 2\na 3", "", "length in frames"),
        ("r/2 2 500\na 2\nb 2", "", "number of signals"),
        ("r/1 3 500\na 2", "", "number of signals"),
        ("r/1 2 250\na 2", "", "sampling rate in Hz"),
        ("r/1 2 500\nr 2", "", "number of segments"),
        (
            "r/2 1 500\nlayout 0\na 2",
            "layout 1 500\n~ 0 1000 16 0 0 0 0 V1",
            "signal",
        ),
        (
            "r/2 1 500\nlayout 0\nb 2",
            "layout 1 500\n~ 0 1000/uV 16 0 0 0 0 II",
            "unit",
        ),
    ] {
        match read(header, layout).unwrap_err() {
            WfdbError::Segment { what: found, .. } => assert_eq!(found, what, "{header}"),
            error => panic!("{header}: {error}"),
        }
    }
    assert!(matches!(
        read("r/1 2 500\n~ 5", ""),
        Err(WfdbError::NoSamples { .. })
    ));
    assert!(matches!(
        read("r/1 2 500\nc 5", ""),
        Err(WfdbError::File { .. } | WfdbError::MissingSignalFile { .. })
    ));
    assert!(matches!(
        read("r/1 2 500\n../a 5", ""),
        Err(WfdbError::OutsideFolder { .. })
    ));
}

#[test]
fn gaps_that_lie_about_their_length_allocate_nothing() {
    let huge = format!("r/2 2 500\na 2\n~ {}", u64::MAX / 2);
    assert!(matches!(read(&huge, ""), Err(WfdbError::TooLong { .. })));
    let beyond = format!("r/2 2 500\na {m}\n~ {m}", m = u64::MAX);
    assert!(matches!(
        read(&beyond, ""),
        Err(WfdbError::Segment {
            what: "total length",
            ..
        })
    ));
}
