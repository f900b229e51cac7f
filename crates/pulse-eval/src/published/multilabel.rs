//! The original's multi-label figures, computed as scikit-learn 1.2.2 computes them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::python::numpy_mean;

/// None of the gold answers has a label, so there is no class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no gold answer has a label; at least one class is needed: check that the benchmark file belongs to the task"
)]
pub struct NoLabels;

/// Macro figures over the classes that occur in the gold answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MultilabelScores {
    /// The classes, sorted. Only labels that some gold answer has.
    pub classes: Vec<String>,
    /// F1 of each class, 0 where undefined. With a single class it is the F1 of the value 0 if that value
    /// occurs in gold or predictions: the original takes the first of two figures.
    pub class_f1: Vec<f64>,
    /// Area under the ROC curve of the 0/1 predictions of each class, NaN where gold has one value only.
    /// JSON has no NaN: it is written as null.
    pub class_auc: Vec<f64>,
    /// Unweighted mean of `class_f1`.
    pub f1: f64,
    /// Unweighted mean of `class_auc`; NaN as soon as one class is.
    pub auc: f64,
    /// Wrong cells divided by all cells of the label matrix.
    pub hamming: f64,
    /// Predicted labels that no gold answer has; they cost nothing.
    pub dropped_labels: usize,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    both: f64,
    predicted: f64,
    gold: f64,
}

impl Counts {
    /// As scikit-learn 1.2: by precision and recall, not by counts, which differ in the last digit.
    fn f1(self) -> f64 {
        let ratio = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        let precision = ratio(self.both, self.predicted);
        let recall = ratio(self.both, self.gold);
        let sum = precision + recall;
        2.0 * precision * recall / if sum == 0.0 { 1.0 } else { sum }
    }

    /// The trapezoids under (0,0), (false positive rate, true positive rate), (1,1).
    fn auc(self, samples: f64) -> f64 {
        let negatives = samples - self.gold;
        if self.gold == 0.0 || negatives == 0.0 {
            return f64::NAN;
        }
        if self.predicted == 0.0 || self.predicted == samples {
            return 0.5;
        }
        let x = (self.predicted - self.both) / negatives;
        let y = self.both / self.gold;
        x * y / 2.0 + (1.0 - x) * (1.0 + y) / 2.0
    }
}

/// Scores predicted label sets against gold label sets, row by row.
///
/// The binariser is fitted on gold alone: classes are sorted, predicted labels that gold never has are
/// dropped. Rows beyond the shorter list are not looked at.
///
/// Reference: `evaluate_ecgbench.py`, `compute_f1_auc`; scikit-learn 1.2.2.
///
/// # Errors
/// [`NoLabels`] if no gold row has a label.
pub fn score_multilabel<G: AsRef<str>, P: AsRef<str>>(
    gold: &[Vec<G>],
    predicted: &[Vec<P>],
) -> Result<MultilabelScores, NoLabels> {
    let classes: Vec<String> = gold
        .iter()
        .flatten()
        .map(|label| label.as_ref().to_owned())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if classes.is_empty() {
        return Err(NoLabels);
    }
    let samples = gold.len().min(predicted.len());
    let mut counts = vec![Counts::default(); classes.len()];
    let mut wrong = 0.0;
    for (gold, predicted) in gold.iter().zip(predicted) {
        for (class, counts) in classes.iter().zip(&mut counts) {
            let is_gold = gold.iter().any(|label| label.as_ref() == class);
            let is_predicted = predicted.iter().any(|label| label.as_ref() == class);
            counts.gold += f64::from(is_gold);
            counts.predicted += f64::from(is_predicted);
            counts.both += f64::from(is_gold && is_predicted);
            wrong += f64::from(is_gold != is_predicted);
        }
    }
    let dropped_labels = predicted
        .iter()
        .flatten()
        .filter(|label| !classes.iter().any(|class| class == label.as_ref()))
        .count();
    let rows = samples as f64;
    let class_f1: Vec<f64> = match counts.as_slice() {
        [only] => vec![first_of_binary(*only, rows).f1()],
        counts => counts.iter().map(|counts| counts.f1()).collect(),
    };
    let class_auc: Vec<f64> = counts.iter().map(|counts| counts.auc(rows)).collect();
    Ok(MultilabelScores {
        f1: numpy_mean(&class_f1),
        auc: numpy_mean(&class_auc),
        hamming: wrong / (rows * classes.len() as f64),
        class_f1,
        class_auc,
        classes,
        dropped_labels,
    })
}

/// One column is a binary problem to scikit-learn, whose figures come per value, 0 first. Value 0 is missing
/// only if every gold and every predicted cell is 1.
fn first_of_binary(ones: Counts, rows: f64) -> Counts {
    if ones.gold == rows && ones.predicted == rows {
        return ones;
    }
    Counts {
        both: rows - ones.gold - ones.predicted + ones.both,
        predicted: rows - ones.predicted,
        gold: rows - ones.gold,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<&str>> {
        text.split(';')
            .map(|row| row.split(',').filter(|label| !label.is_empty()).collect())
            .collect()
    }

    #[test]
    fn labels_unknown_to_gold_cost_nothing() {
        let scores = score_multilabel(&rows("NORM;MI;MI,CD"), &rows("NORM;MI;CD,HYP")).unwrap();
        assert_eq!(scores.classes, ["CD", "MI", "NORM"]);
        assert_eq!(scores.class_f1, [1.0, 2.0 / 3.0, 1.0]);
        assert_eq!(scores.class_auc, [1.0, 0.75, 1.0]);
        assert!((scores.f1 - 8.0 / 9.0).abs() < 1e-15);
        assert!((scores.hamming - 1.0 / 9.0).abs() < 1e-15);
        assert_eq!(scores.dropped_labels, 1);
    }

    #[test]
    fn a_single_class_gets_the_f1_of_its_absence() {
        let scores = score_multilabel(&rows("NORM;NORM;NORM"), &rows("NORM;;NORM")).unwrap();
        assert_eq!(scores.f1, 0.0);
        assert!(scores.auc.is_nan());
        assert!((scores.hamming - 1.0 / 3.0).abs() < 1e-15);
        let perfect = score_multilabel(&rows("NORM;NORM"), &rows("NORM;NORM")).unwrap();
        assert_eq!(perfect.f1, 1.0);
    }

    #[test]
    fn a_class_that_every_gold_row_has_makes_the_mean_auc_nan() {
        let scores = score_multilabel(&rows("A;A,B"), &rows("A;B")).unwrap();
        assert!(scores.class_auc[0].is_nan() && scores.class_auc[1] == 1.0 && scores.auc.is_nan());
    }

    #[test]
    fn gold_without_labels_is_an_error() {
        assert_eq!(score_multilabel(&rows(";"), &rows("A;")), Err(NoLabels));
    }
}
