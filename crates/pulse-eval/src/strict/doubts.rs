//! Answers that leave open what they say, and such that only seem to.

use super::labels::read_labels;
use super::letter::{options_of_question, read_letter};
use super::options::read_options;
use crate::task::{Task, TaskKind};

/// What is read: labels joined by commas, `-` for none of them, `?` if the answer cannot be read.
fn labels(task: Task, answer: &str) -> String {
    let TaskKind::Labels(names) = task.kind() else {
        return "?".to_owned();
    };
    match read_labels(task, answer).value() {
        None => "?".to_owned(),
        Some(found) if found.is_empty() => "-".to_owned(),
        Some(found) => found
            .iter()
            .map(|at| names[*at])
            .collect::<Vec<_>>()
            .join(","),
    }
}

#[test]
fn letters() {
    let options = options_of_question("A. Atrial fibrillation B. LBBB C. NSR D. STEMI");
    for (answers, letter) in [
        (
            "A & B|Plan B|ECG A is normal|The least likely option is A|The wrong option is A.\
             |The incorrect answer is A.|The second best answer is B|The best answer would have been B if P waves \
             were absent.|inconsistent with A|This argues against A|less likely A|unlike A|A is tempting but wrong\
             |Discard A|A is contradicted by the P waves|A is a distractor|The answer is A. No wait, it's B.\
             |It might be A or B|All of the above|I cannot choose between A and B.|A: 10%\nB: 70%",
            None,
        ),
        (
            "\\boxed{B}|{\"answer\": \"B\"}|B rather than A|B, since the QRS is wide|The answer is B. A is wrong since P waves \
             are seen|A? No. B? Yes. C? No.|The answer can't be A or C, so it is B|B</s>|Not A, but B|Option A can be \
             eliminated. Option C can be eliminated. So B.",
            Some('B'),
        ),
    ] {
        for answer in answers.split('|') {
            let read = read_letter(answer, 4, &options);
            assert_eq!(read.value().copied(), letter, "{answer}");
        }
    }
}

#[test]
fn labels_of_an_ecg() {
    for (task, answers, right) in [
        (
            Task::PtbTest,
            "MI or STTC|Either MI or CD|MI cannot be excluded|MI should be ruled out|R/O MI|consider MI|Questionable MI\
             |Nearly normal ECG|MI (0.1), STTC (0.8)|MI: 90%, STTC: 5%|MI: low probability|less likely MI, more likely \
             STTC|NORM, MI, STTC, CD, HYP|MI mimic|MI, which is excluded|STTC more likely than MI|Insufficient evidence \
             for MI|fails to meet HYP criteria|MI resolved|In case of MI call for help. NORM|NORM. See a doctor to \
             exclude MI.|Diagnosis: MI. Differential: CD|changes atypical for MI|no abnormality other than CD|MI is not \
             the cause of STTC|MI is not acute|hardly MI|MI (-), CD (+)|MI +, CD -|MI 0, CD 1",
            "?",
        ),
        (
            Task::PtbTest,
            "no MI|does not meet criteria for HYP|HYP criteria are not fulfilled|MI neg|No evidence of MI or STTC",
            "-",
        ),
        (
            Task::PtbTest,
            "non specific STTC|STTC rather than MI|STTC, MI ruled out|Answer: STTC (no MI, CD or HYP)",
            "STTC",
        ),
        (
            Task::CpscTest,
            "Normal sinus rhythm with RBBB|RBBB, no LBBB",
            "RBBB",
        ),
        (Task::CpscTest, "AFib|P waves absent, AF", "AF"),
        (
            Task::Code15Test,
            "ST is normal|ST: normal|the ST is isoelectric|ST in V5 is depressed|flat ST|abnormal T waves|abnormal axis\
             |The axis is abnormal|QRS: abnormal",
            "?",
        ),
        (
            Task::Code15Test,
            "ABNORMAL|abnormal|abnormal ECG|The ECG is abnormal.",
            "ABNORMAL",
        ),
        (
            Task::Code15Test,
            "St. Jude pacemaker, LBBB|LBBB, abnormal axis",
            "LBBB",
        ),
    ] {
        for answer in answers.split('|') {
            assert_eq!(labels(task, answer), right, "{answer}");
        }
    }
}

#[test]
fn options_cut_short_or_offered_are_not_read() {
    for (answer, listed) in [
        ("lead I or lead II", "lead i|lead ii"),
        ("lead I and II", "lead i|lead ii"),
        (
            "anterior and inferior myocardial infarction",
            "anterior myocardial infarction|inferior myocardial infarction",
        ),
        ("None of these, it shows AF", "none|af"),
    ] {
        let listed: Vec<String> = listed.split('|').map(str::to_owned).collect();
        assert_eq!(read_options(answer, &listed).value(), None, "{answer}");
    }
}
