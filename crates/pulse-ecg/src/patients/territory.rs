//! Territories of the left ventricle and the leads that look at them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lead::Lead;

/// A wall of the left ventricle as the twelve leads see it.
///
/// Grouping of leads: Thygesen et al., *Fourth universal definition of myocardial infarction*, 2018, and
/// common teaching (septal V1-V2, anterior V2-V4, lateral I, aVL, V5-V6, inferior II, III, aVF).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Territory {
    /// V2 to V4.
    Anterior,
    /// V1 and V2.
    Septal,
    /// I, aVL, V5 and V6.
    Lateral,
    /// II, III and aVF.
    Inferior,
}

impl Territory {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Anterior, Self::Septal, Self::Lateral, Self::Inferior];

    /// The leads that look at it.
    pub const fn leads(self) -> &'static [Lead] {
        match self {
            Self::Anterior => &[Lead::V2, Lead::V3, Lead::V4],
            Self::Septal => &[Lead::V1, Lead::V2],
            Self::Lateral => &[Lead::I, Lead::AVL, Lead::V5, Lead::V6],
            Self::Inferior => &[Lead::II, Lead::III, Lead::AVF],
        }
    }

    /// Adjective: `anterior`, `septal`, `lateral`, `inferior`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anterior => "anterior",
            Self::Septal => "septal",
            Self::Lateral => "lateral",
            Self::Inferior => "inferior",
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
