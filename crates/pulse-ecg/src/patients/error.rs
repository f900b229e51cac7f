//! Why a patient cannot be made.

use super::{Finding, Territory};
use crate::number::Short;

/// Why a plan for a synthetic patient is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PatientError {
    /// A name that is no finding.
    #[error("`{name}` is not a finding the generator knows; did you mean `{suggestion}`?")]
    UnknownFinding {
        /// The name as given, cut to 80 characters.
        name: String,
        /// The nearest known name.
        suggestion: String,
    },
    /// Two findings that one ECG cannot show, or that the generator cannot show together.
    #[error("{first} and {second} cannot be shown together: {reason}; leave one of them out")]
    Contradiction {
        /// One of the two.
        first: Finding,
        /// The other.
        second: Finding,
        /// Why they exclude each other.
        reason: &'static str,
    },
    /// A finding named twice.
    #[error("{finding} is named twice; name it once")]
    Repeated {
        /// The finding.
        finding: Finding,
    },
    /// A finding without the one it builds on.
    #[error("{finding} needs {needs}; add it")]
    Incomplete {
        /// The finding.
        finding: Finding,
        /// What it needs.
        needs: &'static str,
    },
    /// No rhythm among the findings.
    #[error(
        "the findings name no rhythm; add exactly one of sinus rhythm, sinus bradycardia, sinus \
         tachycardia, atrial fibrillation, atrial flutter or ventricular paced rhythm"
    )]
    NoRhythm,
    /// A parameter outside what the findings, or the generator, allow.
    #[error("{parameter} is {} {unit}, expected {low} to {high} {unit} {because}", Short(*.value))]
    OutOfRange {
        /// Name of the field.
        parameter: &'static str,
        /// The value found; NaN is possible.
        value: f64,
        /// Least value allowed.
        low: f64,
        /// Greatest value allowed.
        high: f64,
        /// Unit of the three.
        unit: &'static str,
        /// What sets the limits.
        because: &'static str,
    },
    /// A PR interval for a rhythm without P waves, or none for one with them.
    #[error("{rhythm} {expectation}; {advice}")]
    PrInterval {
        /// The rhythm.
        rhythm: Finding,
        /// What the rhythm implies.
        expectation: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A wall whose Q waves cannot be made what the labels say, with this axis and this seed.
    #[error("the {wall} wall {found}; draw again with another seed, or ask for another axis")]
    QWaves {
        /// The wall.
        wall: Territory,
        /// What it shows.
        found: &'static str,
    },
}
