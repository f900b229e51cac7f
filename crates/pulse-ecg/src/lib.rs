//! ECG signals and paper: records, measurements, pages with their geometry, wear, synthetic patients.
//!
//! The crate knows nothing of models. Everything random is drawn from a seed that is passed in, and
//! transcendental functions come from `libm`, so that a seed gives the same bytes on every platform.

mod csv_file;
pub mod decoys;
mod lead;
pub mod measure;
mod number;
mod open;
pub mod page;
pub mod page_check;
pub mod patients;
mod recording;
mod resample;
pub mod wear;
pub mod wfdb;
mod whole_file;

pub use csv_file::{CsvError, CsvOptions};
pub use lead::Lead;
pub use open::RecordError;
pub use recording::{LeadSignal, Patient, Recording, SAMPLING_RATES_HZ, Sex};
pub use resample::{PASSBAND, ResampleError, resample};
pub use wfdb::{WfdbError, WfdbRecord, WfdbSignal};
