//! What happened to the samples of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::defect::SampleDefect;

/// What was done with a sample that has a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleFate {
    /// Left out.
    Dropped,
    /// Learnt from after something was left off.
    Mended,
    /// Learnt from as the original would, its labels masked.
    Masked,
}

/// A sample with a defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedSample {
    /// The sample's id.
    pub id: String,
    /// What was done.
    pub fate: SampleFate,
    /// The kind of defect, [`SampleDefect::name`].
    pub defect: String,
    /// The defect in words.
    pub reason: String,
}

/// Counts over all samples, and the ids of the first ones with a defect.
///
/// The list is bounded so that a data set of a million defects does not fill the memory; each
/// defect is also logged with its id (`tracing`, level `warn`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SampleReport {
    /// Samples learnt from, mended and masked ones included.
    pub kept: u64,
    /// Samples left out.
    pub dropped: u64,
    /// Samples by fate and kind of defect.
    pub counts: BTreeMap<SampleFate, BTreeMap<String, u64>>,
    /// The first [`SampleReport::LISTED`] samples with a defect.
    pub samples: Vec<ReportedSample>,
}

impl SampleReport {
    /// How many samples are listed by id.
    pub const LISTED: usize = 1000;

    /// Counts a sample that is learnt from, with what was mended or tolerated.
    pub fn keep(&mut self, id: &str, defects: &[SampleDefect]) {
        self.kept += 1;
        for defect in defects {
            let fate = match defect {
                SampleDefect::TokenizationMismatch { .. } => SampleFate::Masked,
                _ => SampleFate::Mended,
            };
            self.add(id, fate, defect);
        }
    }

    /// Counts a sample that is left out.
    pub fn drop(&mut self, id: &str, defect: &SampleDefect) {
        self.dropped += 1;
        self.add(id, SampleFate::Dropped, defect);
    }

    /// Adds the counts of another report.
    pub fn merge(&mut self, other: &Self) {
        self.kept += other.kept;
        self.dropped += other.dropped;
        for (fate, counts) in &other.counts {
            let ours = self.counts.entry(*fate).or_default();
            for (name, count) in counts {
                *ours.entry(name.clone()).or_default() += count;
            }
        }
        let room = Self::LISTED.saturating_sub(self.samples.len());
        self.samples
            .extend(other.samples.iter().take(room).cloned());
    }

    /// Samples with this fate and kind of defect.
    pub fn count(&self, fate: SampleFate, defect: &str) -> u64 {
        let of_fate = self.counts.get(&fate);
        of_fate
            .and_then(|counts| counts.get(defect))
            .copied()
            .unwrap_or(0)
    }

    fn add(&mut self, id: &str, fate: SampleFate, defect: &SampleDefect) {
        let name = defect.name().to_owned();
        let counts = self.counts.entry(fate).or_default();
        *counts.entry(name.clone()).or_default() += 1;
        tracing::warn!(id, ?fate, "{defect}");
        if self.samples.len() < Self::LISTED {
            self.samples.push(ReportedSample {
                id: id.to_owned(),
                fate,
                defect: name,
                reason: defect.to_string(),
            });
        }
    }
}
