//! From stored values to samples, and whether they are those that the header was written for.

use super::error::WfdbError;
use super::format::SignalFormat;
use super::options::{Discrepancy, ReadOptions, Verification};
use super::record::{MISSING_SAMPLE, WfdbRecord};
use super::signal_line::SignalLine;

/// Differences summed, the code for missing samples replaced, the skew undone.
pub(super) fn to_samples(line: &SignalLine, stored: &[i32], frames: usize) -> Vec<i32> {
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
pub(super) fn verify(
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
