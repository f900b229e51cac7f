//! Recordings from CSV: one column a lead, one line a sample.
//!
//! The first line names the columns: leads, and if there is one, time (`time`, `t`, `time_s`,
//! `time_ms`) or a counter of samples (`sample`, `index` or no name, as pandas writes it). A unit may
//! follow a lead's name: `V1 (uV)`, `V1 [mV]`. Empty cells and `NaN` are missing samples.

mod columns;
mod error;
mod read;
mod time;

pub use error::CsvError;
pub use read::CsvOptions;
