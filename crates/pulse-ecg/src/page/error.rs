//! What can be wrong with a page: its settings, the recording, the file.

use std::path::PathBuf;

use super::picture::PixelSize;
use crate::lead::Lead;
use crate::number::Short;

/// A page that can't be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PageError {
    /// A number of the settings is outside its range.
    #[error("{name} is {}, expected {expected}; correct the page settings", Short(*.found))]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: f64,
        /// The values that are allowed.
        expected: &'static str,
    },
    /// A name is not one of the known ones.
    #[error("{what} `{found}` is not known, expected one of: {expected}")]
    UnknownName {
        /// What the name should be of.
        what: &'static str,
        /// The name.
        found: String,
        /// The known names.
        expected: &'static str,
    },
    /// The page has more pixels than are allowed.
    #[error(
        "the page would be {} x {} pixels, expected at most {limit} pixels in all; \
         lower the resolution or the paper's size", Short(*.width), Short(*.height)
    )]
    TooManyPixels {
        /// Width in pixels.
        width: f64,
        /// Height in pixels.
        height: f64,
        /// The largest number of pixels.
        limit: u64,
    },
    /// The leads need more room than the paper has.
    #[error(
        "the leads need {needed_mm:.0} mm of {direction} and the paper has {available_mm:.0} mm for them; \
         choose larger paper (`fit` grows with its content), fewer rows or a shorter time per column"
    )]
    DoesNotFit {
        /// `width` or `height`.
        direction: &'static str,
        /// Millimetres that are needed.
        needed_mm: f64,
        /// Millimetres that there are.
        available_mm: f64,
    },
    /// A line of header or footer is wider than its place.
    #[error(
        "the text `{text}` needs {needed_mm:.0} mm and the paper has {available_mm:.0} mm for it; shorten it, leave it \
         out or choose wider paper"
    )]
    TextTooLong {
        /// The line, or its first sixty characters.
        text: String,
        /// Millimetres that it is wide.
        needed_mm: f64,
        /// Millimetres that there are.
        available_mm: f64,
    },
    /// The layout has no lead at all.
    #[error("the layout names no lead, expected at least one")]
    NoLeads,
    /// A lead of the layout or of the rhythm strips has an empty name.
    #[error(
        "lead {number} of the {place} has an empty name; expected names with one comma between two, such as \
         II,V1"
    )]
    EmptyLeadName {
        /// `layout` or `rhythm strips`.
        place: &'static str,
        /// Which lead of them, from 1.
        number: usize,
    },
    /// The layout shows a lead that the recording lacks.
    #[error(
        "record {record} has no lead {lead}, it has: {available}; choose a layout of the leads that are \
         there (`all`) or ask for missing leads to be left blank"
    )]
    MissingLead {
        /// Name of the record.
        record: String,
        /// The lead that the layout shows.
        lead: Lead,
        /// The leads of the record.
        available: String,
    },
    /// The layout shows a lead whose name several signals of the recording have.
    #[error(
        "record {record} has {found} signals named {lead}, expected one: nothing tells which is meant; \
         choose a layout without {lead}, or give the signals of the record names of their own"
    )]
    AmbiguousLead {
        /// Name of the record.
        record: String,
        /// The lead that the layout shows.
        lead: Lead,
        /// Signals with its name.
        found: usize,
    },
    /// The leads of the recording have different lengths.
    #[error(
        "record {record}: lead {lead} has {found} samples, expected {expected} as the first lead has"
    )]
    UnequalLengths {
        /// Name of the record.
        record: String,
        /// The lead.
        lead: Lead,
        /// Its samples.
        found: usize,
        /// Samples of the first lead.
        expected: usize,
    },
    /// Nothing to draw: no leads, no samples, or not one finite sample in the shown stretch.
    #[error(
        "record {record} has no sample to draw between {start_s} s and {end_s} s: it has {samples} samples \
         a lead at {sampling_rate_hz} Hz; choose another start or another record"
    )]
    NothingToDraw {
        /// Name of the record.
        record: String,
        /// First second of the page.
        start_s: f64,
        /// Last second of the page.
        end_s: f64,
        /// Samples of a lead.
        samples: usize,
        /// Samples a second.
        sampling_rate_hz: f64,
    },
    /// The sampling rate is no rate.
    #[error(
        "record {record} says {} samples a second, expected a number above 0 and at most {limit}",
        Short(*.found)
    )]
    SamplingRate {
        /// Name of the record.
        record: String,
        /// The rate.
        found: f64,
        /// The highest rate that makes sense for an ECG.
        limit: f64,
    },
    /// A transformation that folds the picture or sends a point to infinity.
    #[error("the transformation of the page has no inverse; lower its strength")]
    Degenerate,
}

/// A picture that can't be encoded or written.
#[derive(Debug, thiserror::Error)]
pub enum PageFileError {
    /// The PNG encoder refused.
    #[error("the picture of {} x {} pixels can't be encoded as PNG: {source}", .size.width, .size.height)]
    Png {
        /// Size of the picture.
        size: PixelSize,
        /// What the encoder said.
        source: png::EncodingError,
    },
    /// The JPEG encoder refused.
    #[error("the picture of {} x {} pixels can't be encoded as JPEG (at most 65535 a side): {source}", .size.width, .size.height)]
    Jpeg {
        /// Size of the picture.
        size: PixelSize,
        /// What the encoder said.
        source: image::ImageError,
    },
    /// The file name's ending says no known format.
    #[error("{} ends in neither .png nor .jpg (.jpeg); name the picture so that its format is known", .path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("{} can't be written: {source}; check that the folder exists and may be written to", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The geometry can't be written as JSON.
    #[error("the geometry can't be written as JSON: {source}")]
    Json {
        /// What the serialiser said.
        source: serde_json::Error,
    },
}
