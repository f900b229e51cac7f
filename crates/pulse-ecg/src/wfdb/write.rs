//! From a record to files.

use std::path::{Path, PathBuf};

use super::encode::encode;
use super::error::{FormatProblem, WfdbError};
use super::format::SignalFormat;
use super::header::Header;
use super::matlab::MatHeader;
use super::record::{MISSING_SAMPLE, WfdbRecord, WfdbSignal};
use super::signal_line::{GAIN_EXPECTED, SignalLine, is_plausible_gain};
use crate::recording::SAMPLING_RATES_HZ;
use crate::whole_file::write_whole;

/// Kind of the signal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Container {
    /// `NAME.dat`: samples only.
    #[default]
    Dat,
    /// `NAME.mat`: a MATLAB level 4 matrix `val`, signals by frames, as in the PhysioNet challenges.
    Mat,
}

/// How to write a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Format of all signals; one of [`SignalFormat::WRITABLE`].
    pub format: SignalFormat,
    /// Kind of the signal file.
    pub container: Container,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            format: SignalFormat::Int16,
            container: Container::default(),
        }
    }
}

impl WfdbRecord {
    /// Writes `NAME.hea` and one signal file into the folder, and gives the header's path.
    ///
    /// Reading them back gives the same record with `options.format` as the format of every signal.
    /// Each file is written whole under another name and then renamed, the header last, so that a
    /// header never stands there before its samples. Where a record of the name is there already, a
    /// crash between the two leaves the old header, whose checksums then refuse the new samples.
    ///
    /// # Errors
    /// A value outside the format, a format that is not written, text that a header cannot hold, or a
    /// file that cannot be written.
    pub fn write(
        &self,
        folder: impl AsRef<Path>,
        options: &WriteOptions,
    ) -> Result<PathBuf, WfdbError> {
        let (header, bytes) = self.encode(options)?;
        let folder = folder.as_ref();
        let failed = |path: &Path, source| WfdbError::File {
            action: "write",
            path: path.to_owned(),
            source,
        };
        let signal_file = folder.join(self.signal_file(options.container));
        write_whole(&signal_file, &bytes).map_err(|source| failed(&signal_file, source))?;
        let path = folder.join(format!("{}.hea", self.name));
        write_whole(&path, header.to_text().as_bytes()).map_err(|source| failed(&path, source))?;
        Ok(path)
    }

    /// The header and the bytes of the signal file that [`WfdbRecord::write`] writes.
    ///
    /// # Errors
    /// As [`WfdbRecord::write`].
    pub fn encode(&self, options: &WriteOptions) -> Result<(Header, Vec<u8>), WfdbError> {
        self.check_texts()?;
        self.check_numbers()?;
        let format = options.format;
        let per_frame: u64 = self
            .signals
            .iter()
            .map(|s| u64::from(s.samples_per_frame))
            .sum();
        let (mut bytes, byte_offset) = match options.container {
            Container::Dat => (Vec::new(), 0),
            Container::Mat => {
                let size = u32::try_from(per_frame)
                    .ok()
                    .zip(u32::try_from(self.frames).ok());
                let (rows, columns) = size.ok_or_else(|| {
                    let found = format!("{per_frame} x {}", self.frames);
                    self.cannot("matrix", found, "at most 4294967295 rows and columns")
                })?;
                let header = MatHeader::write(format, rows, columns)?;
                let offset = header.len() as u64;
                (header, offset)
            }
        };
        let mut codes = Vec::with_capacity(self.signals.len());
        let mut signals = Vec::with_capacity(self.signals.len());
        for signal in &self.signals {
            let stored = signal_codes(signal, format)?;
            signals.push(SignalLine {
                file: self.signal_file(options.container),
                format,
                samples_per_frame: signal.samples_per_frame,
                skew: 0,
                byte_offset,
                gain: signal.gain,
                baseline: signal.baseline,
                units: signal.units.clone(),
                adc_resolution: signal.adc_resolution,
                adc_zero: signal.adc_zero,
                initial_value: stored.first().copied(),
                checksum: Some(
                    stored
                        .iter()
                        .fold(0, |sum: u16, code| sum.wrapping_add(*code as u16)),
                ),
                block_size: 0,
                description: signal.description.clone(),
            });
            codes.push((stored, signal.samples_per_frame as usize));
        }
        let mut frames = Vec::with_capacity(self.frames * per_frame as usize);
        for frame in 0..self.frames {
            for (stored, each) in &codes {
                frames.extend(stored.iter().skip(frame * each).take(*each));
            }
        }
        let samples = encode(format, &frames).ok_or_else(|| WfdbError::Format {
            context: format!("writing {}", self.name),
            found: format.number().to_string(),
            problem: FormatProblem::NotWritten,
        })?;
        bytes.extend(samples);
        let header = Header {
            record: self.name.clone(),
            signal_count: signals.len(),
            sampling_rate_hz: self.sampling_rate_hz,
            counter_rate_hz: self.counter_rate_hz,
            base_counter: self.base_counter,
            samples: Some(self.frames as u64),
            base_time: self.base_time,
            base_date: self.base_date,
            signals,
            segments: Vec::new(),
            comments: self.comments.clone(),
        };
        Ok((header, bytes))
    }

    fn signal_file(&self, container: Container) -> String {
        match container {
            Container::Dat => format!("{}.dat", self.name),
            Container::Mat => format!("{}.mat", self.name),
        }
    }

    fn cannot(
        &self,
        what: &'static str,
        found: impl ToString,
        expected: &'static str,
    ) -> WfdbError {
        let record = self.name.clone();
        WfdbError::CannotWrite {
            record,
            what,
            found: found.to_string(),
            expected,
        }
    }

    /// Text that would be read back as something else is refused.
    fn check_texts(&self) -> Result<(), WfdbError> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err(self.cannot("name", &self.name, "letters, digits, `_` and `-`"));
        }
        for signal in &self.signals {
            let text = &signal.description;
            if text.is_empty() || text.trim() != text || text.contains(char::is_control) {
                return Err(self.cannot(
                    "description",
                    text,
                    "one line without spaces at its ends",
                ));
            }
            let units = &signal.units;
            if units.is_empty()
                || units.contains(char::is_whitespace)
                || units.contains(char::is_control)
            {
                return Err(self.cannot("unit", units, "one word"));
            }
        }
        match self
            .comments
            .iter()
            .find(|comment| comment.contains(['\n', '\r']))
        {
            Some(comment) => Err(self.cannot("comment", comment, "one line")),
            None => Ok(()),
        }
    }

    fn check_numbers(&self) -> Result<(), WfdbError> {
        if self.frames == 0 || self.signals.is_empty() {
            return Err(WfdbError::NoSamples {
                record: self.name.clone(),
            });
        }
        if !SAMPLING_RATES_HZ.contains(&self.sampling_rate_hz) {
            return Err(WfdbError::SamplingRate {
                record: self.name.clone(),
                found: self.sampling_rate_hz,
                lowest: *SAMPLING_RATES_HZ.start(),
                highest: *SAMPLING_RATES_HZ.end(),
            });
        }
        for signal in &self.signals {
            let expected = self.frames.checked_mul(signal.samples_per_frame as usize);
            if signal.samples_per_frame == 0 || expected != Some(signal.samples.len()) {
                let found = format!("{}: {}", signal.description, signal.samples.len());
                let expected = "frames times samples per frame, at least one";
                return Err(self.cannot("number of samples", found, expected));
            }
            if signal.gain.is_some_and(|gain| !is_plausible_gain(gain)) {
                let found = format!("{:?}", signal.gain.unwrap_or(0.0));
                return Err(self.cannot("gain", found, GAIN_EXPECTED));
            }
        }
        Ok(())
    }
}

/// The signal's values as the format stores them.
fn signal_codes(signal: &WfdbSignal, format: SignalFormat) -> Result<Vec<i32>, WfdbError> {
    let (lowest, highest) = format.range();
    let mut codes = Vec::with_capacity(signal.samples.len());
    for (sample, value) in signal.samples.iter().enumerate() {
        codes.push(match (*value, format.missing_code()) {
            (MISSING_SAMPLE, Some(code)) => code,
            (value, _) if (lowest..=highest).contains(&value) => value,
            (value, _) => {
                return Err(WfdbError::ValueOutsideFormat {
                    signal: signal.description.clone(),
                    sample,
                    value: value.into(),
                    format: format.number(),
                    lowest: lowest.into(),
                    highest: highest.into(),
                });
            }
        });
    }
    Ok(codes)
}
