//! How labels are written in prose.

use crate::task::Task;

/// One way to write a label.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alias {
    /// The label.
    pub(super) label: &'static str,
    /// The words, looked up without regard to case.
    pub(super) words: &'static str,
    /// Whether it counts only as an item of its own ("normal", not "normal axis").
    pub(super) alone: bool,
}

const fn alias(label: &'static str, words: &'static str) -> Alias {
    Alias {
        label,
        words,
        alone: false,
    }
}

const fn alone(label: &'static str, words: &'static str) -> Alias {
    Alias {
        label,
        words,
        alone: true,
    }
}

const PTB: &[Alias] = &[
    alias("MI", "myocardial infarction"),
    alias("STTC", "st/t change"),
    alias("STTC", "st/t changes"),
    alias("STTC", "st-t change"),
    alias("STTC", "st-t changes"),
    alias("CD", "conduction disturbance"),
    alias("CD", "conduction disturbances"),
    alias("HYP", "hypertrophy"),
];

const FIRST_DEGREE: &[&str] = &[
    "first degree av block",
    "first-degree av block",
    "1st degree av block",
    "1st-degree av block",
    "first degree atrioventricular block",
    "first-degree atrioventricular block",
    "1st degree atrioventricular block",
    "1st-degree atrioventricular block",
    "first degree avb",
    "first-degree avb",
    "1st degree avb",
    "1st-degree avb",
];

const CPSC: &[Alias] = &[
    alias("I-AVB", "iavb"),
    alias("PAC", "pacs"),
    alias("PAC", "premature atrial contraction"),
    alias("PAC", "premature atrial contractions"),
    alias("PAC", "atrial premature contraction"),
    alias("PAC", "atrial premature contractions"),
    alias("PAC", "atrial premature beat"),
    alias("PAC", "atrial premature beats"),
    alias("PAC", "premature atrial complex"),
    alias("PAC", "premature atrial complexes"),
    alias("PVC", "pvcs"),
    alias("PVC", "premature ventricular contraction"),
    alias("PVC", "premature ventricular contractions"),
    alias("PVC", "ventricular premature contraction"),
    alias("PVC", "ventricular premature contractions"),
    alias("PVC", "ventricular premature beat"),
    alias("PVC", "ventricular premature beats"),
    alias("PVC", "premature ventricular complex"),
    alias("PVC", "premature ventricular complexes"),
    alias("NORM", "normal sinus rhythm"),
    alias("STD", "st depression"),
    alias("STD", "st depressions"),
    alias("STD", "st-depression"),
    alias("STD", "st-segment depression"),
    alias("STD", "st segment depression"),
    alias("STE", "st elevation"),
    alias("STE", "st elevations"),
    alias("STE", "st-elevation"),
    alias("STE", "st-segment elevation"),
    alias("STE", "st segment elevation"),
];

const CODE15: &[Alias] = &[
    alias("SB", "sinus bradycardia"),
    alias("ST", "sinus tachycardia"),
    alias("ABNORMAL", "abnormal ecg"),
    alias("ABNORMAL", "ecg is abnormal"),
];

const NORMAL: &[Alias] = &[
    alias("NORM", "normal ecg"),
    alias("NORM", "normal electrocardiogram"),
    alias("NORM", "ecg is normal"),
    alone("NORM", "normal"),
    alone("NORM", "within normal limits"),
];

const SHARED: &[Alias] = &[
    alias("AF", "atrial fibrillation"),
    alias("AF", "afib"),
    alias("AF", "a-fib"),
    alias("LBBB", "left bundle branch block"),
    alias("RBBB", "right bundle branch block"),
];

/// Words that turn the code15 label `ST` into talk of the ST segment.
pub(super) const NOT_AFTER_ST: &[&str] = &[
    "segment",
    "segments",
    "elevation",
    "elevations",
    "depression",
    "depressions",
    "change",
    "changes",
    "abnormality",
    "abnormalities",
    "deviation",
    "wave",
    "waves",
    "and",
    "t",
    "is",
    "was",
    "appears",
    "in",
    "level",
    "baseline",
    "deviations",
    "normal",
    "isoelectric",
    "unremarkable",
];

/// The same before it.
pub(super) const NOT_BEFORE_ST: &[&str] = &[
    "the",
    "flat",
    "flattened",
    "horizontal",
    "elevated",
    "depressed",
    "upsloping",
    "downsloping",
    "normal",
    "abnormal",
    "j",
];

/// All ways to write the labels of a task, the labels themselves first.
pub(super) fn aliases(task: Task, labels: &'static [&'static str]) -> Vec<Alias> {
    let own: &[Alias] = match task {
        Task::PtbTest => PTB,
        Task::CpscTest => CPSC,
        Task::Code15Test => CODE15,
        _ => &[],
    };
    let first_degree = labels
        .iter()
        .find(|label| ["I-AVB", "1dAVb"].contains(label))
        .into_iter()
        .flat_map(|label| FIRST_DEGREE.iter().map(|words| alias(label, words)));
    labels
        .iter()
        .map(|label| alias(label, label))
        .chain(own.iter().chain(NORMAL).chain(SHARED).copied())
        .chain(first_degree)
        .filter(|alias| labels.contains(&alias.label))
        .collect()
}
