//! What holds for any text and any numbers.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use pulse_eval::judge::{JudgeKind, parse_reply};
use pulse_eval::metrics::{brier_score, expected_calibration_error, roc_auc};
use pulse_eval::published::{
    candidates, chosen_options, extract_letter, predicted_labels, score_multilabel,
};
use pulse_eval::statistics::mcnemar_exact;
use pulse_eval::strict::{
    Reading, options_of_prompt, options_of_question, read_labels, read_letter, read_options,
};
use pulse_eval::{Task, TaskKind};

/// Any text, often with the words that readers look for.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "\\PC{0,6}",
        prop::sample::select(vec![
            "Answer:",
            "answer",
            "The correct option is ",
            "Options:",
            "A.",
            "(B)",
            "C",
            "not",
            "no",
            "or",
            ",",
            ".",
            "\n",
            "NORM",
            "ABNORMAL",
            "I-AVB",
            "ST",
            "segment",
            "none",
            "is",
            "unlikely",
            "rather than",
            "normal",
            "\u{2019}t",
            "\u{2011}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_breaks_a_reader(answer in text(), question in text()) {
        let _ = extract_letter(&answer);
        let _ = parse_reply(JudgeKind::Report, &answer);
        chosen_options(&candidates(&question), &answer);
        for task in Task::ALL {
            predicted_labels(task, &answer);
            if let (Reading::Read(found), TaskKind::Labels(labels)) = (read_labels(task, &answer), task.kind()) {
                prop_assert!(found.iter().all(|at| *at < labels.len()));
                prop_assert!(found.is_sorted());
            }
        }
        let options = options_of_question(&question);
        if let Reading::Read(letter) = read_letter(&answer, 4, &options) {
            prop_assert!(('A'..='D').contains(&letter));
        }
        let listed = options_of_prompt(&question, &BTreeSet::new());
        if let Reading::Read(found) = read_options(&answer, &listed) {
            prop_assert!(found.iter().all(|at| *at < listed.len()));
        }
    }

    #[test]
    fn the_auc_counts_pairs(cases in prop::collection::vec((0u8..6, any::<bool>()), 2..40)) {
        let p: Vec<f64> = cases.iter().map(|(p, _)| f64::from(*p) / 5.0).collect();
        let truths: Vec<bool> = cases.iter().map(|(_, truth)| *truth).collect();
        let (mut won, mut pairs) = (0.0, 0.0);
        for (a, is_true) in &cases {
            for (b, _) in cases.iter().filter(|(_, other)| *is_true && !other) {
                pairs += 1.0;
                won += match a.cmp(b) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        match roc_auc(&p, &truths) {
            None => prop_assert_eq!(pairs, 0.0),
            Some(area) => prop_assert!((area - won / pairs).abs() < 1e-12),
        }
        prop_assert!((0.0..=1.0).contains(&brier_score(&p, &truths).unwrap()));
        prop_assert!((0.0..=1.0).contains(&expected_calibration_error(&p, &truths, 10).unwrap()));
    }

    #[test]
    fn figures_stay_in_their_ranges(
        rows in prop::collection::vec((prop::collection::vec("[A-E]", 0..4), prop::collection::vec("[A-F]", 0..4)), 1..30),
    ) {
        let (gold, predicted): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        if let Ok(scores) = score_multilabel(&gold, &predicted) {
            prop_assert!((0.0..=1.0).contains(&scores.f1) && (0.0..=1.0).contains(&scores.hamming));
            prop_assert!(scores.auc.is_nan() || (0.0..=1.0).contains(&scores.auc));
            if gold == predicted && scores.classes.len() > 1 {
                prop_assert_eq!((scores.f1, scores.hamming), (1.0, 0.0));
            }
        } else {
            prop_assert!(gold.iter().all(Vec::is_empty));
        }
    }

    #[test]
    fn mcnemar_does_not_care_which_run_is_first(runs in prop::collection::vec(any::<(bool, bool)>(), 0..60)) {
        let (first, second): (Vec<bool>, Vec<bool>) = runs.into_iter().unzip();
        let one = mcnemar_exact(&first, &second);
        let other = mcnemar_exact(&second, &first);
        prop_assert_eq!(one.p_value, other.p_value);
        prop_assert!(one.p_value > 0.0 && one.p_value <= 1.0);
    }
}
