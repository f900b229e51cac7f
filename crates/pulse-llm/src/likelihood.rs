//! Given answers and how likely they are.

use crate::answer::Answer;

/// An answer whose probability is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// The answer's text.
    pub text: String,
    /// Whether the answer ends there: then the end-of-sequence token counts with it. Otherwise it is the
    /// beginning of an answer.
    pub is_whole: bool,
}

/// How likely an answer is.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Likelihood {
    /// Natural logarithm of its probability given the prompt.
    pub log_likelihood: f64,
    /// Tokens it has, the end-of-sequence token included where it counts.
    pub tokens: usize,
}

impl Likelihood {
    /// The log-probability per token: what makes answers of different lengths comparable.
    pub fn per_token(&self) -> f64 {
        self.log_likelihood / self.tokens.max(1) as f64
    }
}

/// An answer with the likelihoods of the candidates of its question, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredAnswer {
    /// What the model says.
    pub answer: Answer,
    /// How likely it finds the candidates.
    pub likelihoods: Vec<Likelihood>,
    /// The ids that each candidate adds to the prompt. Of two beginnings of answers, one contains the other if
    /// its ids begin with the other's.
    pub candidate_ids: Vec<Vec<u32>>,
}
