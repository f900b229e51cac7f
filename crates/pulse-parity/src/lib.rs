//! The definition of correct: every stage of PULSE against reference values of the original.
//!
//! A golden folder holds inputs and outputs of the Python implementation; its format is described in
//! `docs/fidelity.md`. Each [`Section`] runs one stage of this project on the inputs and compares.
//! Anybody with the real weights and Python can make such a folder and prove equality on it.

mod check;
mod golden;
mod models;
mod sections;

pub use check::{Check, SectionReport, Status};
pub use golden::{Golden, GoldenError};
pub use models::Models;
pub use sections::Section;

use pulse_llm::DeviceName;

/// Runs sections against a folder on a device, in order. A section whose fixtures or models cannot be
/// used is reported as [`Status::Error`]; the others are run all the same.
pub fn run(golden: &Golden, sections: &[Section], device: DeviceName) -> Vec<SectionReport> {
    let models = Models::new(golden, device);
    sections
        .iter()
        .map(|section| section.run(golden, &models))
        .collect()
}
