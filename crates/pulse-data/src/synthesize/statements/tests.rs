#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use pulse_ecg::patients::{Mixture, StatementReport};

use super::*;
use crate::synthesize::random::generator;

fn case(number: u64) -> Case {
    Case::make(5, Mixture::Balanced, number, 0).unwrap()
}

#[test]
fn every_conversation_has_one_report_that_reads_back_and_questions_of_its_own() {
    let mut kinds = BTreeSet::new();
    for number in 0..60 {
        let case = case(number);
        let messages = converse(&case, &mut generator(5, "test", number));
        assert_eq!(messages.len(), 2 * (QUESTIONS + 1));
        assert!(messages[0].value.starts_with("<image>\n"));
        let answers: Vec<&str> = messages[1..].iter().step_by(2).map(|m| &*m.value).collect();
        let reports: Vec<StatementReport> = answers
            .iter()
            .filter_map(|answer| StatementReport::parse(answer).ok())
            .collect();
        assert_eq!(reports, [case.statements()]);
        let questions: BTreeSet<&str> = messages.iter().step_by(2).map(|m| &*m.value).collect();
        assert_eq!(questions.len(), QUESTIONS + 1);
        for answer in answers {
            let kind = answer.split([':', '.']).next().unwrap_or_default();
            kinds.insert(kind.to_owned());
        }
    }
    for kind in [
        "Rhythm",
        "Rate",
        "Ectopy",
        "Yes",
        "No",
        "Not assessable",
        "I cannot answer this",
        "QT",
    ] {
        assert!(kinds.contains(kind), "{kind} is in none: {kinds:?}");
    }
}

#[test]
fn answers_about_a_page_agree_with_its_report() {
    for number in 0..200 {
        let case = case(number);
        let report = case.statements().to_string();
        let mut rng = generator(6, "test", number);
        for _ in 0..20 {
            let turn = questions::ask(&case, &mut rng);
            // Statements are parts of the report; the rest is checked against the patient.
            let is_part = report.contains(&turn.answer);
            let asked = turn.question.to_lowercase();
            let shown = case.ecg.findings.iter().any(|finding| {
                asked.contains(&format!(" {} ", finding.name().to_lowercase()))
                    || asked.contains(&format!(" {}?", finding.name().to_lowercase()))
            });
            match &*turn.answer {
                "Yes." => assert!(shown, "{}", turn.question),
                "No." | "Not assessable." => assert!(!shown, "{}", turn.question),
                "Below 60 bpm." => assert!(case.rate() < 60),
                "60 to 100 bpm." => assert!((60..=100).contains(&case.rate())),
                "Above 100 bpm." => assert!(case.rate() > 100),
                _ => assert!(is_part, "{} {}", turn.question, turn.answer),
            }
        }
    }
}

#[test]
fn a_picture_that_is_no_page_is_called_none() {
    let messages = converse_without_page(&case(1), &mut generator(5, "test", 1));
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1].value, NO_PAGE);
}
