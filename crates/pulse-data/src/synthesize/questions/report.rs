//! A whole report.

use rand::Rng;

use super::Turn;
use crate::synthesize::case::Case;
use crate::synthesize::random::pick;

/// The prompt of ECGBench's report task comes first.
const PROMPTS: [&str; 3] = [
    "Please write a clinical report based on this ECG image.",
    "Write a report of this ECG.",
    "Interpret this ECG image and summarise your findings in a report.",
];

pub(super) fn ask(case: &Case, rng: &mut impl Rng) -> Turn {
    Turn {
        question: pick(rng, &PROMPTS).to_owned(),
        answer: case.ecg.report.clone(),
    }
}
