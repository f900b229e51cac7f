//! Names of leads.
//!
//! Data sets spell the same lead `aVR`, `AVR`, `avr` or `MDC_ECG_LEAD_AVR`; inside the program a lead has
//! one name. Leads outside the twelve (Frank leads, right-sided or posterior electrodes) keep the name
//! their record gives them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A lead: one of the standard twelve, or another by its own name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Lead {
    /// Limb lead I.
    I,
    /// Limb lead II.
    II,
    /// Limb lead III.
    III,
    /// Augmented lead aVR.
    AVR,
    /// Augmented lead aVL.
    AVL,
    /// Augmented lead aVF.
    AVF,
    /// Chest lead V1.
    V1,
    /// Chest lead V2.
    V2,
    /// Chest lead V3.
    V3,
    /// Chest lead V4.
    V4,
    /// Chest lead V5.
    V5,
    /// Chest lead V6.
    V6,
    /// A lead outside the standard twelve, as its record spells it.
    Other(String),
}

impl Lead {
    /// The standard twelve in the order of records and reports: limb, augmented, chest.
    pub const STANDARD: [Self; 12] = [
        Self::I,
        Self::II,
        Self::III,
        Self::AVR,
        Self::AVL,
        Self::AVF,
        Self::V1,
        Self::V2,
        Self::V3,
        Self::V4,
        Self::V5,
        Self::V6,
    ];

    /// The name as it is printed on paper: `I`, `aVR`, `V1`, or the record's own.
    pub fn name(&self) -> &str {
        match self {
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
            Self::AVR => "aVR",
            Self::AVL => "aVL",
            Self::AVF => "aVF",
            Self::V1 => "V1",
            Self::V2 => "V2",
            Self::V3 => "V3",
            Self::V4 => "V4",
            Self::V5 => "V5",
            Self::V6 => "V6",
            Self::Other(name) => name,
        }
    }

    /// Reads a lead's name in any case, with or without the prefixes `lead` and `MDC_ECG_LEAD_`.
    ///
    /// An unknown name becomes [`Lead::Other`] with the name as given, trimmed: nothing is guessed.
    pub fn parse(name: &str) -> Self {
        let trimmed = name.trim();
        let upper = trimmed.to_ascii_uppercase();
        let bare = ["MDC_ECG_LEAD_", "LEAD"]
            .iter()
            .find_map(|prefix| upper.strip_prefix(prefix))
            .unwrap_or(&upper)
            .trim_matches([' ', '_', '-']);
        Self::STANDARD
            .into_iter()
            .find(|lead| lead.name().eq_ignore_ascii_case(bare))
            .unwrap_or_else(|| Self::Other(trimmed.to_owned()))
    }

    /// Whether it is one of the standard twelve.
    pub const fn is_standard(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<String> for Lead {
    fn from(name: String) -> Self {
        Self::parse(&name)
    }
}

impl From<Lead> for String {
    fn from(lead: Lead) -> Self {
        lead.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Lead;

    #[test]
    fn spellings_of_one_lead_are_one_lead() {
        for name in ["aVR", "AVR", "avr", " aVR ", "MDC_ECG_LEAD_AVR", "lead avr"] {
            assert_eq!(Lead::parse(name), Lead::AVR, "{name}");
        }
    }

    #[test]
    fn unknown_leads_keep_their_name() {
        assert_eq!(Lead::parse("vx"), Lead::Other("vx".to_owned()));
        assert!(!Lead::parse("V7").is_standard());
    }
}
