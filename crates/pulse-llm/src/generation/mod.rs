//! Logits to token sequences.
//!
//! The engine knows nothing of tokens' texts or of pictures: it works on embeddings and ids.

mod beam;
mod engine;
mod likelihood;
mod options;
mod sampler;
mod token_tree;

pub use beam::{BeamHypothesis, beam_search};
pub use engine::{DecodeState, GeneratedIds, generate, prefill, prefill_cancellable};
pub use likelihood::{Continuation, ContinuationTrees};
pub use options::{CancelToken, FinishReason, GenerateOptions, GenerationError};
pub use sampler::Sampler;
