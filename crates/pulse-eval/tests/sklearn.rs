//! Metrics against scikit-learn's values (`sklearn/make.py` made `sklearn/values.json`).

#![allow(clippy::unwrap_used, clippy::panic)]

use pulse_eval::metrics::{
    ConfusionMatrix, LabelCounts, LabelRow, average_precision, brier_score, calibration_curve,
    expected_calibration_error, roc_auc, roc_curve,
};
use serde::Deserialize;

/// Both compute in f64; sums run in another order.
const ABS: f64 = 1e-12;

#[derive(Deserialize)]
struct Values {
    multilabel: Vec<Multilabel>,
    choice: Vec<Choice>,
    probabilities: Vec<Probabilities>,
}

#[derive(Deserialize)]
struct Multilabel {
    gold: Vec<Vec<u64>>,
    predicted: Vec<Vec<u64>>,
    class_precision: Vec<f64>,
    class_recall: Vec<f64>,
    class_f1: Vec<f64>,
    macro_f1: f64,
    micro_f1: f64,
    macro_hard_label_auc: f64,
    hamming_loss: f64,
    exact_match: f64,
}

#[derive(Deserialize)]
struct Choice {
    gold: Vec<usize>,
    predicted: Vec<usize>,
    classes: usize,
    confusion: Vec<Vec<u64>>,
    accuracy: f64,
    macro_f1: f64,
}

#[derive(Deserialize)]
struct Probabilities {
    truth: Vec<u8>,
    probabilities: Vec<f64>,
    roc: [Vec<f64>; 2],
    roc_auc: f64,
    average_precision: f64,
    brier_score: f64,
    calibration: [Vec<f64>; 2],
    expected_calibration_error: f64,
}

fn values() -> Values {
    serde_json::from_str(include_str!("sklearn/values.json")).unwrap()
}

fn close(name: &str, ours: Option<f64>, theirs: f64) {
    let ours = ours.unwrap_or_else(|| panic!("{name} is undefined"));
    assert!(
        (ours - theirs).abs() <= ABS,
        "{name}: {ours} instead of {theirs}"
    );
}

fn bits(row: &[u64]) -> u64 {
    row.iter().rev().fold(0, |bits, cell| bits << 1 | cell)
}

#[test]
fn label_metrics_are_scikit_learns() {
    for case in values().multilabel {
        let rows = case
            .gold
            .iter()
            .zip(&case.predicted)
            .map(|(gold, predicted)| LabelRow {
                gold: bits(gold),
                predicted: bits(predicted),
            });
        let counts = LabelCounts::count(rows, case.class_f1.len());
        close("macro F1", counts.macro_f1(), case.macro_f1);
        close("micro F1", counts.micro_f1(), case.micro_f1);
        close(
            "AUC",
            counts.macro_hard_label_auc(),
            case.macro_hard_label_auc,
        );
        close("Hamming", counts.hamming_loss(), case.hamming_loss);
        close("exact match", counts.exact_match(), case.exact_match);
        for (at, class) in counts.classes.iter().enumerate() {
            // scikit-learn gives 0 where nothing is defined.
            close(
                "precision",
                class.precision().or(Some(0.0)),
                case.class_precision[at],
            );
            close(
                "recall",
                class.recall().or(Some(0.0)),
                case.class_recall[at],
            );
            close("F1", class.f1().or(Some(0.0)), case.class_f1[at]);
        }
    }
}

#[test]
fn confusion_is_scikit_learns() {
    for case in values().choice {
        let mut matrix = ConfusionMatrix::new((0..case.classes).map(|k| k.to_string()).collect());
        for (gold, predicted) in case.gold.iter().zip(&case.predicted) {
            matrix.add(*gold, Some(*predicted)).unwrap();
        }
        assert_eq!(matrix.cells, case.confusion);
        close("accuracy", matrix.accuracy(), case.accuracy);
        close("macro F1", matrix.macro_f1(), case.macro_f1);
        matrix.add(0, None).unwrap();
        assert!(matrix.accuracy().unwrap() < case.accuracy);
        assert!(matrix.add(case.classes, None).is_err());
    }
}

#[test]
fn probability_metrics_are_scikit_learns() {
    for case in values().probabilities {
        let truths: Vec<bool> = case.truth.iter().map(|truth| *truth == 1).collect();
        let p = &case.probabilities;
        close("AUC", roc_auc(p, &truths), case.roc_auc);
        close(
            "average precision",
            average_precision(p, &truths),
            case.average_precision,
        );
        close("Brier", brier_score(p, &truths), case.brier_score);
        let curve = roc_curve(p, &truths).unwrap();
        assert_eq!(curve.len(), case.roc[0].len());
        for (at, point) in curve.iter().enumerate() {
            close("FPR", Some(point.false_positive_rate), case.roc[0][at]);
            close("TPR", Some(point.true_positive_rate), case.roc[1][at]);
        }
        let bins = calibration_curve(p, &truths, 10);
        let edge = |value: &f64| (value * 10.0).fract() == 0.0 && *value > 0.0;
        if p.iter().any(edge) {
            // scikit-learn puts an edge into the bin below, here it belongs to the bin above.
            continue;
        }
        assert_eq!(bins.len(), case.calibration[0].len());
        for (at, bin) in bins.iter().enumerate() {
            close(
                "mean probability",
                Some(bin.mean_probability),
                case.calibration[0][at],
            );
            close("share true", Some(bin.share_true), case.calibration[1][at]);
        }
        let error = expected_calibration_error(p, &truths, 10);
        close("calibration error", error, case.expected_calibration_error);
    }
}

#[test]
fn one_value_of_truth_has_no_curve() {
    assert_eq!(roc_auc(&[0.1, 0.9], &[true, true]), None);
    assert_eq!(average_precision(&[0.1], &[false]), None);
    assert_eq!(brier_score(&[], &[]), None);
    assert!(calibration_curve(&[], &[], 10).is_empty());
    // Values outside 0 to 1 go to the nearest bin.
    assert_eq!(calibration_curve(&[-0.5, 1.5], &[false, true], 2).len(), 2);
}
