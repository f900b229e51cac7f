//! What is true of a synthetic ECG, as a file.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{PatientPlan, SyntheticEcg};
use crate::whole_file::write_whole;

/// Why the file of a synthetic patient could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TruthFileError {
    /// A value that JSON has no form for.
    #[error("the truth of the synthetic patient cannot be written as JSON: {source}")]
    Json {
        /// What was found.
        source: serde_json::Error,
    },
    /// The file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl SyntheticEcg {
    /// Writes labels (names and PTB-XL superclasses), report, true measurements and the plan as indented JSON,
    /// under a temporary name that is renamed when all is written.
    ///
    /// # Errors
    ///
    /// [`TruthFileError`] when the file cannot be written.
    pub fn save_truth(&self, plan: &PatientPlan, path: &Path) -> Result<(), TruthFileError> {
        let superclasses = self.superclasses();
        let truth = json!({
            "findings": self.findings.iter().map(|finding| finding.name()).collect::<Vec<_>>(),
            "superclasses": superclasses.iter().map(|class| class.code()).collect::<Vec<_>>(),
            "report": self.report,
            "measurements": self.truth,
            "plan": plan,
        });
        let mut text =
            serde_json::to_vec_pretty(&truth).map_err(|source| TruthFileError::Json { source })?;
        text.push(b'\n');
        write_whole(path, &text).map_err(|source| TruthFileError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::patients::{Finding, PatientPlan};
    use rand::SeedableRng;

    #[test]
    fn what_is_true_reads_back() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let plan = PatientPlan::with_finding(Finding::LeftBundleBranchBlock, &mut rng);
        let ecg = plan.synthesize(&mut rng).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.json");
        ecg.save_truth(&plan, &path).unwrap();
        let back: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(back["report"], ecg.report);
        assert_eq!(back["superclasses"][0], "CD");
        assert_eq!(back["plan"]["qrs_ms"].as_f64(), Some(plan.qrs_ms));
        let beats = back["measurements"]["beats"].as_array().unwrap();
        assert_eq!(beats.len(), ecg.truth.beats.len());
        assert!(
            ecg.save_truth(&plan, &folder.path().join("no/p.json"))
                .is_err()
        );
    }
}
