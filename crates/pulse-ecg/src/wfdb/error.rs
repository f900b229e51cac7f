//! What can be wrong with a WFDB record.

use std::path::PathBuf;

use crate::number::Short;

/// Why a record could not be read or written. Each message says what was found, what was expected and
/// what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WfdbError {
    /// A file could not be opened, read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The header names a signal file that is not there.
    #[error(
        "signal file {file} of record {record} is missing in {folder}; put it beside the header, or \
         fetch the record again"
    )]
    MissingSignalFile {
        /// Record that names the file.
        record: String,
        /// File as the header spells it.
        file: String,
        /// Where it was looked for.
        folder: String,
    },
    /// A file name in a header leads out of the record's folder.
    #[error(
        "the header of {record} names the file {file:?}, which is outside its own folder; expected a \
         plain relative name such as {record}.dat"
    )]
    OutsideFolder {
        /// Record whose header names it.
        record: String,
        /// The name.
        file: String,
    },
    /// A header or signal file is larger than this reader takes.
    #[error("{file} has {found} bytes, at most {limit} are read; split the record")]
    FileTooLarge {
        /// The file.
        file: String,
        /// Its size.
        found: u64,
        /// The largest size taken.
        limit: u64,
    },
    /// A header holds no record line.
    #[error("the header is empty; expected a record line such as `100 2 360 650000`")]
    EmptyHeader,
    /// A field of a header is not what its place asks for.
    #[error("header line {line}: found {found:?} as {field}, expected {expected}")]
    Field {
        /// Line of the file, from 1.
        line: usize,
        /// Name of the field as in header(5).
        field: &'static str,
        /// What is written there.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The number of signal or segment lines is not the stated one.
    #[error("the record line of {record} states {expected} {what} lines, the header has {found}")]
    LineCount {
        /// Name of the record.
        record: String,
        /// `signal` or `segment`.
        what: &'static str,
        /// Lines that are there.
        found: usize,
        /// Lines that are stated.
        expected: usize,
    },
    /// The sampling rate is not one that an ECG can have.
    #[error(
        "{record} states {} Hz, expected a sampling rate from {lowest} to {highest} Hz",
        Short(*.found)
    )]
    SamplingRate {
        /// Name of the record.
        record: String,
        /// Stated rate in Hz.
        found: f64,
        /// Lowest accepted.
        lowest: f64,
        /// Highest accepted.
        highest: f64,
    },
    /// A signal format that WFDB does not have, or that this crate cannot read or write.
    #[error("{context}: signal format {found}: {problem}")]
    Format {
        /// Where: a header line or an operation.
        context: String,
        /// The format's number.
        found: String,
        /// What is wrong with it.
        problem: FormatProblem,
    },
    /// A signal file ends before the header's last sample.
    #[error(
        "{file} holds {found} frames of {record}, the header states {expected}; the file is cut off or \
         the header is of another record"
    )]
    TooFewSamples {
        /// Name of the record.
        record: String,
        /// The signal file.
        file: String,
        /// Whole frames in the file.
        found: u64,
        /// Frames that the header states.
        expected: u64,
    },
    /// A signal file ends within a frame.
    #[error(
        "{file} of {record} holds {found} bytes of samples, expected {expected} for {frames} whole frames; it was cut off \
         or is of another format (reading the whole frames is possible with Verification::Report)"
    )]
    PartialFrame {
        /// Name of the record.
        record: String,
        /// The signal file.
        file: String,
        /// Bytes behind the stated byte offset.
        found: u64,
        /// Bytes of the frames that are whole.
        expected: u64,
        /// Frames that are whole.
        frames: u64,
    },
    /// Nothing tells how long the record is, or it is empty.
    #[error("{record} has no samples; expected at least one sample a signal")]
    NoSamples {
        /// Name of the record.
        record: String,
    },
    /// The record is longer than the caller's limit.
    #[error(
        "{record} states {found} samples over all signals, at most {limit} are read; raise \
         ReadOptions::max_samples if the record is really that long"
    )]
    TooLong {
        /// Name of the record.
        record: String,
        /// Stated samples of all signals together.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The samples do not add up to the header's checksum, or do not start with its initial value.
    #[error(
        "signal {signal} of {record}: {what} is {found}, the header states {expected}; the signal \
         file is damaged or of another record (reading on is possible with Verification::Report)"
    )]
    Damaged {
        /// Name of the record.
        record: String,
        /// Description of the signal.
        signal: String,
        /// `checksum` or `initial value`.
        what: &'static str,
        /// What the file has.
        found: i64,
        /// What the header states.
        expected: i64,
    },
    /// Signals that share a file disagree about it.
    #[error(
        "{record}: the signals of {file} state different {what} ({first} and {second}); all signals of \
         one file share it"
    )]
    FileDisagreement {
        /// Name of the record.
        record: String,
        /// The shared file.
        file: String,
        /// `format`, `byte offset` or `samples per frame`.
        what: &'static str,
        /// One value.
        first: String,
        /// Another.
        second: String,
    },
    /// A `.mat` file is not a MATLAB level 4 matrix that fits the header.
    #[error("{file}: {what} is {found}, expected {expected}")]
    Matlab {
        /// The file.
        file: String,
        /// Field of the MAT-file's header.
        what: &'static str,
        /// What is there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// A FLAC stream is damaged or does not fit the header.
    #[error("{file}: FLAC {what} is {found}, expected {expected}")]
    Flac {
        /// The file.
        file: String,
        /// Which property.
        what: &'static str,
        /// What is there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// A segment does not fit its record.
    #[error("segment {segment} of {record}: {what} is {found}, expected {expected}")]
    Segment {
        /// Name of the record.
        record: String,
        /// Name of the segment.
        segment: String,
        /// Which property.
        what: &'static str,
        /// What the segment has.
        found: String,
        /// What the record asks for.
        expected: String,
    },
    /// A signal states no gain, so that its millivolts are unknown.
    #[error(
        "signal {signal} of {record} states a gain of 0 or none: it is uncalibrated. WFDB programs \
         assume 200 units per millivolt; ask for that with GainRule::AssumeDefault"
    )]
    Uncalibrated {
        /// Name of the record.
        record: String,
        /// Description of the signal.
        signal: String,
    },
    /// No signal of the record is a voltage.
    #[error("{record} has no signal in V, mV, uV or nV; found {found}")]
    NoVoltage {
        /// Name of the record.
        record: String,
        /// Signals and units that are there.
        found: String,
    },
    /// A value does not fit the format it is to be written in.
    #[error(
        "sample {sample} of signal {signal} is {value}; format {format} holds {lowest} to {highest} \
         (its lowest code means missing); choose a wider format or a lower gain"
    )]
    ValueOutsideFormat {
        /// Description of the signal.
        signal: String,
        /// Index of the sample.
        sample: usize,
        /// The value.
        value: i64,
        /// The format's number.
        format: u16,
        /// Lowest value of the format.
        lowest: i64,
        /// Highest value of the format.
        highest: i64,
    },
    /// A record cannot be written as asked.
    #[error("cannot write record {record}: {what} is {found:?}, expected {expected}")]
    CannotWrite {
        /// Name of the record.
        record: String,
        /// Which property.
        what: &'static str,
        /// What was asked for.
        found: String,
        /// What can be written.
        expected: &'static str,
    },
}

/// What is wrong with a signal format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatProblem {
    /// No such format in signal(5).
    #[error(
        "WFDB has no such format; expected 0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516 or 524"
    )]
    Unknown,
    /// It can be read but not written here.
    #[error("it is read, not written; write 16, 24, 32, 61, 80, 160, 212, 310 or 311")]
    NotWritten,
    /// MATLAB level 4 files have no such number type.
    #[error("a .mat file holds 16, 32 or 80")]
    NotInMatlab,
}
