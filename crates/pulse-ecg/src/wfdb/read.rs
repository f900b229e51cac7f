//! From files to a record.

use std::path::Path;

use super::assemble::assemble;
use super::error::WfdbError;
use super::files::{RecordFiles, RecordFolder};
use super::header::Header;
use super::options::{Discrepancy, GainRule, ReadOptions};
use super::record::{WfdbRecord, WfdbSignal};
use super::samples::{to_samples, verify};
use super::signal_line::SignalLine;
use super::stored::{StoredGroup, group_by_file};

/// Gain of uncalibrated signals by header(5), `DEFGAIN` of the WFDB library.
const DEFAULT_GAIN: f64 = 200.0;

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
    let found = frames.saturating_mul(samples_per_frame.max(1));
    let limit = options.max_samples;
    if found > limit {
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
    let mut groups: Vec<StoredGroup> = Vec::new();
    for group in group_by_file(&header)? {
        groups.push(StoredGroup::read(
            files,
            &header.record,
            group,
            header.samples,
            options,
        )?);
    }
    let partial = groups.iter_mut().filter_map(|group| group.partial.take());
    let discrepancies: Vec<Discrepancy> = partial.collect();
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
        discrepancies,
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
