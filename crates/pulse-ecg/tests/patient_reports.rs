//! What reports say about leads is true of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use pulse_ecg::Lead;
use pulse_ecg::patients::{Finding, PatientPlan, Territory};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn leads(list: &str) -> Vec<Lead> {
    list.split(", ").map(Lead::parse).collect()
}

#[test]
fn the_leads_listed_for_a_wall_belong_to_it() {
    let of_territory = |of: fn(Finding) -> Option<Territory>, word: &'static str| {
        Finding::ALL
            .iter()
            .filter_map(move |&finding| Some((finding, of(finding)?, word)))
    };
    let findings = of_territory(Finding::st_elevation, "elevation")
        .chain(of_territory(Finding::st_depression, "depression"));
    for (finding, wall, word) in findings {
        let (mut sentences, mut with_others, mut lateral_avl) = ([0; 3], 0, 0);
        for seed in 0..60 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let plan = PatientPlan::with_finding(finding, &mut rng);
            let report = plan.synthesize(&mut rng).unwrap().report;
            let name = wall.name();
            let capital = name[..1].to_uppercase() + &name[1..];
            let phrases = [
                format!("{capital} ST {word}"),
                format!("ST {word} of the {wall} wall"),
                format!("ST segment {word} in the {wall} leads"),
            ];
            let found = phrases.iter().position(|phrase| report.contains(phrase));
            let found = found.unwrap_or_else(|| panic!("{finding}, seed {seed}: {report}"));
            let (_, rest) = report.split_once(&phrases[found]).unwrap();
            let sentence = rest.split('.').next().unwrap();
            let (inside, outside) = match sentence.split_once(", also in ") {
                Some((inside, outside)) => (inside, Some(outside)),
                None => (sentence, None),
            };
            let inside = inside
                .strip_prefix(" (")
                .and_then(|list| list.strip_suffix(')'));
            let inside = leads(inside.unwrap_or_else(|| panic!("{report}")));
            assert!(
                inside.iter().all(|lead| wall.leads().contains(lead)),
                "{finding}, seed {seed}: {report}"
            );
            let inside_has_avl = inside.contains(&Lead::AVL);
            for lead in outside.map(leads).unwrap_or_default() {
                assert!(lead.is_standard() && lead != Lead::AVR, "{report}");
                assert!(
                    !wall.leads().contains(&lead),
                    "{finding}, seed {seed}: {report}"
                );
                with_others += 1;
            }
            sentences[found] += 1;
            lateral_avl += usize::from(inside_has_avl);
        }
        // Three phrases, so about twenty of sixty each.
        assert!(
            sentences.iter().all(|count| *count >= 8),
            "{finding}: {sentences:?}"
        );
        println!("{finding}: {sentences:?}, {with_others} other leads, aVL in {lateral_avl}");
        if wall == Territory::Lateral {
            assert!(lateral_avl >= 15, "{finding}: aVL in {lateral_avl} of 60");
        }
    }
}
