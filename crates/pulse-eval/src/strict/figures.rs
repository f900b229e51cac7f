//! The figures of a task as functions of its rows.

use super::evaluate::UNREADABLE;
use crate::metrics::{LabelCounts, LabelRow, ratio};
use crate::task::{Task, TaskKind};

/// The names of a task's figures in the order of [`figures`]; F1 per class follows them there.
pub(crate) fn figure_names(task: Task) -> &'static [&'static str] {
    match task.kind() {
        TaskKind::Labels(_) => &[
            "macro_f1",
            "micro_f1",
            "macro_hard_label_auc",
            "hamming_loss",
            "exact_match",
            "invalid_rate",
        ],
        TaskKind::Letter { .. } => &["accuracy", "accuracy_readable", "macro_f1", "invalid_rate"],
        _ => &[
            "accuracy",
            "accuracy_readable",
            "mean_jaccard",
            "invalid_rate",
        ],
    }
}

/// The figures of a task over some rows, then F1 of each class.
pub(crate) fn figures(
    task: Task,
    classes: usize,
    rows: impl Iterator<Item = LabelRow> + Clone,
) -> Vec<Option<f64>> {
    let counts = LabelCounts::count(rows.clone(), classes);
    let invalid = rows
        .clone()
        .filter(|row| row.predicted & UNREADABLE != 0)
        .count() as f64;
    let all = counts.rows as f64;
    let invalid_rate = ratio(invalid, all);
    let correct = counts.exact as f64;
    let readable = ratio(correct, all - invalid);
    let mut figures = match task.kind() {
        TaskKind::Labels(_) => vec![
            counts.macro_f1(),
            counts.micro_f1(),
            counts.macro_hard_label_auc(),
            counts.hamming_loss(),
            counts.exact_match(),
            invalid_rate,
        ],
        TaskKind::Letter { .. } => {
            vec![
                counts.exact_match(),
                readable,
                counts.macro_f1(),
                invalid_rate,
            ]
        }
        _ => vec![
            counts.exact_match(),
            readable,
            ratio(rows.map(jaccard).sum(), all),
            invalid_rate,
        ],
    };
    figures.extend(counts.classes.iter().map(|class| class.f1()));
    figures
}

/// Common options divided by all named or true options; two empty sets are equal.
fn jaccard(row: LabelRow) -> f64 {
    let common = (row.gold & row.predicted).count_ones();
    let all = (row.gold | row.predicted).count_ones();
    if all == 0 {
        return 1.0;
    }
    f64::from(common) / f64::from(all)
}
