//! Every section against the committed reference values, and against the full folder where it is.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

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
    let reports = run(&golden, &sections, DeviceName::Cpu).unwrap();
    check(&reports);
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
    ];
    let sections: Vec<Section> = names.iter().map(|name| name.parse().unwrap()).collect();
    let reports = run(&golden, &sections, DeviceName::Cpu).unwrap();
    assert!(
        reports.iter().all(|report| report.status == Status::Holds),
        "{reports:#?}"
    );
}

#[test]
fn sections_to_come_are_missing_not_passed() {
    let golden = Golden::open(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")).unwrap();
    let training: Section = "training".parse().unwrap();
    let reports = run(&golden, &[training], DeviceName::Cpu).unwrap();
    assert_eq!(reports[0].status, Status::Missing);
    assert!("nonsense".parse::<Section>().is_err());
}
