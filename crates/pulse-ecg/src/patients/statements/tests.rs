#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use rand::SeedableRng;

use super::*;
use crate::patients::{Mixture, PatientPlan};

#[test]
fn every_finding_has_one_topic_and_no_name_begins_with_another() {
    for &finding in Finding::ALL {
        let topics = Topic::ALL
            .iter()
            .filter(|topic| topic.findings().contains(&finding));
        assert_eq!(topics.count(), 1, "{finding}");
    }
    for topic in Topic::ALL {
        assert_eq!(Topic::ALL[topic as usize], topic);
        for (place, one) in topic.findings().iter().enumerate() {
            for other in &topic.findings()[place + 1..] {
                assert!(!one.name().starts_with(other.name()), "{one} {other}");
                assert!(!other.name().starts_with(one.name()), "{one} {other}");
            }
        }
    }
}

#[test]
fn what_is_hidden_is_called_not_assessable() {
    let hidden: Vec<Finding> = [Topic::Axis, Topic::StSegment]
        .iter()
        .flat_map(|topic| topic.findings().iter().copied())
        .collect();
    let shown = [
        Finding::SinusRhythm,
        Finding::LeftBundleBranchBlock,
        Finding::LeftAxisDeviation,
    ];
    let report = StatementReport::new(&shown, &hidden, 66);
    assert_eq!(
        report.to_string(),
        "Rhythm: sinus rhythm. Rate: 66/min. Ectopy: none. Conduction: left bundle branch block. \
         Axis: left axis deviation. Hypertrophy: none. ST segment: not assessable. Q waves: none. QT: normal."
    );
    assert!(report.names(Finding::LeftAxisDeviation) && !report.names(Finding::LongQt));
}

#[test]
fn drawn_patients_read_back() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    for _ in 0..500 {
        let plan = PatientPlan::draw_from(Mixture::Balanced, &mut rng);
        let report = StatementReport::new(&plan.findings, &[], plan.rate_bpm as u32);
        assert_eq!(
            StatementReport::parse(&format!(" {report}\n")),
            Ok(report.clone())
        );
        for &finding in Finding::ALL {
            assert_eq!(report.names(finding), plan.has(finding));
        }
    }
}

#[test]
fn anything_else_is_refused_with_the_place() {
    let good = StatementReport::new(&[Finding::SinusRhythm], &[], 72).to_string();
    // Where it goes wrong, counted from the place of the change.
    for (from, to, behind, expected) in [
        ("/min", " bpm", 0, "\"/min.\""),
        ("72", "0720", 0, "a rate of one to 3 digits"),
        ("72", "1720", 0, "a rate of one to 3 digits"),
        (
            "Axis: normal",
            "Axis: none",
            6,
            "one of left axis deviation",
        ),
        (
            "QT: normal.",
            "QT: normal. And more",
            11,
            "the end of the report",
        ),
        (
            "Ectopy: none",
            "Ectopy: premature ventricular contractions, premature atrial contractions",
            44,
            "no further finding",
        ),
    ] {
        let at = good.find(from).unwrap() + behind;
        let text = good.replace(from, to);
        let error = StatementReport::parse(&text).unwrap_err();
        let StatementError::Unexpected {
            at: found_at,
            expected: found,
            ..
        } = &error
        else {
            panic!("{text}: {error}");
        };
        assert!(found.starts_with(expected), "{text}: {error}");
        assert_eq!(*found_at, at, "{text}: {error}");
    }
    for (rhythm, found) in [
        ("none", 0),
        ("sinus arrhythmia", 0),
        ("sinus rhythm, atrial flutter", 2),
    ] {
        let text = good.replace("sinus rhythm", rhythm);
        assert_eq!(
            StatementReport::parse(&text),
            Err(StatementError::Rhythms { found })
        );
    }
    assert!(StatementReport::parse("").is_err());
}

proptest! {
    /// No text makes it panic, and what is read is written the same.
    #[test]
    fn what_is_read_is_written_the_same(cut in 0usize..200, inserted in "\\PC{0,5}", keep in any::<bool>()) {
        let good = StatementReport::new(&[Finding::AtrialFlutter], &[], 150).to_string();
        let cut = cut.min(good.len());
        let tail = if keep { &good[cut..] } else { "" };
        let text = format!("{}{inserted}{tail}", &good[..cut]);
        if let Ok(report) = StatementReport::parse(&text) {
            prop_assert_eq!(report.to_string(), text.trim());
        }
    }
}
