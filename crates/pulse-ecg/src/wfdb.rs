//! Records in the WFDB format of PhysioNet: a text header and signal files beside it.
//!
//! [`WfdbRecord`] keeps the digital values of the files; a [`Recording`](crate::Recording) in
//! millivolts comes from it by [`WfdbRecord::to_recording`]. A header is the word of a stranger: no
//! length in it is believed before the bytes are there, no file name in it leaves the record's folder,
//! and checksums and initial values are compared unless the caller asks to read on.
//!
//! Sources: header(5) and signal(5) of the WFDB Applications Guide (G. B. Moody), and the MATLAB level 4
//! MAT-file layout for `.mat` files. Formats, rules and limits are listed in `docs/records.md`.

mod assemble;
mod clock;
mod decode;
mod encode;
mod error;
mod files;
mod flac;
mod format;
mod header;
mod matlab;
mod options;
mod patient;
mod read;
mod record;
mod samples;
mod signal_line;
mod statistics;
mod stored;
mod units;
mod write;

pub use clock::{BaseDate, BaseTime};
pub use error::{FormatProblem, WfdbError};
pub use files::{RecordFiles, RecordFolder};
pub use format::SignalFormat;
pub use header::{Header, SegmentLine};
pub use matlab::MatHeader;
pub use options::{Discrepancy, GainRule, ReadOptions, Verification};
pub use record::{MISSING_SAMPLE, WfdbRecord, WfdbSignal};
pub use signal_line::SignalLine;
pub use statistics::SignalStatistics;
pub use units::VoltageUnit;
pub use write::{Container, WriteOptions};
