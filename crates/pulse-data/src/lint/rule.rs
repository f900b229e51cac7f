//! What is looked for.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Training or scoring would fail on it or silently go wrong.
    Error,
    /// Suspicious; somebody should look.
    Warning,
}

/// A rule that an item broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A file cannot be read to its end.
    UnreadableFile,
    /// A file has no items.
    NoSamples,
    /// An item is no conversation: a field is missing or of another type.
    MalformedItem,
    /// An item has no messages.
    NoTurns,
    /// A speaker is neither `human` nor `gpt`.
    UnknownRole,
    /// Messages do not go human, gpt, human, gpt, ….
    TurnOrder,
    /// A message is empty.
    EmptyMessage,
    /// A message contains what separates messages in the prompt, so that labels would be wrong.
    ControlText,
    /// `<image>` is not there exactly once in a human message of an item with a picture, or is there in one
    /// without.
    ImageMarks,
    /// A picture's path leads out of the image folder.
    UnsafePath,
    /// A picture is not there.
    MissingPicture,
    /// A picture cannot be decoded.
    UnreadablePicture,
    /// Two paths have the same picture.
    DuplicatePicture,
    /// A picture does not look like an ECG.
    NotEcg,
    /// Two items of a set have the same id.
    DuplicateId,
    /// A conversation with its picture is longer than the context.
    TooLong,
    /// A recording is in a training set and in a test set.
    RecordOverlap,
    /// A patient is in a training set and in a test set, with different recordings.
    PatientOverlap,
}

impl Rule {
    /// How bad breaking it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::DuplicatePicture | Self::NotEcg => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnreadableFile => "unreadable-file",
            Self::NoSamples => "no-samples",
            Self::MalformedItem => "malformed-item",
            Self::NoTurns => "no-turns",
            Self::UnknownRole => "unknown-role",
            Self::TurnOrder => "turn-order",
            Self::EmptyMessage => "empty-message",
            Self::ControlText => "control-text",
            Self::ImageMarks => "image-marks",
            Self::UnsafePath => "unsafe-path",
            Self::MissingPicture => "missing-picture",
            Self::UnreadablePicture => "unreadable-picture",
            Self::DuplicatePicture => "duplicate-picture",
            Self::NotEcg => "not-ecg",
            Self::DuplicateId => "duplicate-id",
            Self::TooLong => "too-long",
            Self::RecordOverlap => "record-overlap",
            Self::PatientOverlap => "patient-overlap",
        }
    }
}

/// One defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// The set.
    pub set: String,
    /// The item's id, where it has one; otherwise its number in the file as `#n`.
    pub item: Option<String>,
    /// What was found and what was expected.
    pub message: String,
}

impl Finding {
    pub(super) fn new(rule: Rule, set: &str, item: Option<&str>, message: String) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            set: set.to_owned(),
            item: item.map(str::to_owned),
            message,
        }
    }
}
