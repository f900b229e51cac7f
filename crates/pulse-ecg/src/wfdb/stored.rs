//! Stored values of the signal files of a record.

use super::decode::decode;
use super::error::WfdbError;
use super::files::RecordFiles;
use super::flac;
use super::format::SignalFormat;
use super::header::Header;
use super::matlab::MatHeader;
use super::options::{Discrepancy, ReadOptions, Verification};
use super::read::check_length;
use super::signal_line::SignalLine;

/// The signals of each file, in order of first appearance. Signals without a file are in no group.
pub(super) fn group_by_file(header: &Header) -> Result<Vec<Vec<(usize, &SignalLine)>>, WfdbError> {
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
pub(super) struct StoredGroup {
    values: Vec<i32>,
    /// Whole frames in `values`.
    pub(super) frames: u64,
    /// Index of the signal in the record and its first place in a frame.
    places: Vec<(usize, usize)>,
    /// Samples of all signals in one frame.
    stride: usize,
    /// What lies behind the last whole frame, if it was let pass.
    pub(super) partial: Option<Discrepancy>,
    /// FLAC streams interleave single samples, other files whole frames.
    by_sample: bool,
}

impl StoredGroup {
    pub(super) fn read(
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
        // Too few frames say more than the half one behind them, so they come first.
        let bytes = data.len() as u64;
        let partial = partial_frame(record, file, format, bytes, stride as u64, options)?;
        let frames = (values.len() / stride) as u64;
        if let Some(expected) = stated.filter(|expected| *expected > frames) {
            return Err(too_few(frames, expected));
        }
        Ok(Self {
            values,
            frames,
            places,
            stride,
            partial,
            by_sample: format.is_flac(),
        })
    }

    /// First place of a signal in a frame, if this file has it.
    pub(super) fn place(&self, index: usize) -> Option<usize> {
        self.places
            .iter()
            .find(|(signal, _)| *signal == index)
            .map(|(_, start)| *start)
    }

    /// Stored values of one signal: the record's frames, and for skewed signals those behind them.
    pub(super) fn signal(&self, start: usize, line: &SignalLine, frames: usize) -> Vec<i32> {
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

/// Refuses, or notes, bytes behind the last whole frame. A packed format may fill up its last group.
fn partial_frame(
    record: &str,
    file: &str,
    format: SignalFormat,
    found: u64,
    stride: u64,
    options: &ReadOptions,
) -> Result<Option<Discrepancy>, WfdbError> {
    let Some(samples) = format.samples_in(found) else {
        return Ok(None);
    };
    let frames = samples / stride;
    let Some((fewest, most)) = format.bytes_of(frames * stride) else {
        return Ok(None);
    };
    if found == fewest || found == most {
        return Ok(None);
    }
    let (record, file) = (record.to_owned(), file.to_owned());
    match options.verification {
        Verification::Refuse => Err(WfdbError::PartialFrame {
            record,
            file,
            found,
            expected: fewest,
            frames,
        }),
        Verification::Report => Ok(Some(Discrepancy::PartialFrame {
            record,
            file,
            found,
            expected: fewest,
        })),
    }
}
