//! The nine tasks of ECGBench.
//!
//! What a task is called, what its answers look like and what the original scorer assumes about it lives in
//! one table, so that readers, both scorers, the judges and the report agree.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A task of ECGBench, named as on the Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Questions with four options about pictures from the web.
    MmmuEcg,
    /// Super-classes of PTB-XL.
    PtbTest,
    /// Findings of CPSC 2018.
    CpscTest,
    /// Chapman-Shaoxing-Ningbo as questions with eight options.
    CsnTestNoCot,
    /// Georgia (G12EC) as questions with eight options.
    G12TestNoCot,
    /// ECG-QA: which of the named options hold.
    EcgqaTest,
    /// Findings of CODE-15%.
    Code15Test,
    /// Reports of PTB-XL, written freely; scored by a judge.
    PtbTestReport,
    /// Two open questions per picture; scored by a judge.
    Arena,
}

/// What an answer to a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Any number of labels from a fixed list.
    Labels(&'static [&'static str]),
    /// One letter of this many, from A.
    Letter {
        /// How many options a question has.
        options: usize,
    },
    /// Any number of the options that the question itself lists.
    Options,
    /// A report that a judge compares with the reference report.
    Report,
    /// Two turns that a judge compares with the reference answers.
    Arena,
}

const PTB: &[&str] = &["NORM", "MI", "STTC", "CD", "HYP"];
const CPSC: &[&str] = &[
    "NORM", "AF", "I-AVB", "LBBB", "RBBB", "PAC", "PVC", "STD", "STE",
];
const CODE15: &[&str] = &[
    "1dAVb", "RBBB", "LBBB", "SB", "ST", "AF", "NORM", "ABNORMAL",
];

impl Task {
    /// Every task.
    pub const ALL: [Self; 9] = [
        Self::MmmuEcg,
        Self::PtbTest,
        Self::CpscTest,
        Self::CsnTestNoCot,
        Self::G12TestNoCot,
        Self::EcgqaTest,
        Self::Code15Test,
        Self::PtbTestReport,
        Self::Arena,
    ];

    /// The tasks scored without a judge, in the order in which the original scorer goes through them. Its
    /// random letters come from one stream, so the order is part of its result.
    pub const SCORED: [Self; 7] = [
        Self::MmmuEcg,
        Self::PtbTest,
        Self::CpscTest,
        Self::CsnTestNoCot,
        Self::G12TestNoCot,
        Self::EcgqaTest,
        Self::Code15Test,
    ];

    /// The task's name on the Hub; also the name of its folder and file.
    pub fn name(self) -> &'static str {
        match self {
            Self::MmmuEcg => "mmmu-ecg",
            Self::PtbTest => "ptb-test",
            Self::CpscTest => "cpsc-test",
            Self::CsnTestNoCot => "csn-test-no-cot",
            Self::G12TestNoCot => "g12-test-no-cot",
            Self::EcgqaTest => "ecgqa-test",
            Self::Code15Test => "code15-test",
            Self::PtbTestReport => "ptb-test-report",
            Self::Arena => "arena",
        }
    }

    /// Its labels; none for tasks that are answered otherwise.
    pub fn labels(self) -> &'static [&'static str] {
        match self.kind() {
            TaskKind::Labels(labels) => labels,
            _ => &[],
        }
    }

    /// What its answers are.
    pub fn kind(self) -> TaskKind {
        match self {
            Self::MmmuEcg => TaskKind::Letter { options: 4 },
            Self::CsnTestNoCot | Self::G12TestNoCot => TaskKind::Letter { options: 8 },
            Self::PtbTest => TaskKind::Labels(PTB),
            Self::CpscTest => TaskKind::Labels(CPSC),
            Self::Code15Test => TaskKind::Labels(CODE15),
            Self::EcgqaTest => TaskKind::Options,
            Self::PtbTestReport => TaskKind::Report,
            Self::Arena => TaskKind::Arena,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|task| task.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = Self::ALL.iter().map(|task| task.name()).collect();
                format!(
                    "unknown task {name:?}; expected one of {}",
                    known.join(", ")
                )
            })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_is_the_serde_name() {
        for task in Task::ALL {
            assert_eq!(task.name().parse::<Task>(), Ok(task));
            assert_eq!(
                serde_json::to_string(&task).unwrap(),
                format!("{:?}", task.name())
            );
        }
        assert!("ptb".parse::<Task>().unwrap_err().contains("ptb-test,"));
    }
}
