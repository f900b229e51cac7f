//! One item as bits and numbers.

use pulse_ecg::patients::{Finding, Statement, StatementReport, Topic};

use crate::metrics::LabelRow;

/// An item's truth and answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatementRow {
    /// Bit `k`: the finding `Finding::ALL[k]`; behind them one bit each for normal conduction and a normal ST
    /// segment.
    pub labels: LabelRow,
    /// True mean ventricular rate per minute.
    pub rate_bpm: u32,
    /// What the answer says; `None` if it is not well-formed.
    pub stated_rate_bpm: Option<u32>,
    /// Whether the answer says the same about every topic.
    pub is_exact: bool,
}

/// Topics for which saying that there is nothing is a class of its own.
pub(super) const NORMAL: [Topic; 2] = [Topic::Conduction, Topic::StSegment];

/// Number of all classes.
pub(super) fn classes() -> usize {
    Finding::ALL.len() + NORMAL.len()
}

/// The class of a finding.
pub(super) fn class_of(finding: Finding) -> usize {
    let mut findings = Finding::ALL.iter();
    findings.position(|one| *one == finding).unwrap_or(0)
}

impl StatementRow {
    /// Compares an answer with the truth; `None` if it is not well-formed, or not there.
    pub fn of(truth: &StatementReport, answer: Option<&StatementReport>) -> Self {
        Self {
            labels: LabelRow {
                gold: bits(truth),
                predicted: answer.map_or(0, bits),
            },
            rate_bpm: truth.rate_bpm(),
            stated_rate_bpm: answer.map(StatementReport::rate_bpm),
            is_exact: answer.is_some_and(|answer| {
                Topic::ALL
                    .iter()
                    .all(|topic| answer.about(*topic) == truth.about(*topic))
            }),
        }
    }

    /// Stated minus true rate.
    pub(super) fn rate_error(&self) -> Option<f64> {
        let stated = self.stated_rate_bpm?;
        Some(f64::from(stated) - f64::from(self.rate_bpm))
    }
}

fn bits(report: &StatementReport) -> u64 {
    let mut bits = 0;
    for (class, finding) in Finding::ALL.iter().enumerate() {
        bits |= u64::from(report.names(*finding)) << class;
    }
    for (place, topic) in NORMAL.iter().enumerate() {
        let is_normal = *report.about(*topic) == Statement::Findings(Vec::new());
        bits |= u64::from(is_normal) << (Finding::ALL.len() + place);
    }
    bits
}
