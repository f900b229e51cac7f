//! The nine configurations of ECGBench.

use std::fmt;
use std::str::FromStr;

use super::error::BenchError;

/// How a configuration is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BenchTask {
    /// Any number of labels of a fixed set.
    MultiLabel,
    /// A report in free text.
    Report,
    /// Any number of options that the question lists.
    OptionSet,
    /// One of eight lettered options.
    EightOptions,
    /// One of four lettered options.
    FourOptions,
    /// Two questions one after the other in free text.
    TwoTurns,
}

/// A configuration of ECGBench, named as on the Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BenchConfig {
    /// PTB-XL super-classes.
    PtbTest,
    /// Reports of PTB-XL records.
    PtbTestReport,
    /// Abnormalities of CODE-15%.
    Code15Test,
    /// ECG-QA on PTB-XL.
    EcgqaTest,
    /// CPSC 2018.
    CpscTest,
    /// Chapman-Shaoxing-Ningbo.
    CsnTest,
    /// Georgia.
    G12Test,
    /// The ECG questions of MMMU.
    MmmuEcg,
    /// ECG Arena.
    Arena,
}

impl BenchConfig {
    /// All nine, in the order of the data set's card.
    pub const ALL: [Self; 9] = [
        Self::PtbTest,
        Self::PtbTestReport,
        Self::Code15Test,
        Self::EcgqaTest,
        Self::CpscTest,
        Self::CsnTest,
        Self::G12Test,
        Self::MmmuEcg,
        Self::Arena,
    ];

    /// The name on the Hub and of the JSON file.
    pub fn name(self) -> &'static str {
        match self {
            Self::PtbTest => "ptb-test",
            Self::PtbTestReport => "ptb-test-report",
            Self::Code15Test => "code15-test",
            Self::EcgqaTest => "ecgqa-test",
            Self::CpscTest => "cpsc-test",
            Self::CsnTest => "csn-test-no-cot",
            Self::G12Test => "g12-test-no-cot",
            Self::MmmuEcg => "mmmu-ecg",
            Self::Arena => "arena",
        }
    }

    /// How its questions are answered.
    pub fn task(self) -> BenchTask {
        match self {
            Self::PtbTest | Self::Code15Test | Self::CpscTest => BenchTask::MultiLabel,
            Self::PtbTestReport => BenchTask::Report,
            Self::EcgqaTest => BenchTask::OptionSet,
            Self::CsnTest | Self::G12Test => BenchTask::EightOptions,
            Self::MmmuEcg => BenchTask::FourOptions,
            Self::Arena => BenchTask::TwoTurns,
        }
    }

    /// Number of items that the published set has.
    pub fn published_items(self) -> u64 {
        match self {
            Self::PtbTest => 2082,
            Self::PtbTestReport => 500,
            Self::Code15Test => 1400,
            Self::EcgqaTest => 1317,
            Self::CpscTest => 2061,
            Self::CsnTest => 1611,
            Self::G12Test => 2026,
            Self::MmmuEcg => 200,
            Self::Arena => 50,
        }
    }

    /// The labels of a multi-label configuration, as the original's scorer knows them; empty for
    /// the others.
    pub fn labels(self) -> &'static [&'static str] {
        match self {
            Self::PtbTest => &["NORM", "MI", "STTC", "CD", "HYP"],
            Self::CpscTest => &[
                "NORM", "AF", "I-AVB", "LBBB", "RBBB", "PAC", "PVC", "STD", "STE",
            ],
            Self::Code15Test => &[
                "1dAVb", "RBBB", "LBBB", "SB", "ST", "AF", "NORM", "ABNORMAL",
            ],
            _ => &[],
        }
    }
}

impl fmt::Display for BenchConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl serde::Serialize for BenchConfig {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for BenchConfig {
    type Err = BenchError;

    fn from_str(name: &str) -> Result<Self, BenchError> {
        Self::ALL
            .into_iter()
            .find(|config| config.name() == name)
            .ok_or_else(|| BenchError::UnknownConfig {
                found: name.to_owned(),
            })
    }
}
