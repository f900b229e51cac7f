//! From data sets to training batches: ECGInstruct, ECGBench, tokens and labels, samplers, lint, synthesis.

pub mod batch;
pub mod labels;
pub mod sampler;

mod sample;

pub use sample::{Message, Sample};
