//! Reading label sets.

use super::lexicon::{Alias, NOT_AFTER_ST, NOT_BEFORE_ST, aliases};
use super::negation::stance;
use super::reading::{Mentions, Reading, Unreadable, has_boxes};
use super::verdict::has_value_mark;
use super::words::{Break, Word, phrase, stands_at, words};
use crate::task::{Task, TaskKind};

/// Texts that say that none of the labels holds.
const NONE: &[&str] = &[
    "none",
    "none of the above",
    "none of these",
    "none of them",
    "no abnormality",
    "no abnormalities",
    "no findings",
    "no label",
    "no labels",
];

/// Words behind whose colon the answer stands.
const MARKERS: &[&str] = &["answer", "choice", "therefore", "conclusion"];

/// The labels that an answer to a task with labels names and does not deny, as positions in the task's list,
/// ascending.
///
/// Names are matched as whole words without regard to case, the longest first, each word once. What follows the
/// last `answer:` decides if anything can be read there. An answer that denies every label it names, or says
/// that there is none, is read as no label; one that names none is unreadable.
///
/// Labels may be written out (`left bundle branch block`); `normal` alone is NORM, `normal axis` is not.
pub fn read_labels(task: Task, answer: &str) -> Reading<Vec<usize>> {
    let TaskKind::Labels(labels) = task.kind() else {
        return Reading::Unreadable(Unreadable::NothingRecognised);
    };
    if answer.trim().is_empty() {
        return Reading::Unreadable(Unreadable::Empty);
    }
    let whole = words(answer);
    let tail = whole
        .iter()
        .rposition(|word| {
            MARKERS.contains(&word.lower.as_str()) && word.touching_after == Some(':')
        })
        .map(|marker| read_words(task, labels, &whole[marker + 1..]));
    tail.flatten()
        .or_else(|| read_words(task, labels, &whole))
        .map_or(
            Reading::Unreadable(Unreadable::NothingRecognised),
            |found| match found.filter(|_| !has_boxes(answer)) {
                Some(found) => Reading::Read(found),
                None => Reading::Unreadable(Unreadable::Ambiguous),
            },
        )
}

/// The labels; nothing inside if they are ambiguous, nothing at all if none is named.
fn read_words(
    task: Task,
    labels: &'static [&'static str],
    words: &[Word<'_>],
) -> Option<Option<Vec<usize>>> {
    let mut names: Vec<(Vec<String>, Alias)> = aliases(task, labels)
        .into_iter()
        .map(|alias| (phrase(alias.words), alias))
        .collect();
    names.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
    let mut taken = vec![false; words.len()];
    let mut mentions = Vec::new();
    for (phrase, alias) in &names {
        for start in 0..words.len() {
            let end = start + phrase.len();
            if !stands_at(words, start, phrase)
                || taken[start..end].contains(&true)
                || !is_meant(alias, words, start, end)
            {
                continue;
            }
            taken[start..end].fill(true);
            mentions.push((alias, start, end));
        }
    }
    // The rhythm of an ECG that is not normal.
    if mentions.iter().any(|(alias, ..)| alias.label != "NORM") {
        mentions.retain(|(alias, ..)| alias.words != "normal sinus rhythm");
    }
    if mentions.is_empty() {
        let says_none = NONE.iter().map(|text| phrase(text)).any(|none| {
            (0..words.len()).any(|start| {
                stands_at(words, start, &none) && stands_alone(words, start, start + none.len())
            })
        });
        return says_none.then(|| Some(Vec::new()));
    }
    let mut found = Mentions::default();
    for (alias, start, end) in mentions {
        if let Some(at) = labels.iter().position(|one| *one == alias.label) {
            found.add(at, stance(words, start, end, |at| taken[at]));
        }
    }
    let read = found.affirmed();
    // All labels at once are the question told again; they include that the ECG is normal.
    let is_echo = |read: &Vec<usize>| read.len() == labels.len();
    Some(read.filter(|read| !is_echo(read)))
}

/// Words whose value is that of the whole ECG.
const ECG: &[&str] = &[
    "answer",
    "choice",
    "conclusion",
    "diagnosis",
    "ecg",
    "ekg",
    "finding",
    "findings",
    "impression",
    "interpretation",
    "label",
    "labels",
    "result",
    "therefore",
];

fn is_meant(alias: &Alias, words: &[Word<'_>], start: usize, end: usize) -> bool {
    // "Abnormal T waves" is no label, "ABNORMAL" is.
    let is_prose = alias.words == "ABNORMAL" && words[start].text != "ABNORMAL";
    let is_alone = alias.alone || is_prose;
    if is_alone && !stands_alone(words, start, end) {
        return false;
    }
    // "PR: normal" is not the ECG.
    let is_value = is_alone && words[start].gap.contains([':', '=']);
    let names_ecg = start
        .checked_sub(1)
        .is_some_and(|before| ECG.contains(&words[before].lower.as_str()));
    if is_value && !names_ecg {
        return false;
    }
    let is_segment = alias.words == "ST"
        && (words[start].text == "St"
            || words.get(end).is_some_and(|next| {
                (next.before < Break::Clause || has_value_mark(next))
                    && NOT_AFTER_ST.contains(&next.lower.as_str())
            })
            || start.checked_sub(1).is_some_and(|before| {
                words[start].before == Break::Space
                    && NOT_BEFORE_ST.contains(&words[before].lower.as_str())
            }));
    !is_segment
}

/// Whether the words are an item of their own: separated from what is before and behind.
fn stands_alone(words: &[Word<'_>], start: usize, end: usize) -> bool {
    words[start].before > Break::Space
        && words.get(end).is_none_or(|next| next.before > Break::Space)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(task: Task, answer: &str) -> Option<Vec<&'static str>> {
        let TaskKind::Labels(labels) = task.kind() else {
            return None;
        };
        let reading = read_labels(task, answer);
        reading
            .value()
            .map(|found| found.iter().map(|at| labels[*at]).collect())
    }

    #[test]
    fn labels_are_words_not_substrings() {
        use Task::{Code15Test as Code15, CpscTest as Cpsc, PtbTest as Ptb};
        let cases: [(Task, &str, Option<&[&str]>); 37] = [
            (Ptb, "NORM", Some(&["NORM"])),
            (Ptb, "norm", Some(&["NORM"])),
            (Ptb, "ABNORMAL", None),
            (Ptb, "MINOR STTC changes", Some(&["STTC"])),
            (Ptb, "HYPERTROPHY with CD", Some(&["CD", "HYP"])),
            (Ptb, "MI?STTC/CD", Some(&["MI", "STTC", "CD"])),
            (Ptb, "NORMAL ECG", Some(&["NORM"])),
            (Ptb, "Normal.", Some(&["NORM"])),
            (Ptb, "Normal axis, old myocardial infarction", Some(&["MI"])),
            (Ptb, "not a normal ECG", Some(&[])),
            (Ptb, "No MI, STTC or HYP.", Some(&[])),
            (Ptb, "CD but no MI", Some(&["CD"])),
            (Ptb, "None of the above", Some(&[])),
            (Ptb, "MI: no, STTC: yes", Some(&["STTC"])),
            (Ptb, "MI - absent", Some(&[])),
            (Ptb, "MI: negative", Some(&[])),
            (Ptb, "Normal: no. HYP: yes", Some(&["HYP"])),
            (Ptb, "MI: yes", Some(&["MI"])),
            (Ptb, "no, MI is present", Some(&["MI"])),
            (Ptb, "MI, no STTC", Some(&["MI"])),
            (Ptb, "MI. No other findings", Some(&["MI"])),
            (Ptb, "myocardial infarction is not seen", Some(&[])),
            (
                Ptb,
                "NORM: no\nMI: no\nSTTC: yes (ST depression)\nCD: no\nHYP: yes",
                Some(&["STTC", "HYP"]),
            ),
            (Ptb, "", None),
            (Ptb, "The rhythm is irregular", None),
            (Cpsc, "II-AVB", None),
            (Cpsc, "I-AVB", Some(&["I-AVB"])),
            (
                Cpsc,
                "First-degree AV block and PVCs",
                Some(&["I-AVB", "PVC"]),
            ),
            (Cpsc, "AFL rather than AF", Some(&[])),
            (Cpsc, "STEMI", None),
            (Cpsc, "ST depression STD", Some(&["STD"])),
            (Cpsc, "LBBBRBBB", None),
            (Code15, "ST-T changes, ST segment depression", None),
            (Code15, "ST", Some(&["ST"])),
            (Code15, "AF was considered. Answer: NORM", Some(&["NORM"])),
            (
                Code15,
                "The ECG shows 1dAVb. Answer: see above",
                Some(&["1dAVb"]),
            ),
            (
                Code15,
                "ABNORMAL, sinus tachycardia",
                Some(&["ST", "ABNORMAL"]),
            ),
        ];
        for (task, answer, labels) in cases {
            assert_eq!(read(task, answer).as_deref(), labels, "{task} {answer:?}");
        }
        let empty = read_labels(Ptb, " \n");
        assert_eq!(empty, Reading::Unreadable(Unreadable::Empty));
    }
}
