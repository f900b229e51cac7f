//! Synthetic patients: seeded 12-lead ECGs with labels, true measurements and a report.
//!
//! A heart vector is built beat by beat from bell-shaped waves (the dynamical model of McSharry, Clifford,
//! Tarassenko and Smith 2003 in three dimensions, as Sameni et al. 2007 extend it), projected on the leads by
//! Dower's matrix, and disturbed at the electrodes. Findings change the vectors, the rhythm, or both.
//!
//! It is a device for teaching and testing: labels are true by construction, morphology is plausible, and
//! no patient stands behind it. It says nothing about prevalence or about the variety of real disease, and a
//! program's score on it is no clinical evidence. `docs/synthetic-patients.md` has sources and limits.
//!
//! ```
//! use pulse_ecg::patients::{Finding, PatientPlan};
//! use rand::SeedableRng;
//!
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
//! let plan = PatientPlan::with_finding(Finding::parse("atrial fibrillation")?, &mut rng);
//! let ecg = plan.synthesize(&mut rng)?;
//! assert_eq!(ecg.recording.leads.len(), 12);
//! assert_eq!(ecg.truth.pr_ms, None);
//! # Ok::<(), pulse_ecg::patients::PatientError>(())
//! ```

mod chance;
mod check;
mod compose;
mod disturb;
mod draw;
mod error;
mod fibrillatory;
mod finding;
mod heart;
mod mixture;
mod plan;
mod report;
mod rhythm;
mod statements;
mod synthesize;
mod territory;
mod truth;
mod truth_file;
mod variation;

pub use error::PatientError;
pub use finding::{Finding, Superclass};
pub use mixture::Mixture;
pub use plan::{Noise, PatientPlan, Wander};
pub use statements::{Statement, StatementError, StatementReport, Topic};
pub use synthesize::SyntheticEcg;
pub use territory::Territory;
pub use truth::{Beat, BeatKind, TrueMeasurements};
pub use truth_file::TruthFileError;
