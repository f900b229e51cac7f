//! Every section against the committed reference values, and against the full folder where it is.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pulse_llm::DeviceName;
use pulse_parity::{Golden, Section, SectionReport, Status, run};

fn check(reports: &[SectionReport]) {
    for report in reports {
        for check in &report.checks {
            assert!(
                check.holds(),
                "{}: {} of {} cases: {:?}",
                report.section,
                check.quantity,
                check.cases,
                check.failure
            );
        }
    }
}

#[test]
fn the_committed_values_hold() {
    let golden = Golden::open(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")).unwrap();
    let sections: Vec<Section> = Section::all()
        .into_iter()
        .filter(|one| one.exists())
        .collect();
    let reports = run(&golden, &sections, DeviceName::Cpu);
    check(&reports);
    // A quantity without cases holds; which are without any here is known.
    let empty: Vec<&str> = reports
        .iter()
        .flat_map(|report| &report.checks)
        .filter(|check| check.is_empty())
        .map(|check| check.quantity.as_str())
        .collect();
    assert_eq!(
        empty,
        [
            "logits of left-padded batches: max abs",
            "trained tensors without gradient",
            "groups of weight decay",
            "gradients of the first step, relative to the tensor",
            "final tensors, relative to the tensor",
        ]
    );
    let left_out: Vec<&str> = reports
        .iter()
        .filter(|report| report.status == Status::NoFixtures)
        .map(|report| report.section.as_str())
        .collect();
    // Exactly what needs the Llama tokenizer; everything else must have been compared.
    assert_eq!(
        left_out,
        ["tokenizer", "prompts", "end-to-end", "labels", "dataset"]
    );
}

#[test]
fn the_full_folder_holds_where_it_is() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden");
    if !folder.is_dir() {
        eprintln!(
            "left out: the full golden folder is not here (tokenizer, prompts, end-to-end, labels, \
             dataset)"
        );
        return;
    }
    let golden = Golden::open(folder).unwrap();
    let names = [
        "tokenizer",
        "prompts",
        "end-to-end",
        "labels",
        "dataset",
        "samplers",
        "schedules",
        "training",
    ];
    let sections: Vec<Section> = names.iter().map(|name| name.parse().unwrap()).collect();
    let reports = run(&golden, &sections, DeviceName::Cpu);
    assert!(
        reports.iter().all(|report| report.status == Status::Holds),
        "{reports:#?}"
    );
}

#[test]
fn a_section_that_does_not_exist_is_an_error() {
    assert!(Section::all().iter().all(|section| section.exists()));
    assert!("nonsense".parse::<Section>().is_err());
}

/// A copy of models, pictures and some fixtures of the committed folder, that may be spoilt.
fn copy(files: &[&str]) -> tempfile::TempDir {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let place = tempfile::tempdir().unwrap();
    copy_folder(&source.join("models"), &place.path().join("models"));
    copy_folder(&source.join("images"), &place.path().join("images"));
    std::fs::create_dir_all(place.path().join("micro")).unwrap();
    for file in files {
        std::fs::copy(source.join(file), place.path().join(file)).unwrap();
    }
    place
}

fn copy_folder(source: &Path, target: &Path) {
    std::fs::create_dir_all(target).unwrap();
    for entry in std::fs::read_dir(source).unwrap().flatten() {
        let place = target.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

fn report(folder: &Path, names: &[&str]) -> Vec<SectionReport> {
    let sections: Vec<Section> = names.iter().map(|name| name.parse().unwrap()).collect();
    run(&Golden::open(folder).unwrap(), &sections, DeviceName::Cpu)
}

#[test]
fn quantities_that_a_folder_lacks_are_no_failures() {
    let place = copy(&["micro/cases.json"]);
    edit(&place.path().join("micro/cases.json"), |cases| {
        let cases = cases.as_array_mut().unwrap();
        cases.truncate(2);
        for case in cases.iter_mut() {
            case["beam"] = serde_json::Value::Null;
            case["eos_case"] = serde_json::Value::Null;
        }
        // Only the first two ids of the second case are sure; its third may be another.
        let second = &mut cases[1];
        second["greedy_margins"][2] = 1e-5.into();
        second["greedy"][2] = 319.into();
    });
    let reports = report(place.path(), &["generation"]);
    assert_eq!(reports[0].status, Status::Holds, "{reports:#?}");
    let cases: Vec<usize> = reports[0].checks.iter().map(|check| check.cases).collect();
    assert_eq!(cases, [2, 0, 0, 0, 0]);
}

#[test]
fn a_malformed_folder_is_reported_and_the_rest_still_runs() {
    let files = [
        "anyres_sizes.json",
        "micro/cases.json",
        "micro/llm.safetensors",
        "micro/low_precision.json",
        "micro/low_precision.safetensors",
    ];
    let place = copy(&files);
    std::fs::write(place.path().join("micro/llm.safetensors"), b"short").unwrap();
    let reports = report(place.path(), &["decoder", "precision", "anyres"]);
    let status: Vec<Status> = reports.iter().map(|report| report.status).collect();
    assert_eq!(status, [Status::Error, Status::Error, Status::Holds]);
    for report in &reports[..2] {
        let message = report.message.as_ref().unwrap();
        assert!(message.contains("llm.safetensors"), "{message}");
    }
    let place = copy(&files);
    // More rows than the tensor has.
    edit(&place.path().join("micro/low_precision.json"), |order| {
        let names = order["order"].as_array_mut().unwrap();
        for _ in 0..100 {
            names.insert(0, "nothing".into());
        }
    });
    edit(&place.path().join("micro/cases.json"), |cases| {
        cases.as_array_mut().unwrap().truncate(1);
        cases[0]["prompt"][0] = 5000.into();
    });
    edit(&place.path().join("anyres_sizes.json"), |sizes| {
        sizes["patch"] = 0.into();
    });
    let reports = report(place.path(), &["decoder", "anyres"]);
    for (report, part) in reports.iter().zip(["vocabulary of 320", "patch is 0"]) {
        assert_eq!(report.status, Status::Error);
        let message = report.message.as_ref().unwrap();
        assert!(message.contains(part), "{message}");
    }
    edit(&place.path().join("micro/cases.json"), |cases| {
        cases[0]["prompt"][0] = 1.into();
    });
    let reports = report(place.path(), &["precision"]);
    let message = reports[0].message.as_ref().unwrap();
    assert!(message.contains("too few"), "{message}");
}
