//! From data sets to training batches: ECGInstruct, ECGBench, tokens and labels, samplers, lint, synthesis.

pub mod bench;
pub mod extract;
pub mod instruct;
pub mod lint;
pub mod synthesize;

mod files;
mod sample;
mod source_record;

pub use sample::{Message, Sample};
pub use source_record::{RecordSource, SourceRecord};
