//! Records of several segments put together.
//!
//! Fixed layout: all segments have the same signals in the same order. Variable layout: the first
//! segment has length 0 and only says which signals there are; segments have some of them, found by
//! description. Segments `~` and signals that a segment lacks are missing samples.

use super::error::WfdbError;
use super::files::RecordFiles;
use super::header::{Header, SegmentLine};
use super::options::ReadOptions;
use super::read::{check_length, read_header, read_plain, signal};
use super::record::{MISSING_SAMPLE, WfdbRecord, WfdbSignal};

pub(super) fn assemble(
    files: &dyn RecordFiles,
    header: Header,
    options: &ReadOptions,
) -> Result<WfdbRecord, WfdbError> {
    let variable = header
        .segments
        .first()
        .is_some_and(|first| first.samples == 0 && !first.is_gap());
    let parts = header
        .segments
        .get(usize::from(variable)..)
        .unwrap_or_default();
    let total = parts
        .iter()
        .try_fold(0_u64, |sum, part| sum.checked_add(part.samples));
    let stated = header.samples;
    let total = total
        .filter(|sum| stated.is_none_or(|stated| stated == *sum))
        .ok_or_else(|| {
            let sum: u128 = parts.iter().map(|part| u128::from(part.samples)).sum();
            segment_error(
                &header,
                "all",
                "total length",
                sum,
                stated.unwrap_or(u64::MAX),
            )
        })?;
    if total == 0 {
        return Err(WfdbError::NoSamples {
            record: header.record,
        });
    }
    let mut record = WfdbRecord {
        name: header.record.clone(),
        sampling_rate_hz: header.sampling_rate_hz,
        counter_rate_hz: header.counter_rate_hz,
        base_counter: header.base_counter,
        base_time: header.base_time,
        base_date: header.base_date,
        frames: 0,
        signals: layout(files, &header, options)?,
        comments: header.comments.clone(),
        discrepancies: Vec::new(),
    };
    let per_frame = record
        .signals
        .iter()
        .map(|signal| u64::from(signal.samples_per_frame))
        .sum();
    check_length(&header.record, total, per_frame, options)?;
    for part in parts {
        let frames = part.samples as usize;
        if !part.is_gap() {
            let segment = read_segment(files, &header, part, options)?;
            append(&header, &mut record, segment, part, variable)?;
        }
        record.frames += frames;
        for signal in &mut record.signals {
            // What the segment did not bring.
            let length = record.frames * signal.samples_per_frame as usize;
            signal.samples.resize(length, MISSING_SAMPLE);
        }
    }
    Ok(record)
}

/// The record's signals, still empty: from the layout segment, or the first that is no gap.
fn layout(
    files: &dyn RecordFiles,
    header: &Header,
    options: &ReadOptions,
) -> Result<Vec<WfdbSignal>, WfdbError> {
    let Some(first) = header.segments.iter().find(|part| !part.is_gap()) else {
        return Err(WfdbError::NoSamples {
            record: header.record.clone(),
        });
    };
    let segment = segment_header(files, header, first)?;
    if segment.signals.len() != header.signal_count {
        let (found, expected) = (segment.signals.len(), header.signal_count);
        return Err(segment_error(
            header,
            &first.name,
            "number of signals",
            found,
            expected,
        ));
    }
    let lines = segment.signals.iter();
    Ok(lines
        .map(|line| signal(&mut Vec::new(), &segment.record, line, Vec::new(), options))
        .collect())
}

fn segment_header(
    files: &dyn RecordFiles,
    header: &Header,
    part: &SegmentLine,
) -> Result<Header, WfdbError> {
    let segment = read_header(files, &part.name)?;
    if !segment.segments.is_empty() {
        let (found, expected) = (segment.segments.len(), "none: segments have no segments");
        return Err(segment_error(
            header,
            &part.name,
            "number of segments",
            found,
            expected,
        ));
    }
    if segment.sampling_rate_hz != header.sampling_rate_hz {
        let (found, expected) = (segment.sampling_rate_hz, header.sampling_rate_hz);
        return Err(segment_error(
            header,
            &part.name,
            "sampling rate in Hz",
            found,
            expected,
        ));
    }
    Ok(segment)
}

fn read_segment(
    files: &dyn RecordFiles,
    header: &Header,
    part: &SegmentLine,
    options: &ReadOptions,
) -> Result<WfdbRecord, WfdbError> {
    let segment = segment_header(files, header, part)?;
    let record = read_plain(files, segment, options)?;
    if record.frames as u64 != part.samples {
        let (found, expected) = (record.frames, part.samples);
        return Err(segment_error(
            header,
            &part.name,
            "length in frames",
            found,
            expected,
        ));
    }
    Ok(record)
}

/// Adds a segment's signals to the record's.
fn append(
    header: &Header,
    record: &mut WfdbRecord,
    segment: WfdbRecord,
    part: &SegmentLine,
    variable: bool,
) -> Result<(), WfdbError> {
    if !variable && segment.signals.len() != record.signals.len() {
        let (found, expected) = (segment.signals.len(), record.signals.len());
        return Err(segment_error(
            header,
            &part.name,
            "number of signals",
            found,
            expected,
        ));
    }
    let filled = record.frames;
    record.discrepancies.extend(segment.discrepancies);
    for (index, own) in segment.signals.into_iter().enumerate() {
        let target = match variable {
            false => record.signals.get_mut(index),
            // A description that occurs twice takes its places in order.
            true => record.signals.iter_mut().find(|signal| {
                let length = filled * signal.samples_per_frame as usize;
                signal.description == own.description && signal.samples.len() == length
            }),
        };
        let Some(target) = target else {
            let expected = "a signal of the layout segment";
            return Err(segment_error(
                header,
                &part.name,
                "signal",
                own.description,
                expected,
            ));
        };
        if own.samples_per_frame != target.samples_per_frame {
            let (found, expected) = (own.samples_per_frame, target.samples_per_frame);
            return Err(segment_error(
                header,
                &part.name,
                "samples per frame",
                found,
                expected,
            ));
        }
        if own.units != target.units {
            let (found, expected) = (own.units, target.units.clone());
            return Err(segment_error(header, &part.name, "unit", found, expected));
        }
        let converted = own
            .samples
            .iter()
            .map(|sample| rescale(*sample, &own, target));
        let converted: Vec<i32> = converted.collect();
        target.samples.extend(converted);
    }
    Ok(())
}

/// A digital value of the segment at the record's gain and baseline, rounded; as it is where both agree.
fn rescale(sample: i32, from: &WfdbSignal, to: &WfdbSignal) -> i32 {
    let same = from.gain == to.gain && from.baseline == to.baseline;
    let (Some(_), Some(gain)) = (from.gain, to.gain) else {
        return sample;
    };
    if same || sample == MISSING_SAMPLE {
        return sample;
    }
    let value = libm::rint(from.physical(sample) * gain + f64::from(to.baseline));
    // Beyond 32 bits nothing true can be said.
    if value.abs() < 2_147_483_648.0 {
        value as i32
    } else {
        MISSING_SAMPLE
    }
}

fn segment_error(
    header: &Header,
    segment: &str,
    what: &'static str,
    found: impl ToString,
    expected: impl ToString,
) -> WfdbError {
    WfdbError::Segment {
        record: header.record.clone(),
        segment: segment.to_owned(),
        what,
        found: found.to_string(),
        expected: expected.to_string(),
    }
}
