//! How often each answer is right: a set where one answer is nearly always right teaches that answer.

use std::collections::HashMap;

use crate::bench::{BenchConfig, BenchTask};
use crate::sample::Sample;

/// Answers of more words are free text and not counted.
const LONGEST: usize = 4;
/// Rows that a report has.
const ROWS: usize = 20;
/// Different answers that are counted at most; a set of free texts must not fill the memory.
const MOST: usize = 100_000;

/// Counts of short answers, or of the labels of a benchmark.
#[derive(Debug, Default)]
pub(super) struct Balance {
    counts: HashMap<String, u64>,
    other: u64,
}

impl Balance {
    /// Counts the answers of an item.
    pub(super) fn add(&mut self, sample: &Sample, config: Option<BenchConfig>) {
        let answers = sample
            .conversations
            .iter()
            .filter(|turn| turn.from == "gpt");
        for answer in answers.map(|turn| turn.value.trim()) {
            match config {
                Some(config) => self.add_gold(answer, config),
                None => self.add_short(answer),
            }
        }
    }

    fn add_short(&mut self, answer: &str) {
        if answer.split_whitespace().count() > LONGEST {
            self.other += 1;
        } else {
            self.count(answer.trim_end_matches('.').to_lowercase());
        }
    }

    /// The right answer of a benchmark: its labels, its letter or its options.
    fn add_gold(&mut self, answer: &str, config: BenchConfig) {
        match config.task() {
            BenchTask::MultiLabel => {
                let labels = answer.split(',').map(str::trim);
                for label in labels.filter(|label| !label.is_empty()) {
                    self.count(label.to_owned());
                }
            }
            BenchTask::EightOptions | BenchTask::FourOptions => {
                self.count(answer.chars().take(1).collect());
            }
            BenchTask::OptionSet => {
                for option in answer.split(", ") {
                    self.count(option.to_owned());
                }
            }
            BenchTask::Report | BenchTask::TwoTurns => self.other += 1,
        }
    }

    fn count(&mut self, label: String) {
        if let Some(count) = self.counts.get_mut(&label) {
            *count += 1;
        } else if self.counts.len() < MOST {
            self.counts.insert(label, 1);
        } else {
            self.other += 1;
        }
    }

    /// The most frequent labels first, then by name; what is not among them is counted as other.
    pub(super) fn finish(self) -> (Vec<(String, u64)>, u64) {
        let mut rows: Vec<(String, u64)> = self.counts.into_iter().collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let rest: u64 = rows.iter().skip(ROWS).map(|(_, count)| count).sum();
        rows.truncate(ROWS);
        (rows, self.other + rest)
    }
}
