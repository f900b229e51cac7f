//! Questions that a page answers.

use pulse_ecg::patients::{Finding, Statement, StatementReport, Topic};
use rand::Rng;

use crate::synthesize::case::Case;
use crate::synthesize::facts::{ask_range, sentence};
use crate::synthesize::questions::Turn;
use crate::synthesize::random::{below, pick, unit};

/// The prompt of ECGBench's report task comes first.
const REPORT: [&str; 6] = [
    "Please write a clinical report based on this ECG image.",
    "Write a report of this ECG.",
    "Interpret this ECG image and summarise your findings in a report.",
    "What are the main features in this ECG image?",
    "What does this ECG show?",
    "Describe this ECG.",
];

const RATE: [&str; 4] = [
    "What is the heart rate?",
    "How fast do the ventricles beat?",
    "What is the heart rate in this ECG?",
    "What is the ventricular rate in this ECG?",
];

pub(super) fn report(case: &Case, rng: &mut impl Rng) -> Turn {
    Turn {
        question: pick(rng, &REPORT).to_owned(),
        answer: case.statements().to_string(),
    }
}

pub(super) fn ask(case: &Case, rng: &mut impl Rng) -> Turn {
    match below(rng, 10) {
        0 => Turn {
            question: pick(rng, &RATE).to_owned(),
            answer: case.statements().rate_statement(),
        },
        1 => range(case, rng),
        2..6 => topic(case, rng),
        _ => finding(case, rng),
    }
}

fn range(case: &Case, rng: &mut impl Rng) -> Turn {
    Turn {
        question: ask_range(rng),
        answer: sentence(case.rate_range()),
    }
}

/// What the report says about one topic.
fn topic(case: &Case, rng: &mut impl Rng) -> Turn {
    let topic = Topic::ALL[below(rng, Topic::ALL.len())];
    let questions = match topic {
        Topic::Rhythm => [
            "What is the heart rhythm in this ECG?",
            "What is the rhythm?",
            "Describe the rhythm.",
        ],
        Topic::Ectopy => [
            "Are there premature beats?",
            "Does this ECG show extrasystoles?",
            "Which premature contractions are there?",
        ],
        Topic::Conduction => [
            "Is the conduction normal?",
            "Is there a conduction disturbance in this ECG?",
            "Describe AV conduction and the bundle branches.",
        ],
        Topic::Axis => [
            "What is the electrical axis?",
            "Is the axis deviated?",
            "Describe the frontal QRS axis.",
        ],
        Topic::Hypertrophy => [
            "Are there signs of hypertrophy?",
            "Does this ECG show hypertrophy?",
            "What do the voltages of the left ventricle say?",
        ],
        Topic::StSegment => [
            "Are there changes of the ST segment?",
            "Where is the ST segment elevated or depressed?",
            "Describe the ST segments.",
        ],
        Topic::QWaves => [
            "Are there pathological Q waves?",
            "Are there signs of an old infarction?",
            "Describe the Q waves.",
        ],
        Topic::Qt => [
            "Is the QT interval prolonged?",
            "Is the QT interval normal?",
            "Describe the QT interval.",
        ],
    };
    let answer = case.statements().statement(topic);
    Turn {
        question: pick(rng, &questions).to_owned(),
        answer,
    }
}

/// Yes, no or not assessable; half of the questions are about what is there.
fn finding(case: &Case, rng: &mut impl Rng) -> Turn {
    let statements = case.statements();
    let asked = match unit(rng) < 0.5 {
        true => case.ecg.findings[below(rng, case.ecg.findings.len())],
        false => Finding::ALL[below(rng, Finding::ALL.len())],
    };
    let form = pick(
        rng,
        &[
            "Does this ECG show {}?",
            "Is {} present in this ECG image?",
            "Can {} be diagnosed from this ECG?",
        ],
    );
    Turn {
        question: format!("{} Answer yes or no.", form.replace("{}", asked.name())),
        answer: yes_or_no(&statements, asked).to_owned(),
    }
}

/// As the report has it, so that no two answers about a page contradict each other.
fn yes_or_no(statements: &StatementReport, asked: Finding) -> &'static str {
    let topic = Topic::of(asked);
    match statements.about(topic) {
        Statement::NotAssessable => "Not assessable.",
        Statement::Findings(findings) if findings.contains(&asked) => "Yes.",
        Statement::Findings(_) => "No.",
    }
}
