//! From files to a record.

use std::path::Path;

use super::assemble::assemble;
use super::decode::decode;
use super::error::WfdbError;
use super::files::{RecordFiles, RecordFolder};
use super::flac;
use super::format::SignalFormat;
use super::header::Header;
use super::matlab::MatHeader;
use super::record::{MISSING_SAMPLE, WfdbRecord, WfdbSignal};
use super::signal_line::SignalLine;

/// What happens when checksum or initial value do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// The record is refused.
    #[default]
    Refuse,
    /// The record is read and [`WfdbRecord::discrepancies`] says what does not fit.
    Report,
}

/// What happens to a signal that states no gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GainRule {
    /// It stays uncalibrated: digital values can be read, millivolts not.
    #[default]
    Require,
    /// 200 units per physical unit, as header(5) allows, noted in [`WfdbRecord::discrepancies`].
    AssumeDefault,
}

/// Gain of uncalibrated signals by header(5), `DEFGAIN` of the WFDB library.
const DEFAULT_GAIN: f64 = 200.0;

/// How to read a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// What a wrong checksum or initial value does.
    pub verification: Verification,
    /// What a missing gain does.
    pub gain_rule: GainRule,
    /// Most samples of all signals together. Bounds memory: four bytes a sample and the file itself.
    pub max_samples: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            verification: Verification::default(),
            gain_rule: GainRule::default(),
            max_samples: 1 << 28,
        }
    }
}

/// Something in a record that does not fit and was let pass on request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// Checksum or initial value.
    #[error("signal {signal} of {record}: {what} is {found}, the header states {expected}")]
    Value {
        /// Record or segment.
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
    /// A gain was assumed.
    #[error("signal {signal} of {record} states no gain; 200 units per {units} are assumed")]
    AssumedGain {
        /// Record or segment.
        record: String,
        /// Description of the signal.
        signal: String,
        /// Physical unit.
        units: String,
    },
}

impl WfdbRecord {
    /// Reads the record at a path with or without the ending `.hea`, `.dat` or `.mat`.
    ///
    /// # Errors
    /// Everything in [`WfdbError`] that concerns reading.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, WfdbError> {
        let path = path.as_ref();
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        let bare = match ["hea", "dat", "mat"].contains(&ending.to_ascii_lowercase().as_str()) {
            true => path.with_extension(""),
            false => path.to_path_buf(),
        };
        let folder = RecordFolder::new(bare.parent().unwrap_or(Path::new("")));
        let name = bare
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        Self::read(&folder, &name, options)
    }

    /// Reads the record `name` from a folder or from memory.
    ///
    /// # Errors
    /// Everything in [`WfdbError`] that concerns reading.
    pub fn read(
        files: &dyn RecordFiles,
        name: &str,
        options: &ReadOptions,
    ) -> Result<Self, WfdbError> {
        let header = read_header(files, name)?;
        if header.segments.is_empty() {
            return read_plain(files, header, options);
        }
        assemble(files, header, options)
    }
}

pub(super) fn read_header(files: &dyn RecordFiles, name: &str) -> Result<Header, WfdbError> {
    Header::parse(&files.read(name, &format!("{name}.hea"))?)
}

/// Refuses lengths above the caller's limit before anything is allocated for them.
pub(super) fn check_length(
    record: &str,
    frames: u64,
    samples_per_frame: u64,
    options: &ReadOptions,
) -> Result<(), WfdbError> {
    let found = u128::from(frames) * u128::from(samples_per_frame.max(1));
    let limit = options.max_samples;
    if found > u128::from(limit) {
        return Err(WfdbError::TooLong {
            record: record.to_owned(),
            found,
            limit,
        });
    }
    Ok(())
}

/// A record of one segment.
pub(super) fn read_plain(
    files: &dyn RecordFiles,
    header: Header,
    options: &ReadOptions,
) -> Result<WfdbRecord, WfdbError> {
    let per_frame = header
        .signals
        .iter()
        .map(|line| u64::from(line.samples_per_frame))
        .sum();
    if let Some(frames) = header.samples {
        check_length(&header.record, frames, per_frame, options)?;
    }
    let mut groups = Vec::new();
    for group in group_by_file(&header)? {
        groups.push(StoredGroup::read(
            files,
            &header.record,
            group,
            header.samples,
            options,
        )?);
    }
    let shortest = groups.iter().map(|group| group.frames).min();
    let frames = header.samples.or(shortest).filter(|frames| *frames > 0);
    let Some(frames) = frames else {
        return Err(WfdbError::NoSamples {
            record: header.record,
        });
    };
    check_length(&header.record, frames, per_frame, options)?;
    let mut record = WfdbRecord {
        name: header.record,
        sampling_rate_hz: header.sampling_rate_hz,
        counter_rate_hz: header.counter_rate_hz,
        base_counter: header.base_counter,
        base_time: header.base_time,
        base_date: header.base_date,
        frames: frames as usize,
        signals: Vec::with_capacity(header.signals.len()),
        comments: header.comments,
        discrepancies: Vec::new(),
    };
    for (index, line) in header.signals.iter().enumerate() {
        let place = groups
            .iter()
            .find_map(|group| Some((group, group.place(index)?)));
        let stored = match place {
            Some((group, start)) => group.signal(start, line, frames as usize),
            None => Vec::new(),
        };
        // Only a stated length says which samples a checksum covers.
        if header.samples.is_some() && !stored.is_empty() {
            verify(&mut record, line, &stored, options)?;
        }
        let samples = to_samples(line, &stored, frames as usize);
        record.signals.push(signal(
            &mut record.discrepancies,
            &record.name,
            line,
            samples,
            options,
        ));
    }
    Ok(record)
}

/// The signals of each file, in order of first appearance. Signals without a file are in no group.
fn group_by_file(header: &Header) -> Result<Vec<Vec<(usize, &SignalLine)>>, WfdbError> {
    let mut groups: Vec<Vec<(usize, &SignalLine)>> = Vec::new();
    for (index, line) in header.signals.iter().enumerate() {
        if line.format == SignalFormat::Null {
            continue;
        }
        let same = groups.iter_mut().find(|group| {
            group
                .first()
                .is_some_and(|(_, first)| first.file == line.file)
        });
        let Some(group) = same else {
            groups.push(vec![(index, line)]);
            continue;
        };
        let first = group.first().map_or(line, |(_, first)| first);
        let disagree = |what, first: String, second: String| WfdbError::FileDisagreement {
            record: header.record.clone(),
            file: line.file.clone(),
            what,
            first,
            second,
        };
        if first.format != line.format {
            let numbers = (
                first.format.number().to_string(),
                line.format.number().to_string(),
            );
            return Err(disagree("format", numbers.0, numbers.1));
        }
        // The first line's offset is the file's; later lines repeat it or leave it out.
        if line.byte_offset != first.byte_offset && line.byte_offset != 0 {
            let offsets = (first.byte_offset.to_string(), line.byte_offset.to_string());
            return Err(disagree("byte offset", offsets.0, offsets.1));
        }
        if line.format.is_flac() && first.samples_per_frame != line.samples_per_frame {
            let counts = (
                first.samples_per_frame.to_string(),
                line.samples_per_frame.to_string(),
            );
            return Err(disagree("samples per frame", counts.0, counts.1));
        }
        group.push((index, line));
    }
    Ok(groups)
}

/// Stored values of one file and where its signals lie in a frame.
struct StoredGroup {
    values: Vec<i32>,
    /// Whole frames in `values`.
    frames: u64,
    /// Index of the signal in the record and its first place in a frame.
    places: Vec<(usize, usize)>,
    /// Samples of all signals in one frame.
    stride: usize,
    /// FLAC streams interleave single samples, other files whole frames.
    by_sample: bool,
}

impl StoredGroup {
    fn read(
        files: &dyn RecordFiles,
        record: &str,
        group: Vec<(usize, &SignalLine)>,
        stated: Option<u64>,
        options: &ReadOptions,
    ) -> Result<Self, WfdbError> {
        let mut stride = 0_usize;
        let mut places = Vec::with_capacity(group.len());
        for (index, line) in &group {
            places.push((*index, stride));
            stride += line.samples_per_frame as usize;
        }
        let Some((_, first)) = group.first() else {
            return Err(WfdbError::NoSamples {
                record: record.to_owned(),
            });
        };
        let (file, format) = (first.file.as_str(), first.format);
        let bytes = files.read(record, file)?;
        if file.to_ascii_lowercase().ends_with(".mat") {
            MatHeader::parse(&bytes, file)?.check(
                file,
                format,
                first.byte_offset,
                stride as u64,
            )?;
        }
        let start = usize::try_from(first.byte_offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let data = bytes.get(start..).unwrap_or_default();
        let too_few = |found, expected| WfdbError::TooFewSamples {
            record: record.to_owned(),
            file: file.to_owned(),
            found,
            expected,
        };
        // Signals with a skew begin later in the file and may need frames behind the last one.
        let skew = group
            .iter()
            .map(|(_, line)| u64::from(line.skew))
            .max()
            .unwrap_or(0);
        let wanted = stated.map(|frames| frames.saturating_add(skew));
        let values = match format.samples_in(data.len() as u64) {
            Some(samples) => {
                let there = samples / stride as u64;
                if let Some(expected) = stated.filter(|expected| *expected > there) {
                    return Err(too_few(there, expected));
                }
                let frames = wanted.unwrap_or(there).min(there);
                check_length(record, frames.saturating_sub(skew), stride as u64, options)?;
                decode(format, data, frames as usize * stride)
            }
            None => {
                let most = wanted.map_or(options.max_samples.saturating_add(1), |frames| {
                    frames.saturating_mul(stride as u64)
                });
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                flac::decode(file, format, data, group.len(), most)?
            }
        };
        let frames = (values.len() / stride) as u64;
        if let Some(expected) = stated.filter(|expected| *expected > frames) {
            return Err(too_few(frames, expected));
        }
        Ok(Self {
            values,
            frames,
            places,
            stride,
            by_sample: format.is_flac(),
        })
    }

    /// First place of a signal in a frame, if this file has it.
    fn place(&self, index: usize) -> Option<usize> {
        self.places
            .iter()
            .find(|(signal, _)| *signal == index)
            .map(|(_, start)| *start)
    }

    /// Stored values of one signal: the record's frames, and for skewed signals those behind them.
    fn signal(&self, start: usize, line: &SignalLine, frames: usize) -> Vec<i32> {
        let each = line.samples_per_frame as usize;
        let frames = frames
            .saturating_add(line.skew as usize)
            .min(self.frames as usize);
        if self.by_sample {
            let channels = self.places.len();
            let values = self.values.iter().skip(start / each).step_by(channels);
            return values.take(frames * each).copied().collect();
        }
        let rows = self.values.chunks_exact(self.stride).take(frames);
        rows.flat_map(|row| row.iter().skip(start).take(each))
            .copied()
            .collect()
    }
}

/// Differences summed, the code for missing samples replaced, the skew undone.
fn to_samples(line: &SignalLine, stored: &[i32], frames: usize) -> Vec<i32> {
    let length = frames * line.samples_per_frame as usize;
    let skew = line.skew as usize * line.samples_per_frame as usize;
    let mut samples: Vec<i32> = amplitudes(line, stored)
        .skip(skew)
        .take(length)
        .map(|value| {
            if Some(value) == line.format.missing_code() {
                MISSING_SAMPLE
            } else {
                value
            }
        })
        .collect();
    samples.resize(length, MISSING_SAMPLE);
    samples
}

/// Stored values, or the running sums of format 8.
fn amplitudes<'a>(line: &SignalLine, stored: &'a [i32]) -> impl Iterator<Item = i32> + 'a {
    let differences = line.format == SignalFormat::Difference8;
    let mut sum = line.initial_value.unwrap_or(line.adc_zero);
    stored.iter().map(move |value| {
        if !differences {
            return *value;
        }
        sum = sum.wrapping_add(*value);
        sum
    })
}

/// Compares checksum and initial value with the header's.
fn verify(
    record: &mut WfdbRecord,
    line: &SignalLine,
    stored: &[i32],
    options: &ReadOptions,
) -> Result<(), WfdbError> {
    let length = record.frames * line.samples_per_frame as usize;
    let sum = amplitudes(line, stored)
        .take(length)
        .fold(0_u16, |sum, value| sum.wrapping_add(value as u16));
    let first = amplitudes(line, stored).next();
    let mut pairs = Vec::new();
    if line.format != SignalFormat::Difference8 {
        pairs.push((
            "initial value",
            first.map(i64::from),
            line.initial_value.map(i64::from),
        ));
    }
    // Both as the signed numbers that headers hold.
    let as_signed = |sum: u16| i64::from(sum as i16);
    pairs.push((
        "checksum",
        Some(as_signed(sum)),
        line.checksum.map(as_signed),
    ));
    for (what, found, expected) in pairs {
        let (Some(found), Some(expected)) = (found, expected) else {
            continue;
        };
        if found == expected {
            continue;
        }
        let (record_name, signal) = (record.name.clone(), line.description.clone());
        match options.verification {
            Verification::Refuse => {
                return Err(WfdbError::Damaged {
                    record: record_name,
                    signal,
                    what,
                    found,
                    expected,
                });
            }
            Verification::Report => record.discrepancies.push(Discrepancy::Value {
                record: record_name,
                signal,
                what,
                found,
                expected,
            }),
        }
    }
    Ok(())
}

/// The signal of a header line, its gain by the caller's rule.
pub(super) fn signal(
    discrepancies: &mut Vec<Discrepancy>,
    record: &str,
    line: &SignalLine,
    samples: Vec<i32>,
    options: &ReadOptions,
) -> WfdbSignal {
    let mut gain = line.gain;
    if gain.is_none() && options.gain_rule == GainRule::AssumeDefault {
        gain = Some(DEFAULT_GAIN);
        discrepancies.push(Discrepancy::AssumedGain {
            record: record.to_owned(),
            signal: line.description.clone(),
            units: line.units.clone(),
        });
    }
    WfdbSignal {
        description: line.description.clone(),
        format: line.format,
        samples_per_frame: line.samples_per_frame,
        gain,
        baseline: line.baseline,
        units: line.units.clone(),
        adc_resolution: line.adc_resolution,
        adc_zero: line.adc_zero,
        samples,
    }
}
