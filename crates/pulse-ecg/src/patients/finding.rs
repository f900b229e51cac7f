//! What a synthetic patient can have: the vocabulary of labels.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{PatientError, Territory};

/// Diagnostic superclasses of PTB-XL (Wagner et al. 2020), as ECGInstruct and ECGBench use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Superclass {
    /// Normal ECG.
    #[serde(rename = "NORM")]
    Norm,
    /// Myocardial infarction.
    #[serde(rename = "MI")]
    Mi,
    /// Changes of ST segment or T wave.
    #[serde(rename = "STTC")]
    Sttc,
    /// Conduction disturbance.
    #[serde(rename = "CD")]
    Cd,
    /// Hypertrophy.
    #[serde(rename = "HYP")]
    Hyp,
}

impl Superclass {
    /// The data set's abbreviation: `NORM`, `MI`, `STTC`, `CD` or `HYP`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Norm => "NORM",
            Self::Mi => "MI",
            Self::Sttc => "STTC",
            Self::Cd => "CD",
            Self::Hyp => "HYP",
        }
    }
}

macro_rules! findings {
    ($($variant:ident, $name:literal, $snomed:expr, $superclass:expr, [$($alias:literal),*];)*) => {
        /// One labelled finding. Serialises in snake case (`atrial_fibrillation`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Finding {
            $(#[doc = concat!("A label: ", $name, ".")] $variant,)*
        }

        impl Finding {
            /// Every finding the generator can make.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The finding in clinical wording, lower case.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The SNOMED CT code that the PhysioNet/CinC Challenge 2021 uses for it, where there is one.
            /// ST changes and Q waves carry the Challenge's code without the territory.
            pub const fn snomed_ct(self) -> Option<&'static str> {
                match self { $(Self::$variant => $snomed,)* }
            }

            /// Its diagnostic superclass in PTB-XL. Rhythms other than sinus rhythm, premature beats, axis
            /// and pacing are rhythm or form statements there and have none. `NORM` of
            /// [`Finding::SinusRhythm`] holds only when nothing else is found.
            pub const fn superclass(self) -> Option<Superclass> {
                match self { $(Self::$variant => $superclass,)* }
            }

            /// Other names it is known by, lower case.
            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)* }
            }
        }
    };
}

const NORM: Option<Superclass> = Some(Superclass::Norm);
const MI: Option<Superclass> = Some(Superclass::Mi);
const STTC: Option<Superclass> = Some(Superclass::Sttc);
const CD: Option<Superclass> = Some(Superclass::Cd);
const HYP: Option<Superclass> = Some(Superclass::Hyp);
const ST_ELEVATION: Option<&str> = Some("164931005");
const ST_DEPRESSION: Option<&str> = Some("429622005");
const Q_WAVE: Option<&str> = Some("164917005");

findings! {
    SinusRhythm, "sinus rhythm", Some("426783006"), NORM, ["normal sinus rhythm", "normal", "normal ecg", "nsr"];
    SinusBradycardia, "sinus bradycardia", Some("426177001"), None, ["bradycardia"];
    SinusTachycardia, "sinus tachycardia", Some("427084000"), None, ["tachycardia"];
    SinusArrhythmia, "sinus arrhythmia", Some("427393009"), None, ["respiratory sinus arrhythmia"];
    AtrialFibrillation, "atrial fibrillation", Some("164889003"), None, ["af", "afib"];
    AtrialFlutter, "atrial flutter", Some("164890007"), None, ["flutter", "afl"];
    PrematureAtrialContractions, "premature atrial contractions", Some("284470004"), None,
        ["pac", "premature atrial contraction", "atrial premature complex", "supraventricular extrasystole"];
    PrematureVentricularContractions, "premature ventricular contractions", Some("427172004"), None,
        ["pvc", "premature ventricular contraction", "ventricular premature complex", "ventricular extrasystole"];
    FirstDegreeAvBlock, "first-degree AV block", Some("270492004"), CD, ["first degree block", "1avb"];
    LeftBundleBranchBlock, "left bundle branch block", Some("164909002"), CD,
        ["lbbb", "complete left bundle branch block"];
    RightBundleBranchBlock, "right bundle branch block", Some("59118001"), CD,
        ["rbbb", "complete right bundle branch block"];
    LeftVentricularHypertrophy, "left ventricular hypertrophy", Some("164873001"), HYP, ["lvh"];
    LeftVentricularStrain, "left ventricular strain", Some("370365005"), STTC, ["strain", "strain pattern"];
    AnteriorStElevation, "anterior ST elevation", ST_ELEVATION, STTC, ["st elevation", "anterior stemi"];
    SeptalStElevation, "septal ST elevation", ST_ELEVATION, STTC, ["septal stemi"];
    LateralStElevation, "lateral ST elevation", ST_ELEVATION, STTC, ["lateral stemi"];
    InferiorStElevation, "inferior ST elevation", ST_ELEVATION, STTC, ["inferior stemi"];
    AnteriorStDepression, "anterior ST depression", ST_DEPRESSION, STTC, [];
    SeptalStDepression, "septal ST depression", ST_DEPRESSION, STTC, [];
    LateralStDepression, "lateral ST depression", ST_DEPRESSION, STTC, ["st depression"];
    InferiorStDepression, "inferior ST depression", ST_DEPRESSION, STTC, [];
    AnteriorQWaveInfarction, "anterior Q-wave infarction", Q_WAVE, MI, ["anterior infarction", "anterior myocardial infarction"];
    SeptalQWaveInfarction, "septal Q-wave infarction", Q_WAVE, MI, ["septal infarction", "septal myocardial infarction"];
    LateralQWaveInfarction, "lateral Q-wave infarction", Q_WAVE, MI, ["lateral infarction", "lateral myocardial infarction"];
    InferiorQWaveInfarction, "inferior Q-wave infarction", Q_WAVE, MI, ["inferior infarction", "inferior myocardial infarction", "infarction"];
    LongQt, "prolonged QT interval", Some("111975006"), STTC, ["long qt", "prolonged qt"];
    PacedRhythm, "ventricular paced rhythm", Some("10370003"), None, ["paced", "paced rhythm", "pacemaker"];
    LeftAxisDeviation, "left axis deviation", Some("39732003"), None, ["left axis"];
    RightAxisDeviation, "right axis deviation", Some("47665007"), None, ["right axis"];
}

impl Finding {
    /// Reads a name: clinical wording, the snake-case name or a usual abbreviation, in any case.
    ///
    /// # Errors
    ///
    /// [`PatientError::UnknownFinding`] with the nearest known name.
    pub fn parse(name: &str) -> Result<Self, PatientError> {
        let wanted = normalise(name);
        let spellings = || {
            Self::ALL.iter().flat_map(|finding| {
                std::iter::once(finding.name())
                    .chain(finding.aliases().iter().copied())
                    .map(|spelling| (*finding, spelling))
            })
        };
        if let Some((finding, _)) = spellings().find(|(_, spelling)| normalise(spelling) == wanted)
        {
            return Ok(finding);
        }
        if let Some(finding) = Self::ALL
            .iter()
            .find(|finding| normalise(&finding.id()) == wanted)
        {
            return Ok(*finding);
        }
        let nearest =
            spellings().min_by_key(|(_, spelling)| edit_distance(&normalise(spelling), &wanted));
        Err(PatientError::UnknownFinding {
            name: name.trim().chars().take(80).collect(),
            suggestion: nearest
                .map_or("sinus rhythm", |(finding, _)| finding.name())
                .to_owned(),
        })
    }

    /// The snake-case name, as serde writes it.
    pub fn id(self) -> String {
        let mut id = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !id.is_empty() {
                id.push('_');
            }
            id.push(letter.to_ascii_lowercase());
        }
        id
    }

    /// The rhythm findings that name what drives the ventricles; a patient has exactly one.
    pub const fn is_rhythm(self) -> bool {
        matches!(
            self,
            Self::SinusRhythm
                | Self::SinusBradycardia
                | Self::SinusTachycardia
                | Self::AtrialFibrillation
                | Self::AtrialFlutter
                | Self::PacedRhythm
        )
    }

    /// Where the ST segment is raised, for the four findings that say so.
    pub const fn st_elevation(self) -> Option<Territory> {
        match self {
            Self::AnteriorStElevation => Some(Territory::Anterior),
            Self::SeptalStElevation => Some(Territory::Septal),
            Self::LateralStElevation => Some(Territory::Lateral),
            Self::InferiorStElevation => Some(Territory::Inferior),
            _ => None,
        }
    }

    /// Where the ST segment is lowered, for the four findings that say so.
    pub const fn st_depression(self) -> Option<Territory> {
        match self {
            Self::AnteriorStDepression => Some(Territory::Anterior),
            Self::SeptalStDepression => Some(Territory::Septal),
            Self::LateralStDepression => Some(Territory::Lateral),
            Self::InferiorStDepression => Some(Territory::Inferior),
            _ => None,
        }
    }

    /// Where Q waves stand for an infarction, for the four findings that say so.
    pub const fn q_wave_infarction(self) -> Option<Territory> {
        match self {
            Self::AnteriorQWaveInfarction => Some(Territory::Anterior),
            Self::SeptalQWaveInfarction => Some(Territory::Septal),
            Self::LateralQWaveInfarction => Some(Territory::Lateral),
            Self::InferiorQWaveInfarction => Some(Territory::Inferior),
            _ => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Lower case, letters and digits only: `First-Degree AV block` and `first_degree_av_block` are one name.
fn normalise(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(80)
        .collect()
}

/// Levenshtein distance, for the suggestion.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Finding;
    use crate::patients::PatientError;

    #[test]
    fn every_name_and_id_reads_back() {
        for &finding in Finding::ALL {
            assert_eq!(Finding::parse(finding.name()), Ok(finding));
            assert_eq!(Finding::parse(&finding.id()), Ok(finding));
            let json = serde_json::to_string(&finding).unwrap();
            assert_eq!(json, format!("\"{}\"", finding.id()));
        }
    }

    #[test]
    fn a_spelling_mistake_is_answered_with_the_nearest_name() {
        let error = Finding::parse("atrial fibrilation").unwrap_err();
        assert_eq!(
            error,
            PatientError::UnknownFinding {
                name: "atrial fibrilation".into(),
                suggestion: "atrial fibrillation".into()
            }
        );
    }

    #[test]
    fn spellings_name_one_finding_only() {
        for &finding in Finding::ALL {
            for alias in finding.aliases() {
                assert_eq!(Finding::parse(alias), Ok(finding), "{alias}");
            }
        }
    }
}
