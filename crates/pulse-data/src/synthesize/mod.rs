//! A data set of synthetic patients in the shape of ECGInstruct, with a benchmark in the shape of ECGBench.
//!
//! Patients come from `pulse_ecg::patients`, pages and wear from `pulse_ecg::page` and `pulse_ecg::wear`, and
//! everything that is asked and answered follows from the patient's findings and true measurements. The
//! set is a device for teaching, testing and measuring: labels are true by construction, no patient stands
//! behind it, and a score on it is no clinical evidence.

mod array_file;
mod bench;
mod bench_case;
mod case;
mod cast;
mod decoy;
mod error;
mod facts;
mod look;
mod options;
mod questions;
mod random;
mod run;
mod statements;
mod truth;
mod wording;

pub use bench_case::{BenchCase, bench_case};
pub use error::SynthesizeError;
pub use look::Look;
pub use options::{SynthesizeOptions, SynthesizeReport};
pub use questions::QuestionKind;
pub use run::synthesize;
pub use statements::{NO_ANSWER, NO_PAGE};
pub use truth::{PageTruth, TRUTH_FILE, read_truths};
pub use wording::Wording;
