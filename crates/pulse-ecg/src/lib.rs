//! ECG signals and paper: records, measurements, pages with their geometry, wear, synthetic patients.
//!
//! The crate knows nothing of models. Everything random is drawn from a seed that is passed in, and
//! transcendental functions come from `libm`, so that a seed gives the same bytes on every platform.

mod lead;
pub mod measure;
pub mod patients;
mod recording;

pub use lead::Lead;
pub use recording::{LeadSignal, Patient, Recording, Sex};
