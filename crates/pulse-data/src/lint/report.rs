//! What was found, for people and programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::rule::{Finding, Rule, Severity};

/// Bars of a histogram.
const BARS: usize = 40;

/// The result of [`lint`](super::lint()).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LintReport {
    /// What was linted.
    #[serde(serialize_with = "crate::lossy::path")]
    pub path: PathBuf,
    /// Whether nothing was found.
    pub is_clean: bool,
    /// Number of errors.
    pub errors: u64,
    /// Number of warnings.
    pub warnings: u64,
    /// Findings of each rule that was broken.
    pub counts: BTreeMap<Rule, u64>,
    /// The first findings of each rule.
    pub findings: Vec<Finding>,
    /// The sets.
    pub sets: Vec<SetReport>,
    /// Recordings shared by training and test sets.
    pub overlaps: Vec<Overlap>,
    /// What happened on the way and is no defect of the data, such as an index that could not be kept.
    pub notes: Vec<String>,
    /// Version of this program.
    pub version: String,
}

/// One set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// Its name.
    pub name: String,
    /// Whether it is compared with the training sets.
    pub is_test: bool,
    /// Items.
    pub items: u64,
    /// Items without a picture.
    pub text_only: u64,
    /// Different pictures.
    pub pictures: u64,
    /// Messages.
    pub messages: u64,
    /// Lengths of the items.
    pub lengths: Histogram,
    /// How often the most frequent short answers or labels are right.
    pub labels: Vec<(String, u64)>,
    /// Answers that are free text or not among them.
    pub other_answers: u64,
    /// Different recordings that the pictures' paths tell of.
    pub recordings: u64,
    /// Pictures whose paths tell of none.
    pub unknown_recordings: u64,
}

/// Lengths of items in equal steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// `tokens` or `words`.
    pub unit: &'static str,
    /// Width of a bar.
    pub step: usize,
    /// Items of each bar: bar `i` has lengths `i * step .. (i + 1) * step`.
    pub counts: Vec<u64>,
    /// Shortest.
    pub min: usize,
    /// Median.
    pub median: usize,
    /// Longest.
    pub max: usize,
    /// The context, if a model was given.
    pub limit: Option<usize>,
}

/// Recordings that a test set shares with a training set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The training set.
    pub train: String,
    /// The test set.
    pub test: String,
    /// Recordings in both.
    pub records: u64,
    /// Patients in both with different recordings.
    pub patients: u64,
}

impl Histogram {
    /// Sorts lengths into at most 40 bars of a round width.
    pub(super) fn new(mut lengths: Vec<u32>, unit: &'static str, limit: Option<usize>) -> Self {
        lengths.sort_unstable();
        let at = |index: usize| lengths.get(index).map_or(0, |length| *length as usize);
        let max = at(lengths.len().saturating_sub(1));
        let step = [1, 2, 5]
            .into_iter()
            .cycle()
            .zip((0..9).flat_map(|power| [10usize.pow(power); 3]))
            .map(|(digit, power)| digit * power)
            .find(|step| max / step < BARS)
            .unwrap_or(usize::MAX);
        let mut counts = vec![
            0;
            if lengths.is_empty() {
                0
            } else {
                max / step + 1
            }
        ];
        for length in &lengths {
            if let Some(count) = counts.get_mut(*length as usize / step) {
                *count += 1;
            }
        }
        Self {
            unit,
            step,
            counts,
            min: at(0),
            median: at(lengths.len() / 2),
            max,
            limit,
        }
    }
}

/// Findings as they come: all are counted, the first of each rule kept.
pub(super) struct Findings {
    keep: usize,
    counts: BTreeMap<Rule, u64>,
    kept: Vec<Finding>,
    notes: Vec<String>,
}

impl Findings {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep,
            counts: BTreeMap::new(),
            kept: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.rule).or_default();
        *count += 1;
        if *count <= self.keep as u64 {
            self.kept.push(finding);
        }
    }

    pub(super) fn finish(
        mut self,
        path: PathBuf,
        sets: Vec<SetReport>,
        overlaps: Vec<Overlap>,
    ) -> LintReport {
        let sum = |severity: Severity| {
            let of = self
                .counts
                .iter()
                .filter(|(rule, _)| rule.severity() == severity);
            of.map(|(_, count)| count).sum()
        };
        let (errors, warnings): (u64, u64) = (sum(Severity::Error), sum(Severity::Warning));
        // Errors first, then rule by rule; the order of the files within a rule stays.
        self.kept
            .sort_by_key(|finding| (finding.severity, finding.rule));
        LintReport {
            path,
            is_clean: errors + warnings == 0,
            errors,
            warnings,
            counts: self.counts,
            findings: self.kept,
            sets,
            overlaps,
            notes: self.notes,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_all_lengths() {
        let lengths: Vec<u32> = (0..1000).collect();
        let histogram = Histogram::new(lengths, "words", None);
        assert_eq!(histogram.counts.iter().sum::<u64>(), 1000);
        assert_eq!((histogram.step, histogram.counts.len()), (50, 20));
        assert_eq!(
            (histogram.min, histogram.median, histogram.max),
            (0, 500, 999)
        );
        assert!(Histogram::new(vec![], "words", None).counts.is_empty());
        assert_eq!(Histogram::new(vec![7], "words", None).counts[7], 1);
    }
}
