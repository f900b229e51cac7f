//! A recording from a path, whatever its format.

use std::path::Path;

use crate::csv_file::{CsvError, CsvOptions};
use crate::lead::Lead;
use crate::recording::{LeadSignal, Recording};
use crate::wfdb::{ReadOptions, WfdbError, WfdbRecord};

/// Why a path gives no recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A WFDB record that cannot be read.
    #[error(transparent)]
    Wfdb(#[from] Box<WfdbError>),
    /// A CSV file that cannot be read.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// Leads that are asked for are not there.
    #[error("{record} lacks {missing}; it has {found}")]
    MissingLeads {
        /// Name of the record.
        record: String,
        /// The leads that are missing.
        missing: String,
        /// The leads that are there.
        found: String,
    },
    /// Several signals have the name of a lead that is asked for.
    #[error(
        "{record} has {found} signals named {lead}, expected one; give the signals names of their own"
    )]
    AmbiguousLead {
        /// Name of the record.
        record: String,
        /// The lead.
        lead: Lead,
        /// Signals with its name.
        found: usize,
    },
}

impl From<WfdbError> for RecordError {
    fn from(error: WfdbError) -> Self {
        Self::Wfdb(Box::new(error))
    }
}

impl Recording {
    /// Opens a WFDB record, with or without the ending `.hea`, `.dat` or `.mat`, or a `.csv` file with a
    /// time column.
    ///
    /// # Errors
    /// What [`WfdbRecord::open`], [`WfdbRecord::to_recording`] and [`Recording::from_csv_file`] say.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref();
        if is_csv(path) {
            return Ok(Self::from_csv_file(path, &CsvOptions::default())?);
        }
        Ok(WfdbRecord::open(path, &ReadOptions::default())?.to_recording()?)
    }

    /// The standard twelve in their order, whatever else the record has.
    ///
    /// # Errors
    /// The leads that are missing, by name, or a lead whose name several signals have.
    pub fn standard_leads(&self) -> Result<Vec<&LeadSignal>, RecordError> {
        for lead in &Lead::STANDARD {
            let found = self.signals_named(lead);
            if found > 1 {
                return Err(RecordError::AmbiguousLead {
                    record: self.name.clone(),
                    lead: lead.clone(),
                    found,
                });
            }
        }
        let find = |lead: &Lead| self.leads.iter().find(|signal| signal.lead == *lead);
        let missing: Vec<&str> = Lead::STANDARD
            .iter()
            .filter(|lead| find(lead).is_none())
            .map(Lead::name)
            .collect();
        if missing.is_empty() {
            return Ok(Lead::STANDARD.iter().filter_map(find).collect());
        }
        let found: Vec<&str> = self.leads.iter().map(|signal| signal.lead.name()).collect();
        Err(RecordError::MissingLeads {
            record: self.name.clone(),
            missing: missing.join(", "),
            found: if found.is_empty() {
                "no lead".to_owned()
            } else {
                found.join(", ")
            },
        })
    }
}

fn is_csv(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}
