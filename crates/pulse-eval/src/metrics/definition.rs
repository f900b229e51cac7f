//! What each metric is, in words and formulas; `docs/metrics.md` is made from this table.

use std::fmt::Write;

/// The definition of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDefinition {
    /// Its name in JSON; it does not change.
    pub name: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// What it says, and its range.
    pub meaning: &'static str,
    /// When it is undefined, and what becomes of it then.
    pub undefined: &'static str,
    /// The function that computes it.
    pub function: &'static str,
}

const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        name: "accuracy",
        formula: "correct / n",
        meaning: "0 to 1, more is better. Letters: the letter is the true one. Options: the set is the true set. \
                  Unreadable and missing answers are not correct.",
        undefined: "without items",
        function: "ConfusionMatrix::accuracy",
    },
    MetricDefinition {
        name: "accuracy_readable",
        formula: "correct / (n - unreadable - missing)",
        meaning: "Accuracy among the answers that could be read; to be seen beside `invalid_rate`.",
        undefined: "without readable answers",
        function: "strict::evaluate",
    },
    MetricDefinition {
        name: "macro_f1",
        formula: "mean over classes with support of 2 TP / (2 TP + FP + FN)",
        meaning: "0 to 1, more is better. Every class counts the same, however rare.",
        undefined: "if no class has support",
        function: "LabelCounts::macro_f1, ConfusionMatrix::macro_f1",
    },
    MetricDefinition {
        name: "micro_f1",
        formula: "2 ΣTP / (2 ΣTP + ΣFP + ΣFN)",
        meaning: "0 to 1, more is better. Every label of every item counts the same; labels that are never true \
                  cost here and in the Hamming loss.",
        undefined: "without true and predicted labels",
        function: "LabelCounts::micro_f1",
    },
    MetricDefinition {
        name: "macro_hard_label_auc",
        formula: "mean over classes of (TP / (TP + FN) + TN / (TN + FP)) / 2",
        meaning: "0 to 1, 0.5 is chance. The balanced accuracy, which is the area under the ROC curve of 0/1 \
                  predictions and what papers on ECGBench call AUC. It is no AUC over probabilities.",
        undefined: "for a class that is always or never true: left out of the mean (the original's mean becomes NaN)",
        function: "LabelCounts::macro_hard_label_auc",
    },
    MetricDefinition {
        name: "hamming_loss",
        formula: "wrong cells / (n · classes)",
        meaning: "0 to 1, less is better. Over all classes of the task, those without support included.",
        undefined: "without items",
        function: "LabelCounts::hamming_loss",
    },
    MetricDefinition {
        name: "exact_match",
        formula: "items whose predicted set is the true set / n",
        meaning: "0 to 1, more is better. An unreadable answer never matches.",
        undefined: "without items",
        function: "LabelCounts::exact_match",
    },
    MetricDefinition {
        name: "mean_jaccard",
        formula: "mean of |predicted ∩ true| / |predicted ∪ true|",
        meaning: "0 to 1, more is better. Partial credit for sets of options; an unreadable answer has 0.",
        undefined: "without items",
        function: "strict::evaluate",
    },
    MetricDefinition {
        name: "invalid_rate",
        formula: "(unreadable + missing) / n",
        meaning: "0 to 1, less is better. Answers from which nothing could be read, or that are not there.",
        undefined: "without items",
        function: "strict::evaluate",
    },
    MetricDefinition {
        name: "precision",
        formula: "TP / (TP + FP)",
        meaning: "Per class: share of its predictions that are true.",
        undefined: "if the class is never predicted",
        function: "BinaryCounts::precision",
    },
    MetricDefinition {
        name: "recall",
        formula: "TP / (TP + FN)",
        meaning: "Per class: share of its items that are found (sensitivity).",
        undefined: "if the class is never true",
        function: "BinaryCounts::recall",
    },
    MetricDefinition {
        name: "specificity",
        formula: "TN / (TN + FP)",
        meaning: "Per class: share of the other items for which it is not predicted.",
        undefined: "if the class is always true",
        function: "BinaryCounts::specificity",
    },
    MetricDefinition {
        name: "roc_auc",
        formula: "trapezoids under (false positive rate, true positive rate) over all thresholds",
        meaning: "0 to 1, 0.5 is chance. Over probabilities: the chance that a true item has the higher one, ties \
                  counting one half.",
        undefined: "if the label is always or never true",
        function: "roc_auc",
    },
    MetricDefinition {
        name: "average_precision",
        formula: "Σ (R_k - R_(k-1)) P_k over falling thresholds",
        meaning: "0 to 1, more is better; the share of true items is chance.",
        undefined: "if the label is never true",
        function: "average_precision",
    },
    MetricDefinition {
        name: "brier_score",
        formula: "mean of (probability - truth)²",
        meaning: "0 to 1, less is better. Calibration and sharpness together.",
        undefined: "without items",
        function: "brier_score",
    },
    MetricDefinition {
        name: "expected_calibration_error",
        formula: "Σ_bins items_b / n · |mean probability_b - share true_b|, bins of equal width",
        meaning: "0 to 1, less is better. Depends on the number of bins, which is 10. Chance differences add up, so it is \
                  too large in small samples, and still larger in resamples: its interval can lie above the value.",
        undefined: "without items",
        function: "expected_calibration_error",
    },
    MetricDefinition {
        name: "area_under_abstention",
        formula: "Σ (coverage_k - coverage_(k-1)) accuracy_k from the most certain answer to all",
        meaning: "0 to 1, more is better. Accuracy if the least certain answers are withheld, over all coverages.",
        undefined: "without items",
        function: "area_under_abstention",
    },
    MetricDefinition {
        name: "label_probability",
        formula: "Σ over candidates with the label of w / Σ over all candidates of w",
        meaning: "What the figures above are computed from: w = exp(log-likelihood of the candidate answer), or, \
                  normalised, exp(log-likelihood / tokens).",
        undefined: "for tasks that are answered freely",
        function: "LabelCandidates::probabilities",
    },
    MetricDefinition {
        name: "label_mass",
        formula: "Σ over candidates of exp(log-likelihood)",
        meaning: "0 to 1. Share of the model's probability on the answers that were weighed; near 0 the probabilities of \
                  labels describe answers that the model would hardly give.",
        undefined: "where the answers do not say it",
        function: "LabelCandidates::mass",
    },
    MetricDefinition {
        name: "same_as_clean",
        formula: "items read as on the clean page / n",
        meaning: "0 to 1. Robustness: whether a change of the page changes the reading, rightly or wrongly.",
        undefined: "where no answer to the clean pages, or none to the changed ones, can be read",
        function: "robustness::same_share",
    },
    MetricDefinition {
        name: "pairwise_agreement",
        formula: "pairs of seeds whose answers are read alike / all pairs, over all items",
        meaning: "0 to 1. Repeatability of sampled answers; unreadable equals unreadable.",
        undefined: "with fewer than two seeds, or where no answer can be read",
        function: "robustness::repeatability",
    },
    MetricDefinition {
        name: "mcnemar_p",
        formula: "min(1, 2 · P(X ≤ min(b, c))), X ~ Binomial(b + c, 1/2)",
        meaning: "Two runs on the same items: b only the first has right, c only the second. The exact two-sided test \
                  that both are right equally often.",
        undefined: "1 if they never differ",
        function: "statistics::mcnemar_exact",
    },
    MetricDefinition {
        name: "krippendorff_alpha",
        formula: "1 - observed / expected squared distance (interval scale)",
        meaning: "Agreement of repeated judgements: 1 is perfect, 0 is chance.",
        undefined: "with fewer than two judgements of an item, or if all scores are equal",
        function: "statistics::krippendorff_alpha",
    },
];

/// All definitions.
pub fn definitions() -> &'static [MetricDefinition] {
    DEFINITIONS
}

/// The text of `docs/metrics.md`.
pub fn metrics_markdown() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         Made from `pulse_eval::metrics::definitions`; a test fails when this file differs. Write it anew with\n\
         `cargo run -p pulse-eval -- metrics > docs/metrics.md`.\n\n\
         n counts all items of the benchmark file, TP, FP, FN, TN the cells of one class. An undefined value is\n\
         null in JSON and a dash in tables, never 0. Intervals are percentile bootstrap intervals over items\n\
         (Efron and Tibshirani 1993, chapter 13), resampled with one seeded ChaCha8 stream per resample, so that\n\
         they do not depend on the number of threads.\n",
    );
    for metric in DEFINITIONS {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n## {}\n\n`{}`\n\n{}\n\nUndefined: {}. Function: `{}`.\n",
            metric.name, metric.formula, metric.meaning, metric.undefined, metric.function
        );
    }
    text
}
