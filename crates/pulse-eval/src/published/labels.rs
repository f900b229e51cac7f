//! Which labels the original reads from an answer.

use crate::task::{Task, TaskKind};

const NORMAL: &str = "NORM";
const ABNORMAL: &str = "ABNORMAL";
/// The first six labels of `code15-test`, which are looked for as substrings.
const CODE15_FINDINGS: usize = 6;

fn labels_of(task: Task) -> &'static [&'static str] {
    match task.kind() {
        TaskKind::Labels(labels) => labels,
        _ => &[],
    }
}

fn substrings(labels: &[&'static str], text: &str) -> Vec<&'static str> {
    labels
        .iter()
        .copied()
        .filter(|label| text.contains(label))
        .collect()
}

/// The labels the original reads from a gold answer; none for a task without labels.
///
/// `ptb-test`, `cpsc-test`: every label that occurs as a substring. `code15-test`: the answer if it is exactly
/// `NORM` or `ABNORMAL`, otherwise those of the six findings that occur.
pub fn gold_labels(task: Task, answer: &str) -> Vec<&'static str> {
    let labels = labels_of(task);
    if task != Task::Code15Test {
        return substrings(labels, answer);
    }
    match [NORMAL, ABNORMAL].into_iter().find(|one| *one == answer) {
        Some(whole) => vec![whole],
        None => substrings(&labels[..CODE15_FINDINGS], answer),
    }
}

/// The labels the original reads from a model's answer; none for a task without labels.
///
/// Substrings, case-sensitive, so `ABNORMAL` counts as NORM (ptb, cpsc), `II-AVB` as I-AVB, `AFL` as AF,
/// `STEMI` as STE or ST, `MINOR` as MI, `HYPO` as HYP. `code15-test` reads only what follows the last
/// `Answer:` and puts NORM or ABNORMAL before the findings.
pub fn predicted_labels(task: Task, answer: &str) -> Vec<&'static str> {
    let labels = labels_of(task);
    if task != Task::Code15Test {
        return substrings(labels, answer);
    }
    let answer = answer
        .rsplit_once("Answer:")
        .map_or(answer, |(_, rest)| rest);
    let whole = if answer.contains(ABNORMAL) {
        Some(ABNORMAL)
    } else if answer.contains(NORMAL) {
        Some(NORMAL)
    } else {
        None
    };
    let findings = substrings(&labels[..CODE15_FINDINGS], answer);
    whole.into_iter().chain(findings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_count_as_labels() {
        let cases: [(Task, &str, &[&str]); 10] = [
            (Task::PtbTest, "ABNORMAL", &["NORM"]),
            (Task::PtbTest, "MINOR changes, HYPOkinesia", &["MI", "HYP"]),
            (Task::PtbTest, "norm", &[]),
            (Task::CpscTest, "II-AVB and AFL", &["AF", "I-AVB"]),
            (Task::CpscTest, "STEMI", &["STE"]),
            (Task::Code15Test, "ST-T", &["ST"]),
            (Task::Code15Test, "AF first. Answer: NORM", &["NORM"]),
            (
                Task::Code15Test,
                "NORM or ABNORMAL, AF",
                &["ABNORMAL", "AF"],
            ),
            (Task::Code15Test, "RBBB", &["RBBB"]),
            (Task::EcgqaTest, "NORM", &[]),
        ];
        for (task, answer, labels) in cases {
            assert_eq!(predicted_labels(task, answer), labels, "{task} {answer:?}");
        }
    }

    #[test]
    fn gold_of_code15_is_a_whole_word_or_findings() {
        assert_eq!(gold_labels(Task::Code15Test, "NORM"), ["NORM"]);
        assert_eq!(gold_labels(Task::Code15Test, "NORM, AF"), ["AF"]);
        assert_eq!(gold_labels(Task::PtbTest, "NORM, CD"), ["NORM", "CD"]);
    }
}
