//! Yes or no, or one of a few categories.

use rand::Rng;

use super::Turn;
use crate::synthesize::case::Case;
use crate::synthesize::facts::{ask_range, sentence};
use crate::synthesize::random::{below, pick, unit};

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
    Turn {
        question: ask_range(rng),
        answer: sentence(case.rate_range()),
    }
}
