//! Label sets against label sets.

use super::counts::BinaryCounts;
use super::{mean_of_defined, ratio};

/// True and predicted labels of one item as bit sets: bit `k` is class `k`. At most 64 classes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct LabelRow {
    /// The labels that are true.
    pub gold: u64,
    /// The labels that are predicted.
    pub predicted: u64,
}

/// Counts over a number of rows, from which every label metric follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCounts {
    /// Per class.
    pub classes: Vec<BinaryCounts>,
    /// Rows counted.
    pub rows: u64,
    /// Rows whose sets are equal.
    pub exact: u64,
}

impl LabelCounts {
    /// Counts rows of `classes` classes.
    pub fn count(rows: impl IntoIterator<Item = LabelRow>, classes: usize) -> Self {
        let mut counts = Self {
            classes: vec![BinaryCounts::default(); classes],
            rows: 0,
            exact: 0,
        };
        for row in rows {
            counts.rows += 1;
            counts.exact += u64::from(row.gold == row.predicted);
            for (class, one) in counts.classes.iter_mut().enumerate() {
                one.add(row.gold >> class & 1 == 1, row.predicted >> class & 1 == 1);
            }
        }
        counts
    }

    /// Classes that some row has as a true label; only for these is a macro mean defined.
    fn supported(&self) -> impl Iterator<Item = &BinaryCounts> {
        self.classes.iter().filter(|class| class.support() > 0)
    }

    /// Unweighted mean of F1 over the classes with support.
    pub fn macro_f1(&self) -> Option<f64> {
        mean_of_defined(self.supported().map(BinaryCounts::f1))
    }

    /// F1 of all cells together.
    pub fn micro_f1(&self) -> Option<f64> {
        let mut sum = BinaryCounts::default();
        for class in &self.classes {
            sum.true_positives += class.true_positives;
            sum.false_positives += class.false_positives;
            sum.false_negatives += class.false_negatives;
        }
        sum.f1()
    }

    /// Unweighted mean of [`BinaryCounts::hard_label_auc`] over the classes for which it is defined.
    pub fn macro_hard_label_auc(&self) -> Option<f64> {
        mean_of_defined(self.classes.iter().map(BinaryCounts::hard_label_auc))
    }

    /// Wrong cells divided by all cells.
    pub fn hamming_loss(&self) -> Option<f64> {
        let wrong: u64 = self
            .classes
            .iter()
            .map(|class| class.false_positives + class.false_negatives)
            .sum();
        ratio(wrong as f64, (self.rows * self.classes.len() as u64) as f64)
    }

    /// Rows whose predicted set is the true set, divided by all rows.
    pub fn exact_match(&self) -> Option<f64> {
        ratio(self.exact as f64, self.rows as f64)
    }
}
