//! The truths of a run's pages and what counts.

use std::collections::HashMap;
use std::path::Path;

use pulse_data::batch::HostBatch;
use pulse_data::synthesize::read_truths;

use super::target::Target;
use crate::config::FindingsSettings;
use crate::error::TrainError;

/// What a pass needs to know to teach findings.
#[derive(Debug, Clone)]
pub struct FindingsTask {
    targets: HashMap<String, Target>,
    /// Weight of the head's loss.
    pub weight: f64,
    /// Whether conversations are learnt beside it.
    pub language: bool,
}

impl FindingsTask {
    /// Reads the truths of a set.
    ///
    /// # Errors
    /// [`TrainError::Data`] if they cannot be read.
    pub fn open(settings: &FindingsSettings, path: &Path) -> Result<Self, TrainError> {
        let truths = read_truths(path).map_err(|error| {
            TrainError::Data(format!(
                "{error}; [findings] needs the truth.json that `pulse-data synthesize` writes"
            ))
        })?;
        Ok(Self {
            targets: truths
                .iter()
                .map(|(id, truth)| (id.clone(), Target::of(truth)))
                .collect(),
            weight: settings.weight,
            language: settings.language,
        })
    }

    /// The targets of a batch's rows.
    ///
    /// # Errors
    /// [`TrainError::Data`] names a sample without a truth.
    pub fn targets(&self, batch: &HostBatch) -> Result<Vec<&Target>, TrainError> {
        batch
            .ids
            .iter()
            .map(|id| {
                self.targets.get(id).ok_or_else(|| {
                    TrainError::Data(format!(
                        "sample {id} has no truth; findings.truth and data.conversations must be of one set"
                    ))
                })
            })
            .collect()
    }
}
