//! From data sets to training batches: ECGInstruct, ECGBench, tokens and labels, samplers, lint, synthesis.

mod sample;

pub use sample::{Message, Sample};
