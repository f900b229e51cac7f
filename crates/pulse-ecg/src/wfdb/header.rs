//! A header file: the record line, then signal or segment lines, then comments.

use super::clock::{BaseDate, BaseTime};
use super::error::WfdbError;
use super::patient::is_name_line;
use super::signal_line::SignalLine;
use crate::recording::SAMPLING_RATES_HZ;

/// One segment of a multi-segment record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentLine {
    /// Name of the segment's record; `~` for a gap.
    pub name: String,
    /// Length in frames. 0 for the layout segment of a variable-layout record.
    pub samples: u64,
}

impl SegmentLine {
    /// Whether it stands for missing samples.
    pub fn is_gap(&self) -> bool {
        self.name == "~"
    }
}

/// A parsed header. See header(5).
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Name of the record.
    pub record: String,
    /// Number of signals.
    pub signal_count: usize,
    /// Frames per second. 250 where the header gives none, as in header(5).
    pub sampling_rate_hz: f64,
    /// Ticks per second of the counter; the sampling rate where the header gives none.
    pub counter_rate_hz: Option<f64>,
    /// Counter at frame 0.
    pub base_counter: Option<f64>,
    /// Frames; none where the header gives none or 0: then the files tell.
    pub samples: Option<u64>,
    /// Time of day of frame 0.
    pub base_time: Option<BaseTime>,
    /// Date of frame 0.
    pub base_date: Option<BaseDate>,
    /// The signals. Empty in the header of a multi-segment record.
    pub signals: Vec<SignalLine>,
    /// The segments. Empty in the header of an ordinary record.
    pub segments: Vec<SegmentLine>,
    /// Comment lines without the leading mark, in order. Lines that give a patient's name are left out.
    pub comments: Vec<String>,
}

/// Rate of a header that gives none (header(5)).
const DEFAULT_RATE_HZ: f64 = 250.0;

/// What belongs where samples are counted.
const WHOLE_U64: &str = "a whole number from 0 to 18446744073709551615";
/// What belongs where signals are counted.
const WHOLE_USIZE: &str = if usize::BITS == 64 {
    WHOLE_U64
} else {
    "a whole number from 0 to 4294967295"
};
/// What belongs where segments are counted.
const WHOLE_ABOVE_0: &str = if usize::BITS == 64 {
    "a whole number from 1 to 18446744073709551615"
} else {
    "a whole number from 1 to 4294967295"
};

impl Header {
    /// Reads a header.
    ///
    /// Bytes that are not UTF-8 are taken as Latin-1, which old headers use.
    ///
    /// # Errors
    /// A field that cannot be read, an unknown format, an absurd rate, or fewer or more lines than the
    /// record line states.
    pub fn parse(bytes: &[u8]) -> Result<Self, WfdbError> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        };
        let mut comments = Vec::new();
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            match line.strip_prefix('#') {
                Some(comment) => {
                    let comment = comment.trim_matches([' ', '\t', '#']);
                    if !comment.starts_with("wfdb ") && !is_name_line(comment) {
                        comments.push(comment.to_owned());
                    }
                }
                None if line.is_empty() => {}
                None => lines.push((index + 1, line)),
            }
        }
        let Some(((number, record_line), rest)) = lines.split_first() else {
            return Err(WfdbError::EmptyHeader);
        };
        let (mut header, segment_count) = Self::record_line(record_line, *number)?;
        header.comments = comments;
        let (what, expected) = match segment_count {
            Some(count) => ("segment", count),
            None => ("signal", header.signal_count),
        };
        if rest.len() != expected {
            let record = header.record;
            return Err(WfdbError::LineCount {
                record,
                what,
                found: rest.len(),
                expected,
            });
        }
        for (index, (number, line)) in rest.iter().enumerate() {
            if segment_count.is_some() {
                header.segments.push(segment_line(line, *number)?);
            } else {
                let signal = SignalLine::parse(line, *number, &header.record, index)?;
                header.signals.push(signal);
            }
        }
        Ok(header)
    }

    /// The record line, and the number of segments if it states one.
    fn record_line(text: &str, line: usize) -> Result<(Self, Option<usize>), WfdbError> {
        let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty());
        let wrong = |field, found: &str, expected| WfdbError::Field {
            line,
            field,
            found: found.to_owned(),
            expected,
        };
        let name = fields.next().unwrap_or_default();
        let (record, segments) = match name.split_once('/') {
            None => (name, None),
            Some((record, count)) => {
                let count = count
                    .parse()
                    .ok()
                    .filter(|count| *count > 0)
                    .ok_or_else(|| wrong("number of segments", count, WHOLE_ABOVE_0))?;
                (record, Some(count))
            }
        };
        if record.is_empty() {
            return Err(wrong(
                "record name",
                name,
                "letters, digits and underscores",
            ));
        }
        let count = fields.next().unwrap_or_default();
        let signal_count = count
            .parse()
            .map_err(|_| wrong("number of signals", count, WHOLE_USIZE))?;
        let mut header = Self {
            record: record.to_owned(),
            signal_count,
            sampling_rate_hz: DEFAULT_RATE_HZ,
            counter_rate_hz: None,
            base_counter: None,
            samples: None,
            base_time: None,
            base_date: None,
            signals: Vec::new(),
            segments: Vec::new(),
            comments: Vec::new(),
        };
        if let Some(field) = fields.next() {
            header
                .rates(field)
                .map_err(|expected| wrong("sampling frequency", field, expected))?;
        }
        let (lowest, highest) = (*SAMPLING_RATES_HZ.start(), *SAMPLING_RATES_HZ.end());
        let found = header.sampling_rate_hz;
        if !SAMPLING_RATES_HZ.contains(&found) {
            let record = header.record;
            return Err(WfdbError::SamplingRate {
                record,
                found,
                lowest,
                highest,
            });
        }
        if let Some(field) = fields.next() {
            let samples: u64 = field
                .parse()
                .map_err(|_| wrong("number of samples", field, WHOLE_U64))?;
            header.samples = (samples > 0).then_some(samples);
        }
        if let Some(field) = fields.next() {
            let time = BaseTime::parse(field);
            header.base_time = Some(time.ok_or_else(|| wrong("base time", field, "HH:MM:SS"))?);
        }
        if let Some(field) = fields.next() {
            let date = BaseDate::parse(field);
            header.base_date = Some(date.ok_or_else(|| wrong("base date", field, "DD/MM/YYYY"))?);
        }
        Ok((header, segments))
    }

    /// `RATE[/COUNTER[(BASE)]]`; in the error, what was expected.
    fn rates(&mut self, field: &str) -> Result<(), &'static str> {
        const EXPECTED: &str = "RATE, RATE/COUNTER or RATE/COUNTER(BASE) in Hz";
        let number = |text: &str| text.parse::<f64>().map_err(|_| EXPECTED);
        let (rate, counter) = field
            .split_once('/')
            .map_or((field, None), |(a, b)| (a, Some(b)));
        self.sampling_rate_hz = number(rate)?;
        if let Some(counter) = counter {
            let (rate, base) = counter
                .split_once('(')
                .map_or((counter, None), |(a, b)| (a, Some(b)));
            let rate = number(rate)?;
            self.counter_rate_hz = (rate > 0.0 && rate.is_finite()).then_some(rate);
            if let Some(base) = base {
                let base = number(base.strip_suffix(')').ok_or(EXPECTED)?)?;
                self.base_counter = base.is_finite().then_some(base);
            }
        }
        Ok(())
    }

    /// The header as text with line feeds, ready to be written.
    ///
    /// [`Header::parse`] of it gives the same header, where initial values and checksums are stated.
    pub fn to_text(&self) -> String {
        let mut text = self.record.clone();
        if !self.segments.is_empty() {
            text += &format!("/{}", self.segments.len());
        }
        text += &format!(" {} {}", self.signal_count, self.sampling_rate_hz);
        if let Some(counter) = self.counter_rate_hz {
            text += &format!("/{counter}");
            if let Some(base) = self.base_counter {
                text += &format!("({base})");
            }
        }
        text += &format!(" {}", self.samples.unwrap_or(0));
        // Fields are told apart by their place: a date needs a time before it.
        if self.base_time.is_some() || self.base_date.is_some() {
            text += &format!(" {}", self.base_time.unwrap_or_default());
        }
        if let Some(date) = self.base_date {
            text += &format!(" {date}");
        }
        text.push('\n');
        for signal in &self.signals {
            text += &signal.to_line();
            text.push('\n');
        }
        for segment in &self.segments {
            text += &format!("{} {}\n", segment.name, segment.samples);
        }
        for comment in &self.comments {
            text += format!("# {comment}").trim_end();
            text.push('\n');
        }
        text
    }
}

fn segment_line(text: &str, line: usize) -> Result<SegmentLine, WfdbError> {
    let mut fields = text.split_whitespace();
    let name = fields.next().unwrap_or_default().to_owned();
    let count = fields.next().unwrap_or_default();
    let samples = count.parse().map_err(|_| WfdbError::Field {
        line,
        field: "segment length",
        found: count.to_owned(),
        expected: WHOLE_U64,
    })?;
    Ok(SegmentLine { name, samples })
}
