//! Why a recording cannot be measured.

use crate::number::Short;

/// Why [`super::measure`] refuses a recording.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// Too few seconds.
    #[error(
        "the recording is {seconds:.2} s long, expected at least {least} s; measure a longer part"
    )]
    TooShort {
        /// Its length.
        seconds: f64,
        /// The least length.
        least: f64,
    },
    /// A sampling rate at which waves cannot be told apart, or none at all.
    #[error("the sampling rate is {} Hz, expected {low} to {high} Hz; resample the recording", Short(*.hz))]
    SamplingRate {
        /// The rate found; NaN is possible.
        hz: f64,
        /// Least rate.
        low: f64,
        /// Greatest rate.
        high: f64,
    },
    /// Leads of different lengths.
    #[error(
        "lead {lead} has {found} samples, expected {expected} as in the first lead; cut the leads to one length"
    )]
    Ragged {
        /// The lead.
        lead: String,
        /// Its length.
        found: usize,
        /// Length of the first lead.
        expected: usize,
    },
    /// No lead to measure on.
    #[error(
        "none of the {leads} leads is a standard lead with a signal (at least half of its samples there and \
         not flat); name the leads I, II, III, aVR, aVL, aVF, V1 to V6"
    )]
    NoUsableLead {
        /// Number of leads in the recording.
        leads: usize,
    },
    /// Nothing that beats twice.
    #[error(
        "{found} QRS complexes were found, expected at least 2; check that the record is an ECG in millivolts"
    )]
    NoBeats {
        /// Number of complexes found.
        found: usize,
    },
}
