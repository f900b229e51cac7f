//! Yes or no, or one of a few categories.

use rand::Rng;

use super::Turn;
use crate::synthesize::case::Case;
use crate::synthesize::facts::sentence;
use crate::synthesize::random::{below, pick, unit};

/// Rates that textbooks call slow and fast.
const SLOW: u32 = 60;
const FAST: u32 = 100;

pub(super) fn ask(case: &Case, rng: &mut impl Rng) -> Turn {
    match below(rng, 4) {
        0 => rate(case, rng),
        _ => finding(case, rng),
    }
}

/// Half of the questions are about what is there.
fn finding(case: &Case, rng: &mut impl Rng) -> Turn {
    let absent = case.absent();
    let is_present = absent.is_empty() || unit(rng) < 0.5;
    let from = if is_present {
        &case.ecg.findings
    } else {
        &absent
    };
    let name = from[below(rng, from.len())].name();
    let form = pick(
        rng,
        &[
            "Does this ECG show {}?",
            "Is {} present in this ECG image?",
            "Can {} be diagnosed from this ECG?",
        ],
    );
    Turn {
        question: format!("{} Answer yes or no.", form.replace("{}", name)),
        answer: if is_present { "Yes." } else { "No." }.to_owned(),
    }
}

fn rate(case: &Case, rng: &mut impl Rng) -> Turn {
    let category = match case.rate() {
        ..SLOW => "below 60 bpm",
        SLOW..=FAST => "60 to 100 bpm",
        _ => "above 100 bpm",
    };
    let question = pick(
        rng,
        &[
            "In which range is the ventricular rate?",
            "Which category does the heart rate on this ECG belong to?",
        ],
    );
    Turn {
        question: format!("{question} Choose one: below 60 bpm, 60 to 100 bpm, above 100 bpm."),
        answer: sentence(category),
    }
}
