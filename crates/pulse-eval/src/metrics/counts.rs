//! Counts of one yes/no decision and the rates that follow from them.

use serde::Serialize;

use super::ratio;

/// How often a label was predicted and true.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BinaryCounts {
    /// Predicted and true.
    pub true_positives: u64,
    /// Predicted, not true.
    pub false_positives: u64,
    /// True, not predicted.
    pub false_negatives: u64,
    /// Neither.
    pub true_negatives: u64,
}

impl BinaryCounts {
    /// Counts one more item.
    pub fn add(&mut self, is_true: bool, is_predicted: bool) {
        match (is_true, is_predicted) {
            (true, true) => self.true_positives += 1,
            (false, true) => self.false_positives += 1,
            (true, false) => self.false_negatives += 1,
            (false, false) => self.true_negatives += 1,
        }
    }

    /// Items for which the label is true.
    pub fn support(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// Items for which the label is predicted.
    pub fn predicted(&self) -> u64 {
        self.true_positives + self.false_positives
    }

    /// `TP / (TP + FP)`.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives as f64, self.predicted() as f64)
    }

    /// `TP / (TP + FN)`, also called sensitivity.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives as f64, self.support() as f64)
    }

    /// `TN / (TN + FP)`.
    pub fn specificity(&self) -> Option<f64> {
        let negatives = self.true_negatives + self.false_positives;
        ratio(self.true_negatives as f64, negatives as f64)
    }

    /// `2 TP / (2 TP + FP + FN)`.
    pub fn f1(&self) -> Option<f64> {
        let twice = 2.0 * self.true_positives as f64;
        ratio(
            twice,
            twice + (self.false_positives + self.false_negatives) as f64,
        )
    }

    /// `(recall + specificity) / 2`: the balanced accuracy, and at the same time the area under the ROC curve
    /// of 0/1 predictions, which is what the literature on ECGBench calls AUC.
    pub fn hard_label_auc(&self) -> Option<f64> {
        Some((self.recall()? + self.specificity()?) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_nothing_are_undefined() {
        let none = BinaryCounts::default();
        assert_eq!(none.f1(), None);
        let mut counts = BinaryCounts::default();
        counts.add(false, false);
        assert_eq!((counts.precision(), counts.recall()), (None, None));
        assert_eq!(
            (counts.specificity(), counts.hard_label_auc()),
            (Some(1.0), None)
        );
        counts.add(true, true);
        counts.add(true, false);
        assert_eq!(counts.f1(), Some(2.0 / 3.0));
        assert_eq!(counts.hard_label_auc(), Some(0.75));
        assert_eq!((counts.support(), counts.predicted()), (2, 1));
    }
}
