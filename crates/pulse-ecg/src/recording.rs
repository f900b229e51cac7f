//! What a recording is to the rest of the program: millivolts over time, one row a lead.
//!
//! Readers (WFDB, CSV) and the synthesiser make it; measurements and pages read it. Digital values,
//! gains and file formats stay with the readers.

use serde::{Deserialize, Serialize};

use crate::lead::Lead;

/// Sampling rates that are believed, in Hz. Below lie trends, above lies no electrocardiograph: high
/// resolution research recordings end at some tens of kHz.
pub const SAMPLING_RATES_HZ: std::ops::RangeInclusive<f64> = 1.0..=100_000.0;

/// The signal of one lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadSignal {
    /// Which lead it is.
    pub lead: Lead,
    /// Samples in millivolts, evenly spaced; NaN where the record has none.
    pub millivolts: Vec<f32>,
}

/// Sex of a patient as a record states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Stated as female.
    Female,
    /// Stated as male.
    Male,
}

/// What a record states about its patient. A patient's name is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Patient {
    /// Age in years.
    pub age_years: Option<u16>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Diagnosis codes (SNOMED CT in the PhysioNet challenges), in the record's order.
    pub diagnosis_codes: Vec<String>,
}

/// An ECG: leads of equal length at one sampling rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Name of the record. Pages print it when asked to (see [`Header`](crate::page::Header)): not a patient's name.
    pub name: String,
    /// Samples per second of every lead.
    pub sampling_rate_hz: f64,
    /// The leads in the record's order, all of one length.
    pub leads: Vec<LeadSignal>,
    /// What the record says about the patient.
    pub patient: Patient,
    /// Free comments of the record, one a line, without the leading mark.
    pub comments: Vec<String>,
}

impl Recording {
    /// Samples per lead.
    pub fn samples(&self) -> usize {
        self.leads.first().map_or(0, |lead| lead.millivolts.len())
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.samples() as f64 / self.sampling_rate_hz
    }

    /// The signal of a lead in millivolts, if exactly one signal of the record has its name.
    ///
    /// Some databases call both of their signals `ECG`: nothing tells which of them is meant, and none is
    /// given. [`signals_named`](Self::signals_named) tells this from a lead that is missing.
    pub fn lead(&self, lead: &Lead) -> Option<&[f32]> {
        let mut named = self.leads.iter().filter(|signal| signal.lead == *lead);
        let only = named.next()?;
        named.next().is_none().then_some(only.millivolts.as_slice())
    }

    /// How many signals of the record have a lead's name: 0 if it is missing, more than 1 if it is ambiguous.
    pub fn signals_named(&self, lead: &Lead) -> usize {
        self.leads
            .iter()
            .filter(|signal| signal.lead == *lead)
            .count()
    }
}
