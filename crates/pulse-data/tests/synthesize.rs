//! Synthetic sets: the same bytes for a seed, sound by the lint, patients apart, all kinds of questions.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::hashes;
use pulse_data::bench::{BenchConfig, BenchConversation, BenchFolder, BenchTask, TurnValue};
use pulse_data::instruct::{IndexOptions, InstructFile, build_index};
use pulse_data::lint::{LintOptions, lint};
use pulse_data::synthesize::{
    PageTruth, QuestionKind, SynthesizeError, SynthesizeOptions, TRUTH_FILE, read_truths,
    synthesize,
};
use pulse_data::{Sample, SourceRecord};
use pulse_ecg::patients::{Finding, Mixture};

fn options(out: PathBuf) -> SynthesizeOptions {
    SynthesizeOptions {
        count: 60,
        seed: 3,
        out,
        dpi: (50.0, 70.0),
        progress: false,
        ..SynthesizeOptions::default()
    }
}

#[test]
fn a_set_is_clean_complete_and_the_same_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let report = synthesize(&options(one.clone())).unwrap();
    assert_eq!(report.train + report.valid + report.test, 60);
    assert!(report.valid > 0 && report.test > 0 && report.bench == 36);
    let single = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    single
        .install(|| synthesize(&options(two.clone())))
        .unwrap();
    let made = hashes(&one);
    assert_eq!(made, hashes(&two));
    assert_eq!(made.len() as u64, report.pages + 4 + 9 + 1);

    // Continued after a kill: what is missing is made again, the same.
    let lost: Vec<&PathBuf> = made
        .keys()
        .filter(|name| !name.ends_with("settings.txt"))
        .step_by(5)
        .collect();
    for name in lost {
        std::fs::remove_file(two.join(name)).unwrap();
    }
    synthesize(&options(two.clone())).unwrap();
    assert_eq!(made, hashes(&two));
    let other = SynthesizeOptions {
        seed: 4,
        ..options(two.clone())
    };
    assert!(matches!(
        synthesize(&other),
        Err(SynthesizeError::Occupied { .. })
    ));

    let linted = lint(
        &one,
        &LintOptions {
            progress: false,
            ..LintOptions::default()
        },
    )
    .unwrap();
    assert!(linted.is_clean, "{:#?}", linted.findings);
    assert_eq!(linted.sets.len(), 12);
    assert!(
        linted
            .overlaps
            .iter()
            .all(|overlap| overlap.records + overlap.patients == 0)
    );
}

#[test]
fn a_second_run_in_one_folder_is_told_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    std::fs::create_dir(&out).unwrap();
    let lock = out.join(".pulse-synthesize.lock");
    let held = std::fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let few = SynthesizeOptions {
        count: 2,
        bench_items: Some(0),
        ..options(out.clone())
    };
    let error = synthesize(&few).unwrap_err();
    assert!(matches!(error, SynthesizeError::Busy { .. }), "{error}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
    // What a killed run leaves of the lock keeps nobody out, and sets without patients get no file.
    drop(held);
    assert_eq!(synthesize(&few).unwrap().train, 2);
    let mut names: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "bench",
            "images",
            "settings.txt",
            "train.json",
            "truth.json"
        ]
    );
}

#[test]
fn every_conversation_has_its_truth_and_a_balanced_mixture_has_more_of_what_is_rare() {
    let folder = tempfile::tempdir().unwrap();
    let flutter = |mixture: Mixture| {
        let out = folder.path().join(mixture.name());
        let made = SynthesizeOptions {
            count: 120,
            mixture,
            dpi: (30.0, 30.0),
            bench_items: Some(0),
            test_share: 0.0,
            ..options(out.clone())
        };
        synthesize(&made).unwrap();
        let truths = read_truths(&out.join(TRUTH_FILE)).unwrap();
        assert_eq!(truths.len(), 120);
        for name in ["train.json", "valid.json"] {
            let text = std::fs::read(out.join(name)).unwrap();
            let samples: Vec<Sample> = serde_json::from_slice(&text).unwrap();
            for sample in samples {
                let truth = &truths[&sample.id];
                let rhythms = truth.findings.iter().filter(|finding| finding.is_rhythm());
                assert_eq!(rhythms.count(), 1);
                assert!(
                    truth
                        .rate_bpm
                        .is_some_and(|rate| (30.0..170.0).contains(&rate)),
                    "{truth:?}"
                );
                let both = |finding| truth.hidden.contains(finding);
                assert!(!truth.findings.iter().any(both), "{truth:?}");
            }
        }
        let shows = |finding| move |truth: &&PageTruth| truth.shows(finding) == Some(true);
        let count = truths
            .values()
            .filter(shows(Finding::AtrialFlutter))
            .count();
        // Another mixture in the same folder is another set.
        let other = match mixture {
            Mixture::Ward => Mixture::Balanced,
            Mixture::Balanced => Mixture::Ward,
        };
        let again = synthesize(&SynthesizeOptions {
            mixture: other,
            ..made
        });
        assert!(matches!(again, Err(SynthesizeError::Occupied { .. })));
        count
    };
    assert!(flutter(Mixture::Balanced) > flutter(Mixture::Ward));
}

#[test]
fn all_kinds_are_asked_and_patients_stay_in_one_set() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    synthesize(&options(out.clone())).unwrap();
    let mut kinds = BTreeSet::new();
    let mut patients: Vec<BTreeSet<String>> = Vec::new();
    for name in ["train.json", "valid.json", "test.json"] {
        let path = out.join(name);
        build_index(&path, &IndexOptions::default()).unwrap();
        let file = InstructFile::open(&path, None).unwrap();
        let mut of_set = BTreeSet::new();
        for sample in file.samples().map(Result::unwrap) {
            for kind in QuestionKind::ALL {
                if sample.id.ends_with(kind.name()) {
                    kinds.insert(kind.name());
                }
            }
            let record = SourceRecord::parse(sample.image.as_ref().unwrap()).unwrap();
            of_set.insert(record.patient.unwrap());
        }
        patients.push(of_set);
    }
    assert_eq!(kinds.len(), QuestionKind::ALL.len(), "{kinds:?}");
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        assert!(patients[a].is_disjoint(&patients[b]));
    }
}

#[test]
fn the_benchmark_has_the_answers_that_the_scorers_expect() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    let options = SynthesizeOptions {
        count: 3,
        bench_items: Some(12),
        ..options(out.clone())
    };
    synthesize(&options).unwrap();
    let bench = BenchFolder::open(&out.join("bench")).unwrap();
    assert_eq!(bench.configs().count(), 9);
    for config in BenchConfig::ALL {
        let mut answers = BTreeSet::new();
        for item in bench.items(config).unwrap().map(Result::unwrap) {
            item.open_picture().unwrap();
            let BenchConversation::Turns(turns) = &item.conversation else {
                assert_eq!(config.task(), BenchTask::TwoTurns);
                continue;
            };
            assert_eq!(turns.len(), 2);
            let (question, gold) = (turns[0].value.joined(), &turns[1].value);
            answers.insert(gold.joined());
            match config.task() {
                BenchTask::MultiLabel => {
                    for label in gold.joined().split(", ") {
                        assert!(config.labels().contains(&label), "{config}: {label}");
                    }
                }
                BenchTask::EightOptions | BenchTask::FourOptions => {
                    let most = if config.task() == BenchTask::EightOptions {
                        'H'
                    } else {
                        'D'
                    };
                    let letter = gold.joined().chars().next().unwrap();
                    assert!(('A'..=most).contains(&letter), "{config}: {letter}");
                    let option = question
                        .lines()
                        .find(|line| line.starts_with(letter))
                        .unwrap();
                    assert!(config == BenchConfig::MmmuEcg || option == gold.joined());
                    assert!(question.contains(&format!("\n{most}. ")));
                }
                BenchTask::OptionSet => {
                    let TurnValue::Answers(gold) = gold else {
                        unreachable!("{gold:?}")
                    };
                    let listed = question.rsplit("Options:").next().unwrap();
                    let listed = listed.replace(
                        "Only answer based on the given Options without any explanation.",
                        "",
                    );
                    let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
                    for answer in gold {
                        assert!(listed.contains(&answer.as_str()), "{answer} of {listed:?}");
                        assert_eq!(answer, &answer.to_lowercase());
                    }
                }
                BenchTask::Report => {
                    assert!(
                        question
                            .ends_with("Please write a clinical report based on this ECG image.")
                    );
                }
                BenchTask::TwoTurns => unreachable!(),
            }
        }
        let is_varied = config.task() == BenchTask::TwoTurns || answers.len() > 1;
        assert!(is_varied, "{config}: {answers:?}");
    }
}

#[test]
fn settings_outside_their_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = options(folder.path().join("made"));
    for bad in [
        SynthesizeOptions {
            count: 0,
            ..good.clone()
        },
        SynthesizeOptions {
            valid_share: 0.6,
            ..good.clone()
        },
        SynthesizeOptions {
            test_share: f64::NAN,
            ..good.clone()
        },
        SynthesizeOptions {
            dpi: (10.0, 70.0),
            ..good.clone()
        },
        SynthesizeOptions {
            dpi: (90.0, 70.0),
            ..good.clone()
        },
    ] {
        assert!(matches!(
            synthesize(&bad),
            Err(SynthesizeError::Setting { .. })
        ));
    }
    std::fs::write(folder.path().join("something.txt"), "x").unwrap();
    let occupied = options(folder.path().to_owned());
    assert!(matches!(
        synthesize(&occupied),
        Err(SynthesizeError::Occupied { .. })
    ));
}
