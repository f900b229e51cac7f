//! FLAC signal files (formats 508, 516, 524): one channel a signal.

use std::io::Cursor;

use claxon::FlacReader;

use super::error::WfdbError;
use super::format::SignalFormat;

/// At most `most` samples of all channels, interleaved; fewer where the stream ends.
///
/// The stream's own count is not believed: memory grows with what is decoded.
pub(super) fn decode(
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
    let damaged = |error: claxon::Error| {
        wrong(
            "stream",
            format!("damaged ({error})"),
            "a whole FLAC stream".to_owned(),
        )
    };
    let mut reader = FlacReader::new(Cursor::new(bytes)).map_err(damaged)?;
    let info = reader.streaminfo();
    if info.channels as usize != channels {
        let expected = format!("{channels}, one a signal of the file");
        return Err(wrong(
            "number of channels",
            info.channels.to_string(),
            expected,
        ));
    }
    if info.bits_per_sample != format.bits() {
        let expected = format!("{} for format {}", format.bits(), format.number());
        return Err(wrong(
            "bits a sample",
            info.bits_per_sample.to_string(),
            expected,
        ));
    }
    let mut samples = Vec::new();
    for sample in reader.samples().take(most) {
        samples.push(sample.map_err(damaged)?);
    }
    Ok(samples)
}
