//! One signal specification line of a header.

use super::error::{FormatProblem, WfdbError};
use super::format::SignalFormat;

/// What a header says about one signal. Field by field as in header(5).
#[derive(Debug, Clone, PartialEq)]
pub struct SignalLine {
    /// Signal file, relative to the header. `~` where there is none.
    pub file: String,
    /// Format of the file.
    pub format: SignalFormat,
    /// Samples of this signal in each frame.
    pub samples_per_frame: u32,
    /// Frames of this signal that lie before frame 0.
    pub skew: u32,
    /// Bytes before the first sample of the file.
    pub byte_offset: u64,
    /// Digital units per physical unit; none where the header says 0 or nothing (uncalibrated).
    pub gain: Option<f64>,
    /// Digital value of 0 physical units. The ADC zero where the header gives none.
    pub baseline: i32,
    /// Physical unit; `mV` where the header gives none.
    pub units: String,
    /// Resolution of the converter in bits; 0 where unknown.
    pub adc_resolution: u32,
    /// Digital value in the middle of the converter's range.
    pub adc_zero: i32,
    /// First sample, if stated.
    pub initial_value: Option<i32>,
    /// Sum of all samples modulo 65536, if stated.
    pub checksum: Option<u16>,
    /// Block size of special files; 0 for ordinary ones.
    pub block_size: u32,
    /// What the signal is: the lead's name. `record NAME, signal N` where the header gives none.
    pub description: String,
}

impl SignalLine {
    /// Reads a line; `number` counts lines from 1 and `index` signals from 0.
    pub(super) fn parse(
        line: &str,
        number: usize,
        record: &str,
        index: usize,
    ) -> Result<Self, WfdbError> {
        let mut rest = line;
        let mut next = || {
            rest = rest.trim_start_matches([' ', '\t']);
            let end = rest.find([' ', '\t']).unwrap_or(rest.len());
            let (field, tail) = rest.split_at(end);
            rest = tail;
            (!field.is_empty()).then_some(field)
        };
        let wrong = |field: &'static str, found: &str, expected: &'static str| WfdbError::Field {
            line: number,
            field,
            found: found.to_owned(),
            expected,
        };
        let file = next().unwrap_or_default().to_owned();
        let format_field =
            next().ok_or_else(|| wrong("format", "", "a signal format such as 16 or 212"))?;
        let layout = Layout::parse(format_field, number)?;
        let mut signal = Self {
            file,
            format: layout.format,
            samples_per_frame: layout.samples_per_frame,
            skew: layout.skew,
            byte_offset: layout.byte_offset,
            gain: None,
            baseline: 0,
            units: "mV".to_owned(),
            adc_resolution: 0,
            adc_zero: 0,
            initial_value: None,
            checksum: None,
            block_size: 0,
            description: format!("record {record}, signal {index}"),
        };
        let mut baseline = None;
        if let Some(field) = next() {
            let gain = Gain::parse(field).ok_or_else(|| wrong("gain", field, GAIN_EXPECTED))?;
            if gain.value != 0.0 {
                if !is_plausible_gain(gain.value) {
                    return Err(wrong("gain", field, GAIN_EXPECTED));
                }
                signal.gain = Some(gain.value);
            }
            baseline = gain.baseline;
            if let Some(units) = gain.units {
                signal.units = units;
            }
        }
        if let Some(field) = next() {
            signal.adc_resolution = field.parse().map_err(|_| {
                wrong(
                    "ADC resolution",
                    field,
                    "a number of bits from 0 to 4294967295",
                )
            })?;
        }
        if let Some(field) = next() {
            signal.adc_zero = field
                .parse()
                .map_err(|_| wrong("ADC zero", field, "a 32-bit integer"))?;
        }
        signal.baseline = baseline.unwrap_or(signal.adc_zero);
        if let Some(field) = next() {
            let value = field
                .parse()
                .map_err(|_| wrong("initial value", field, "a 32-bit integer"))?;
            signal.initial_value = Some(value);
        }
        if let Some(field) = next() {
            // Written as a signed or as an unsigned 16-bit number, both occur.
            let value: i64 = field
                .parse()
                .map_err(|_| wrong("checksum", field, "a 64-bit integer"))?;
            signal.checksum = Some(value.rem_euclid(1 << 16) as u16);
        }
        if let Some(field) = next() {
            signal.block_size = field.parse().map_err(|_| {
                wrong(
                    "block size",
                    field,
                    "a number of bytes from 0 to 4294967295",
                )
            })?;
        }
        let description = rest.trim();
        if !description.is_empty() {
            signal.description = description.to_owned();
        }
        Ok(signal)
    }

    /// The line as it is written.
    pub(super) fn to_line(&self) -> String {
        let mut line = format!("{} {}", self.file, self.format.number());
        if self.samples_per_frame != 1 {
            line += &format!("x{}", self.samples_per_frame);
        }
        if self.skew != 0 {
            line += &format!(":{}", self.skew);
        }
        if self.byte_offset != 0 {
            // The form of PhysioNet's own `.mat` headers, which some readers take literally.
            if self.samples_per_frame == 1 && self.skew == 0 {
                line += "x1";
            }
            line += &format!("+{}", self.byte_offset);
        }
        line += &format!(
            " {}({})/{} {} {} {} {} {} {}",
            self.gain.unwrap_or(0.0),
            self.baseline,
            self.units,
            self.adc_resolution,
            self.adc_zero,
            self.initial_value.unwrap_or(self.adc_zero),
            // Signed, as WFDB programs write it.
            self.checksum.unwrap_or(0) as i16,
            self.block_size,
            self.description
        );
        line
    }
}

/// The format field: `16`, `212x4`, `16:3`, `16x1+24`.
struct Layout {
    format: SignalFormat,
    samples_per_frame: u32,
    skew: u32,
    byte_offset: u64,
}

impl Layout {
    fn parse(field: &str, line: usize) -> Result<Self, WfdbError> {
        let wrong = |name: &'static str, found: &str, expected: &'static str| WfdbError::Field {
            line,
            field: name,
            found: found.to_owned(),
            expected,
        };
        let end = field
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(field.len());
        let (number, mut rest) = field.split_at(end);
        if number.is_empty() {
            return Err(wrong("format", field, "a signal format such as 16 or 212"));
        }
        let format = number
            .parse()
            .ok()
            .and_then(SignalFormat::from_number)
            .ok_or_else(|| WfdbError::Format {
                context: format!("header line {line}"),
                found: number.to_owned(),
                problem: FormatProblem::Unknown,
            })?;
        let mut layout = Self {
            format,
            samples_per_frame: 1,
            skew: 0,
            byte_offset: 0,
        };
        while let Some(mark) = rest.chars().next() {
            let tail = &rest[mark.len_utf8()..];
            let end = tail
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(tail.len());
            let (value, after) = tail.split_at(end);
            match mark {
                'x' => {
                    layout.samples_per_frame = value
                        .parse()
                        .ok()
                        .filter(|count| (1..=MOST_SAMPLES_PER_FRAME).contains(count))
                        .ok_or_else(|| wrong("samples per frame", value, "1 to 65536"))?;
                }
                ':' => {
                    layout.skew = value.parse().map_err(|_| {
                        wrong("skew", value, "a number of samples from 0 to 4294967295")
                    })?;
                }
                '+' => {
                    layout.byte_offset = value.parse().map_err(|_| {
                        wrong(
                            "byte offset",
                            value,
                            "a number of bytes from 0 to 18446744073709551615",
                        )
                    })?;
                }
                _ => return Err(wrong("format", field, "NUMBER[xSAMPLES][:SKEW][+OFFSET]")),
            }
            rest = after;
        }
        Ok(layout)
    }
}

/// Above this, a frame is a whole record.
const MOST_SAMPLES_PER_FRAME: u32 = 1 << 16;

/// Sizes of gains that are believed. A converter of 24 bits with steps of a nanovolt has 1e9 units a volt, one
/// that counts millivolts 1e-6 units a nanovolt; a thousand times more is left on either side. Outside, a
/// sample of a few thousand would be no voltage that a body has.
const GAINS: std::ops::RangeInclusive<f64> = 1e-9..=1e12;

pub(super) const GAIN_EXPECTED: &str = "0 (uncalibrated) or a number whose size is 1e-9 to 1e12 units \
     per physical unit, then (baseline) and /units";

/// Whether a gain other than 0 can be one; a negative one is an inverted signal.
pub(super) fn is_plausible_gain(gain: f64) -> bool {
    GAINS.contains(&gain.abs())
}

/// The gain field: `200`, `1000.0(0)/mV`.
struct Gain {
    value: f64,
    baseline: Option<i32>,
    units: Option<String>,
}

impl Gain {
    fn parse(field: &str) -> Option<Self> {
        let (number, units) = match field.split_once('/') {
            Some((number, units)) if !units.is_empty() => (number, Some(units.to_owned())),
            Some(_) => return None,
            None => (field, None),
        };
        let (number, baseline) = match number.split_once('(') {
            Some((number, rest)) => (number, Some(rest.strip_suffix(')')?.parse().ok()?)),
            None => (number, None),
        };
        let value: f64 = number.parse().ok()?;
        value.is_finite().then_some(Self {
            value,
            baseline,
            units,
        })
    }
}
