//! FLAC signal files (formats 508, 516, 524): one channel a signal.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flac_codec::decode::{FlacSampleReader, Metadata};

use super::error::WfdbError;
use super::format::SignalFormat;

/// At most `most` samples of all channels, interleaved; fewer where the stream ends.
///
/// The stream's own count is not believed: memory grows with what is decoded. Some damage makes the decoder
/// panic (more partitions than samples in a block), which is reported as any other damage.
pub(super) fn decode(
    file: &str,
    format: SignalFormat,
    bytes: &[u8],
    channels: usize,
    most: usize,
) -> Result<Vec<i32>, WfdbError> {
    // Nothing outlives the call that a panic could leave half changed.
    let samples = catch_unwind(AssertUnwindSafe(|| {
        samples(file, format, bytes, channels, most)
    }));
    samples.unwrap_or_else(|_| {
        Err(WfdbError::Flac {
            file: file.to_owned(),
            what: "stream",
            found: "damaged (the decoder gave up)".to_owned(),
            expected: "a whole FLAC stream".to_owned(),
        })
    })
}

fn samples(
    file: &str,
    format: SignalFormat,
    bytes: &[u8],
    channels: usize,
    most: usize,
) -> Result<Vec<i32>, WfdbError> {
    let wrong = |what: &'static str, found: String, expected: String| WfdbError::Flac {
        file: file.to_owned(),
        what,
        found,
        expected,
    };
    let damaged = |error: flac_codec::Error| {
        wrong(
            "stream",
            format!("damaged ({error})"),
            "a whole FLAC stream".to_owned(),
        )
    };
    let mut reader = FlacSampleReader::new(Cursor::new(bytes)).map_err(damaged)?;
    let (found, bits) = (
        usize::from(reader.channel_count()),
        reader.bits_per_sample(),
    );
    if found != channels {
        let expected = format!("{channels}, one a signal of the file");
        return Err(wrong("number of channels", found.to_string(), expected));
    }
    if bits != format.bits() {
        let expected = format!("{} for format {}", format.bits(), format.number());
        return Err(wrong("bits a sample", bits.to_string(), expected));
    }
    let mut samples = Vec::new();
    while samples.len() < most {
        let decoded = reader.fill_buf().map_err(damaged)?;
        if decoded.is_empty() {
            break;
        }
        let count = decoded.len();
        samples.extend_from_slice(decoded);
        reader.consume(count);
    }
    samples.truncate(most);
    Ok(samples)
}
