//! Phrasings of whole answers: what must be read, and what may be left unreadable but never read wrongly.

use super::labels::read_labels;
use super::letter::{options_of_question, read_letter};
use super::options::read_options;
use super::reading::{Reading, Unreadable};
use crate::task::{Task, TaskKind};

/// The labels read, in the task's order; none if unreadable.
fn labels(task: Task, answer: &str) -> Option<String> {
    let TaskKind::Labels(names) = task.kind() else {
        return None;
    };
    let reading = read_labels(task, answer);
    let found = reading.value()?.iter().map(|at| names[*at]);
    Some(found.collect::<Vec<_>>().join(", "))
}

fn letter(answer: &str) -> Option<char> {
    let options = options_of_question("A. Atrial fibrillation B. LBBB C. NSR D. STEMI");
    read_letter(answer, 4, &options).value().copied()
}

fn options(answer: &str, listed: &[&str]) -> Option<String> {
    let listed: Vec<String> = listed.iter().map(|one| (*one).to_owned()).collect();
    let reading = read_options(answer, &listed);
    let found = reading.value()?.iter().map(|at| listed[*at].as_str());
    Some(found.collect::<Vec<_>>().join(", "))
}

#[test]
fn letters_that_must_be_read() {
    for (answer, right) in [
        ("C. Option D would show ST elevation.", 'C'),
        (
            "B) Left bundle branch block. Option A would show irregular RR.",
            'B',
        ),
        ("C is right; option A would need absent P waves.", 'C'),
        (
            "A) Atrial fibrillation: Incorrect\nB) LBBB: Correct\nC) NSR: Incorrect\nD) STEMI: Incorrect",
            'B',
        ),
        ("B. LBBB", 'B'),
        ("B. The QRS is wide", 'B'),
        ("The answer is B, LBBB.", 'B'),
        ("C. No ST elevation, normal intervals", 'C'),
        ("I would choose B", 'B'),
        ("I would choose B.", 'B'),
    ] {
        assert_eq!(letter(answer), Some(right), "{answer}");
    }
}

#[test]
fn a_letter_beside_the_text_of_another_option_is_ambiguous() {
    let options = options_of_question("A. Atrial fibrillation B. LBBB C. NSR D. STEMI");
    for answer in [
        "A. LBBB",
        "(A) LBBB",
        "A: LBBB",
        "C - Atrial fibrillation",
        "The answer is A. LBBB.",
        "The answer is D (NSR)",
        "A. The ECG shows LBBB",
    ] {
        let read = read_letter(answer, 4, &options);
        assert_eq!(read, Reading::Unreadable(Unreadable::Ambiguous), "{answer}");
    }
}

#[test]
fn letters_that_must_not_be_misread() {
    for (answer, right) in [
        (
            "A. Atrial fibrillation is not present. The ECG shows LBBB.",
            Some('B'),
        ),
        ("A. Atrial fibrillation\nB. LBBB\nC. NSR\nD. STEMI", None),
        ("A. Atrial fibrillation B. LBBB C. NSR D. STEMI", None),
        ("I don't think the answer is A", None),
        ("I do not believe the answer is A.", None),
        ("I do not believe that option A is right", None),
        (
            "It is unlikely that the answer is A; rather it is C",
            Some('C'),
        ),
        (
            "The obvious answer is A, but the correct one is C.",
            Some('C'),
        ),
        ("A. AF is not seen here. Hence something else", None),
        ("If the rhythm were irregular, the answer would be A.", None),
        ("\u{2705} B \u{274c} A", Some('B')),
        ("[ ] A [x] B", Some('B')),
        ("All but A", None),
        ("A. No fibrillation seen, wide QRS", Some('B')),
        ("A. No way, the axis is left", None),
        ("A. No irregular rhythm, the ECG shows LBBB", Some('B')),
        ("A. No irregular rhythm, it is doubtful", None),
    ] {
        let read = letter(answer);
        assert!(read.is_none() || read == right, "{answer}: {read:?}");
    }
}

#[test]
fn labels_that_must_be_read() {
    use Task::{Code15Test, CpscTest, PtbTest};
    for (task, answer, right) in [
        (
            PtbTest,
            "MI (myocardial infarction): Not present\nCD (conduction disturbance): Present",
            "CD",
        ),
        (
            PtbTest,
            "MI (myocardial infarction) - no\nCD (conduction disturbance) - yes",
            "CD",
        ),
        (
            PtbTest,
            "MI (myocardial infarction) does not apply. CD (conduction disturbance) applies.",
            "CD",
        ),
        (
            PtbTest,
            "MI (myocardial infarction) is not supported\nCD",
            "CD",
        ),
        (
            PtbTest,
            "STTC, with no evidence for acute MI, CD or HYP",
            "STTC",
        ),
        (
            PtbTest,
            "This ECG shows no signs of MI, ST-T changes, conduction disturbance, or hypertrophy. Therefore: NORM",
            "NORM",
        ),
        (
            PtbTest,
            "NORM. There are no abnormal findings such as MI, STTC, CD, or HYP.",
            "NORM",
        ),
        (PtbTest, "P waves: normal. PR: normal. QRS wide: CD", "CD"),
        (
            PtbTest,
            "Labels that do not apply: NORM, STTC, HYP. Labels that apply: MI, CD",
            "MI, CD",
        ),
        (
            PtbTest,
            "Choose from NORM, MI, STTC, CD, HYP. My choice: HYP",
            "HYP",
        ),
        (PtbTest, "NORM - within normal limits", "NORM"),
        (PtbTest, "No MI is seen. STTC", "STTC"),
        (Code15Test, "ST and T waves are unremarkable. NORM", "NORM"),
        (CpscTest, "normal sinus rhythm", "NORM"),
        (
            CpscTest,
            "ST-elevation and atrial premature beats",
            "PAC, STE",
        ),
        (CpscTest, "ST depressions, 1st-degree AVB", "I-AVB, STD"),
        (CpscTest, "premature ventricular complexes", "PVC"),
    ] {
        let mut wanted: Vec<&str> = right.split(", ").collect();
        let read = labels(task, answer);
        let mut found: Vec<&str> = read.iter().flat_map(|read| read.split(", ")).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, wanted, "{answer}");
    }
}

#[test]
fn labels_that_must_not_be_misread() {
    use Task::{CpscTest, PtbTest};
    for (task, answer, right) in [
        (CpscTest, "Absent P waves indicate AF", "AF"),
        (CpscTest, "No discernible P waves suggest AF", "AF"),
        (CpscTest, "P waves are not visible: AF", "AF"),
        (CpscTest, "The lack of P waves supports AF", "AF"),
        (PtbTest, "There is no MI and STTC is present.", "STTC"),
        (PtbTest, "No acute findings - NORM", "NORM"),
        (PtbTest, "Not NORM - STTC", "STTC"),
        (PtbTest, "The ECG is not NORM due to STTC", "STTC"),
        (PtbTest, "\u{2705} MI\n\u{274c} STTC\n\u{274c} CD", "MI"),
        (PtbTest, "[x] MI [ ] STTC [ ] CD", "MI"),
        (PtbTest, "MI is favoured over STTC", "MI"),
        (PtbTest, "History of MI denied. NORM", "NORM"),
        (PtbTest, "All except MI", "NORM, STTC, CD, HYP"),
        (PtbTest, "Not consistent with MI. NORM", "NORM"),
        (
            PtbTest,
            "If there were Q waves, this would be MI. NORM",
            "NORM",
        ),
    ] {
        let read = labels(task, answer);
        assert!(
            read.is_none() || read.as_deref() == Some(right),
            "{answer}: {read:?}"
        );
    }
    for answer in [
        "MI: No pathological Q waves seen.\nSTTC: ST depression in V5",
        "I do not think this is MI",
        "MI is present. MI is absent.",
    ] {
        let read = labels(PtbTest, answer);
        assert!(read.is_none_or(|read| !read.contains("MI")), "{answer}");
    }
}

#[test]
fn options_are_not_misread() {
    let asked = ["yes", "no"];
    for answer in [
        "Yes, there is no sign of MI",
        "Yes. No other abnormality",
        "Yes. There are no P waves",
    ] {
        assert_eq!(options(answer, &asked).as_deref(), Some("yes"), "{answer}");
    }
    assert_eq!(options("Yes and no.", &asked), None);
    let leads = ["lead I", "lead II", "all leads"];
    assert_eq!(options("All leads except lead I", &leads), None);
    let rhythms = ["atrial fibrillation", "none"];
    let read = options(
        "There are no P waves indicating atrial fibrillation",
        &rhythms,
    );
    assert_eq!(read, None);
}

#[test]
fn what_conflicts_is_ambiguous() {
    let ambiguous = Reading::Unreadable(Unreadable::Ambiguous);
    assert_eq!(
        read_labels(Task::PtbTest, "MI is present. MI is absent."),
        ambiguous
    );
    assert_eq!(
        read_labels(Task::PtbTest, "Choose from NORM, MI, STTC, CD, HYP."),
        ambiguous
    );
}

#[test]
fn a_denied_list_may_be_of_any_length() {
    let answer = "No evidence of myocardial infarction, ST-T changes, conduction disturbance, \
         left bundle branch block, right bundle branch block, or hypertrophy";
    assert_eq!(labels(Task::PtbTest, answer).as_deref(), Some(""));
}
