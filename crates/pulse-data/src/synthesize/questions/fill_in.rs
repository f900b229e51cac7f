//! Sentences with blanks.

use rand::Rng;

use super::Turn;
use crate::synthesize::case::Case;
use crate::synthesize::random::{below, pick};

pub(super) fn ask(case: &Case, rng: &mut impl Rng) -> Turn {
    let truth = &case.ecg.truth;
    let (text, answer) = match below(rng, 3) {
        0 => (
            "The rhythm of this ECG is ____.".to_owned(),
            case.rhythm().to_owned(),
        ),
        1 => (
            format!(
                "This ECG shows {} at a ventricular rate of ____ bpm.",
                case.rhythm()
            ),
            case.rate().to_string(),
        ),
        _ => (
            "The QRS duration is ____ ms and the QT interval ____ ms.".to_owned(),
            format!(
                "{}; {}",
                libm::round(truth.qrs_ms),
                libm::round(truth.qt_ms)
            ),
        ),
    };
    let lead = pick(
        rng,
        &[
            "Fill in the blanks:",
            "Complete the sentence with what the ECG shows:",
        ],
    );
    Turn {
        question: format!("{lead} {text}"),
        answer,
    }
}
