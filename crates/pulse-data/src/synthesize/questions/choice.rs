//! One of several lettered options.

use pulse_ecg::patients::Finding;
use rand::Rng;

use super::Turn;
use crate::synthesize::case::Case;
use crate::synthesize::random::{below, pick, shuffle};

/// Options of the questions of the training set.
const OPTIONS: usize = 4;

pub(super) fn ask(case: &Case, rng: &mut impl Rng) -> Turn {
    let shown = case.ecg.findings[below(rng, case.ecg.findings.len())];
    let options = match options_with(case, shown, OPTIONS, rng) {
        Some(options) => options,
        // Pacing hides so much that fewer than four findings can be excluded: ask about the rhythm then.
        None => vec![Finding::AtrialFibrillation, shown],
    };
    let question = pick(
        rng,
        &[
            "Which of these does this ECG show?",
            "What is the best interpretation of this ECG?",
            "Which finding fits this ECG image?",
        ],
    );
    let list: Vec<String> = options
        .iter()
        .enumerate()
        .map(|(place, finding)| format!("{}. {finding}", letter(place)))
        .collect();
    let place = options
        .iter()
        .position(|option| *option == shown)
        .unwrap_or(0);
    Turn {
        question: format!("{question}\n{}", list.join("\n")),
        answer: format!("{}. {shown}", letter(place)),
    }
}

/// `number` options in random order: one that the case shows, the others certainly absent. `None` if not
/// enough can be excluded.
pub(in crate::synthesize) fn options_with(
    case: &Case,
    shown: Finding,
    number: usize,
    rng: &mut impl Rng,
) -> Option<Vec<Finding>> {
    let mut options = case.absent();
    if options.len() + 1 < number {
        return None;
    }
    shuffle(rng, &mut options);
    options.truncate(number - 1);
    options.push(shown);
    shuffle(rng, &mut options);
    Some(options)
}

/// `A` for the first.
pub(in crate::synthesize) fn letter(place: usize) -> char {
    char::from(b'A' + (place % 26) as u8)
}
