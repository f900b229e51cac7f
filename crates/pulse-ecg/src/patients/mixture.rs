//! Which findings are how frequent.

use serde::{Deserialize, Serialize};

/// A mixture of findings to draw patients from; the shares are in `docs/synthetic-patients.md`. Both are made for
/// teaching and neither is an estimate of a population.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mixture {
    /// Most patients have sinus rhythm and one finding or none.
    #[default]
    Ward,
    /// Rare findings are two to three times as frequent, so that a small model meets each of them often enough to
    /// learn it.
    Balanced,
}

impl Mixture {
    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ward => "ward",
            Self::Balanced => "balanced",
        }
    }
}
