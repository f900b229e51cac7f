//! The lint on sound and on broken data sets.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use image::{Rgb, RgbImage};
use pulse_data::bench::{BenchFolder, BenchFormat, ExportOptions, export_bench};
use pulse_data::lint::{LintOptions, LintReport, Rule, lint, write_html, write_text};
use serde_json::{Value, json};

/// A page with a trace of its own.
fn write_page(root: &Path, name: &str, seed: u32) {
    let mut page = RgbImage::from_pixel(400, 300, Rgb([255, 246, 244]));
    for x in 0..400u32 {
        let y = 150 + ((x * (seed % 5 + 3) / 7) % 22).abs_diff(11);
        for dy in 0..4 {
            page.put_pixel(x, y + dy, Rgb([20, 20, (seed % 40) as u8]));
        }
    }
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    page.save(path).unwrap();
}

fn item(id: &str, image: &str, answer: &str) -> Value {
    json!({ "id": id, "image": image, "conversations": [
        { "from": "human", "value": "<image>\nIs the rhythm regular?" }, { "from": "gpt", "value": answer }] })
}

fn run(path: &Path, options: LintOptions) -> LintReport {
    let options = LintOptions {
        progress: false,
        ..options
    };
    lint(path, &options).unwrap()
}

fn write(path: &Path, items: &[Value]) {
    std::fs::write(path, serde_json::to_string(items).unwrap()).unwrap();
}

fn sound_folder(root: &Path) {
    for (set, patients) in [("train", 0..4u32), ("test", 4..6)] {
        let items: Vec<Value> = patients
            .map(|patient| {
                let image = format!("synthetic/p{patient:06}/r{patient}-0.png");
                write_page(&root.join("images"), &image, patient);
                item(
                    &format!("i{patient}"),
                    &image,
                    if patient % 2 == 0 { "Yes." } else { "No." },
                )
            })
            .collect();
        write(&root.join(format!("{set}.json")), &items);
    }
}

#[test]
fn a_sound_folder_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    sound_folder(folder.path());
    let report = run(folder.path(), LintOptions::default());
    assert!(report.is_clean, "{:?}", report.findings);
    let names: Vec<&str> = report.sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["test", "train"]);
    let train = &report.sets[1];
    assert_eq!((train.items, train.pictures, train.recordings), (4, 4, 4));
    assert_eq!(train.labels, [("no".to_owned(), 2), ("yes".to_owned(), 2)]);
    assert_eq!(report.overlaps.len(), 1);
    assert_eq!(
        (report.overlaps[0].records, report.overlaps[0].patients),
        (0, 0)
    );
}

#[test]
fn every_defect_is_found_once_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("pictures");
    write_page(&images, "mimic/p1000/p10000001/s1/1-0.png", 1);
    write_page(&images, "mimic/p1000/p10000002/s2/2-0.png", 2);
    write_page(&images, "ptb-xl/00007_hr-0.png", 3);
    std::fs::copy(
        images.join("ptb-xl/00007_hr-0.png"),
        images.join("ptb-xl/00008_hr-0.png"),
    )
    .unwrap();
    std::fs::write(images.join("text.png"), "no picture").unwrap();
    RgbImage::from_pixel(300, 200, Rgb([250, 250, 250]))
        .save(images.join("blank.png"))
        .unwrap();
    let train = folder.path().join("instruct.json");
    let mut no_answer = item("no-answer", "mimic/p1000/p10000001/s1/1-0.png", "x");
    no_answer["conversations"]
        .as_array_mut()
        .unwrap()
        .truncate(1);
    write(
        &train,
        &[
            item("a", "mimic/p1000/p10000001/s1/1-0.png", "Yes."),
            item("a", "mimic/p1000/p10000002/s2/2-0.png", "Yes."),
            item("same", "ptb-xl/00007_hr-0.png", "No."),
            item("copy", "ptb-xl/00008_hr-0.png", "No."),
            item("broken", "text.png", "No."),
            item("missing", "nowhere.png", "No."),
            item("outside", "../outside.png", "No."),
            item("blank", "blank.png", "No."),
            no_answer,
            json!({ "id": "text", "conversations": [
                { "from": "human", "value": "What is a P wave?" },
                { "from": "gpt", "value": "Atrial depolarisation, seen before each QRS complex." }] }),
            json!({ "id": "shape", "image": "x.png" }),
        ],
    );
    let test = folder.path().join("heldout.json");
    write(
        &test,
        &[
            item("t1", "ptb-xl/00007_hr-3.png", "No."),
            item("t2", "mimic/p1000/p10000002/s9/9-0.png", "No."),
        ],
    );
    let options = LintOptions {
        images: Some(images),
        tests: vec![test],
        ..LintOptions::default()
    };
    let report = run(&train, options.clone());
    let expected = BTreeMap::from([
        (Rule::MalformedItem, 1),
        (Rule::TurnOrder, 1),
        (Rule::DuplicateId, 1),
        (Rule::DuplicatePicture, 1),
        (Rule::UnreadablePicture, 1),
        // One of the training set, two of the test set, whose pictures are not there.
        (Rule::MissingPicture, 3),
        (Rule::UnsafePath, 1),
        (Rule::NotEcg, 1),
        (Rule::RecordOverlap, 1),
        (Rule::PatientOverlap, 1),
    ]);
    assert_eq!(report.counts, expected, "{:#?}", report.findings);
    assert!(!report.is_clean);
    assert_eq!((report.errors, report.warnings), (10, 2));
    let finding = |rule: Rule| {
        report
            .findings
            .iter()
            .find(|found| found.rule == rule)
            .unwrap()
    };
    assert_eq!(finding(Rule::MalformedItem).item.as_deref(), Some("#10"));
    assert_eq!(
        finding(Rule::UnreadablePicture).item.as_deref(),
        Some("broken")
    );
    assert_eq!(finding(Rule::NotEcg).item.as_deref(), Some("blank"));
    assert_eq!(report.sets[0].text_only, 1);
    let few = run(&train, LintOptions { keep: 0, ..options });
    assert_eq!((few.findings.len(), few.counts), (0, expected));
}

#[test]
fn lengths_are_counted_in_the_models_tokens() {
    let folder = tempfile::tempdir().unwrap();
    sound_folder(folder.path());
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
    let with = |context: usize| LintOptions {
        model: Some(model.clone()),
        context: Some(context),
        ..LintOptions::default()
    };
    let report = run(folder.path(), with(4096));
    assert!(report.is_clean, "{:?}", report.findings);
    let lengths = &report.sets[1].lengths;
    assert_eq!((lengths.unit, lengths.limit), ("tokens", Some(4096)));
    assert_eq!(lengths.counts.iter().sum::<u64>(), 4);
    let report = run(folder.path(), with(lengths.max - 1));
    assert!(report.counts[&Rule::TooLong] >= 1);
    let report = run(folder.path(), with(lengths.max));
    assert!(report.is_clean);
}

#[test]
fn a_benchmark_is_linted_in_both_layouts() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ecgbench");
    let report = run(&fixtures, LintOptions::default());
    let names: Vec<&str> = report.sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["ptb-test", "ecgqa-test", "arena"]);
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions {
        format: BenchFormat::Json,
        configs: Vec::new(),
        progress: false,
    };
    export_bench(
        &BenchFolder::open(&fixtures).unwrap(),
        folder.path(),
        &options,
    )
    .unwrap();
    let again = run(folder.path(), LintOptions::default());
    // The fixture has two pictures twice, under different paths.
    assert_eq!(report.counts, BTreeMap::from([(Rule::DuplicatePicture, 2)]));
    assert_eq!(report.counts, again.counts, "{:#?}", again.findings);
    assert_eq!(report.sets, again.sets);
    assert_eq!(report.sets[0].labels[0], ("CD".to_owned(), 2));
    assert_eq!(report.sets[0].recordings, 3);
}

#[test]
fn the_page_is_self_contained_and_escapes_what_data_says() {
    let folder = tempfile::tempdir().unwrap();
    sound_folder(folder.path());
    let mut bad = item("<script>alert(1)</script>", "none&.png", "\"<b>\"");
    bad["conversations"][1]["from"] = json!("<i>");
    write(&folder.path().join("train.json"), &[bad]);
    let report = run(folder.path(), LintOptions::default());
    let path = folder.path().join("lint.html");
    write_html(&report, &path).unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.contains("<svg") && page.contains("unknown-role"));
    for foreign in ["<script", "http://", "https://", "<i>", "<link", "<img"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let mut text = Vec::new();
    write_text(&report, &mut text).unwrap();
    assert!(
        String::from_utf8(text)
            .unwrap()
            .contains("error[unknown-role] train")
    );
}

#[test]
fn the_exit_code_tells_clean_from_not() {
    let folder = tempfile::tempdir().unwrap();
    sound_folder(folder.path());
    let lint = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-data"));
        command
            .args(["lint", "--quiet"])
            .arg(folder.path())
            .args(arguments);
        command.output().unwrap()
    };
    let output = lint(&["--format", "json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["is_clean"], true);
    std::fs::write(folder.path().join("images/synthetic/p000000/r0-0.png"), "x").unwrap();
    assert_eq!(lint(&[]).status.code(), Some(1));
    // A cut file is a finding with its place, not the end of the lint.
    std::fs::write(folder.path().join("train.json"), "[{\"id\": 1,").unwrap();
    let output = lint(&[]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("unreadable-file") && text.contains("byte 10"),
        "{text}"
    );
    assert_eq!(lint(&["--no-such-flag"]).status.code(), Some(2));
}
