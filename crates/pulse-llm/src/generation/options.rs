//! What a caller can choose, and how a generation ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

/// How to turn logits into an answer. The default is that of the original's `run_llava.py`.
#[derive(Debug, Clone)]
pub struct GenerateOptions {
    /// 0 takes the most probable token (greedy); above 0 logits are divided by it and sampled.
    pub temperature: f32,
    /// Keep only this many most probable tokens when sampling; 0 keeps all. The original's library
    /// applies 50 without saying so.
    pub top_k: usize,
    /// Keep only the most probable tokens that together reach this probability when sampling;
    /// `None` keeps all.
    pub top_p: Option<f32>,
    /// Number of beams; above 1 searches instead of sampling and needs temperature 0.
    pub num_beams: usize,
    /// The answer ends after this many tokens at the latest.
    pub max_new_tokens: usize,
    /// Seed of the sampler; the same seed gives the same answer on the same machine.
    pub seed: u64,
    /// Lets another thread end the generation between two tokens, or the prefill between two pieces
    /// (the vision tower is not interrupted).
    pub cancel: Option<CancelToken>,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            temperature: 0.2,
            top_k: 50,
            top_p: None,
            num_beams: 1,
            max_new_tokens: 512,
            seed: 0,
            cancel: None,
        }
    }
}

impl GenerateOptions {
    /// The settings of the original's evaluation: greedy, up to 1024 tokens.
    pub fn greedy() -> Self {
        Self {
            temperature: 0.0,
            max_new_tokens: 1024,
            ..Self::default()
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`GenerationError::Option`] names the first one out of range.
    pub fn validate(&self) -> Result<(), GenerationError> {
        let fail = |name, found: String, expected| {
            Err(GenerationError::Option {
                name,
                found,
                expected,
            })
        };
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return fail("temperature", self.temperature.to_string(), "0 or above");
        }
        if let Some(top_p) = self.top_p.filter(|top_p| !(*top_p > 0.0 && *top_p <= 1.0)) {
            return fail("top-p", top_p.to_string(), "above 0, at most 1");
        }
        if !(1..=64).contains(&self.num_beams) {
            return fail("num-beams", self.num_beams.to_string(), "1 to 64");
        }
        if self.num_beams > 1 && self.temperature > 0.0 {
            let found = format!("{} with temperature {}", self.num_beams, self.temperature);
            return fail(
                "num-beams",
                found,
                "temperature 0: beams search, they do not sample",
            );
        }
        if self.max_new_tokens == 0 {
            return fail("max-new-tokens", "0".to_owned(), "1 or more");
        }
        Ok(())
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}

/// A flag that ends a generation from another thread. Clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every generation that holds this flag after its current token.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model said so.
    Stop,
    /// `max_new_tokens` was reached.
    MaxNewTokens,
    /// The model's context is full.
    ContextFull,
    /// Cancelled by the caller.
    Cancelled,
}

impl std::fmt::Display for FinishReason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Stop => "the model ended it",
            Self::MaxNewTokens => "the limit of new tokens was reached",
            Self::ContextFull => "the model's context is full",
            Self::Cancelled => "cancelled",
        })
    }
}

/// Why tokens cannot be generated.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum GenerationError {
    /// An option is out of range.
    #[error("{name} is {found}, expected {expected}")]
    Option {
        /// The option.
        name: &'static str,
        /// Its value.
        found: String,
        /// The range.
        expected: &'static str,
    },
    /// The prompt leaves no room for an answer.
    #[error(
        "the prompt takes {total} positions ({text} text, {visual} visual) and at least one is \
         needed for the answer, but the model's context is {context}; shorten the question or the \
         history by {excess}"
    )]
    PromptTooLong {
        /// Positions of the whole prompt.
        total: usize,
        /// Positions of its text.
        text: usize,
        /// Positions of its pictures.
        visual: usize,
        /// Positions there are.
        context: usize,
        /// Positions too many.
        excess: usize,
    },
    /// Cancelled by the caller before there was a first token.
    #[error("cancelled before the first token; nothing was answered")]
    Cancelled,
    /// The model computed something that is no number.
    #[error(
        "the logits at step {step} are not finite; the weights are damaged or overflow in the \
         chosen --dtype: check the checkpoint, try --dtype f32"
    )]
    NotFinite {
        /// Tokens generated before.
        step: usize,
    },
    /// The device did not hand the logits over.
    #[error("the device failed while the logits were read: {reason}")]
    Device {
        /// What it said.
        reason: String,
    },
}
