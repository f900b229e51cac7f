//! One sentence about one aspect.

use pulse_ecg::patients::Finding;
use rand::Rng;

use super::Turn;
use crate::synthesize::case::Case;
use crate::synthesize::facts::sentence;
use crate::synthesize::random::{below, pick};

pub(super) fn ask(case: &Case, rng: &mut impl Rng) -> Turn {
    let truth = &case.ecg.truth;
    let (questions, answer) = match below(rng, 5) {
        0 => (
            ["What is the rhythm in this ECG?", "Describe the rhythm."],
            sentence(&format!(
                "{} with a ventricular rate of {} bpm",
                case.rhythm(),
                case.rate()
            )),
        ),
        1 => (
            [
                "What is the heart rate?",
                "How fast do the ventricles beat?",
            ],
            format!("The ventricular rate is {} bpm.", case.rate()),
        ),
        2 => (
            [
                "How long are the PR interval and the QRS complex?",
                "Give the PR interval and QRS duration.",
            ],
            intervals(case),
        ),
        3 => (
            [
                "What is the electrical axis?",
                "Describe the frontal QRS axis.",
            ],
            axis(case),
        ),
        _ => (
            [
                "What are the main features in this ECG image?",
                "What does this ECG show?",
            ],
            format!(
                "The ECG shows {}; the ventricular rate is {} bpm and the QRS duration {} ms.",
                case.findings_in_words(),
                case.rate(),
                libm::round(truth.qrs_ms)
            ),
        ),
    };
    Turn {
        question: pick(rng, &questions).to_owned(),
        answer,
    }
}

fn intervals(case: &Case) -> String {
    let truth = &case.ecg.truth;
    let qrs = libm::round(truth.qrs_ms);
    match truth.pr_ms {
        Some(pr) => format!(
            "The PR interval is {} ms and the QRS duration {qrs} ms.",
            libm::round(pr)
        ),
        None => format!(
            "No PR interval can be measured in {}; the QRS duration is {qrs} ms.",
            case.rhythm()
        ),
    }
}

fn axis(case: &Case) -> String {
    let degrees = libm::round(case.ecg.truth.axis_degrees);
    if case.shows(Finding::LeftAxisDeviation) {
        format!("There is left axis deviation at {degrees} degrees.")
    } else if case.shows(Finding::RightAxisDeviation) {
        format!("There is right axis deviation at {degrees} degrees.")
    } else {
        format!("The frontal QRS axis is {degrees} degrees.")
    }
}
