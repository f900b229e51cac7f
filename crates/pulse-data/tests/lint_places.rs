//! Data sets that the lint must recognise or survive: empty ones, folders that cannot be written, lists of
//! reports, benchmarks with one bad item.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use pulse_data::instruct::default_index_path;
use pulse_data::lint::{LintOptions, LintReport, Rule, lint, write_html, write_text};
use serde_json::{Value, json};

fn run(path: &Path) -> LintReport {
    let options = LintOptions {
        progress: false,
        skip_pictures: true,
        ..LintOptions::default()
    };
    lint(path, &options).unwrap()
}

fn item(id: &str) -> Value {
    json!({ "id": id, "conversations": [
        { "from": "human", "value": "What is a P wave?" }, { "from": "gpt", "value": "Atrial." }] })
}

fn write(path: &Path, items: &Value) {
    std::fs::write(path, items.to_string()).unwrap();
}

#[test]
fn a_set_without_samples_is_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    for text in ["[]", " [\n] "] {
        std::fs::write(&path, text).unwrap();
        let report = run(&path);
        assert_eq!(report.counts, BTreeMap::from([(Rule::NoSamples, 1)]));
        assert!(!report.is_clean && report.errors == 1);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_pulse-data"))
        .args(["lint", "--quiet"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("error[no-samples]"), "{text}");
    // So with a benchmark.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(folder.path().join("ptb-test.json"), "[]").unwrap();
    assert_eq!(
        run(folder.path()).counts,
        BTreeMap::from([(Rule::NoSamples, 1)])
    );
}

#[test]
fn where_no_index_can_be_kept_the_lint_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    write(&path, &json!([item("a"), item("b"), { "id": "c" }]));
    // A folder in the place of what grows into the index cannot be written, whoever runs the test.
    let mut partial = default_index_path(&path).into_os_string();
    partial.push(".partial");
    std::fs::create_dir(&partial).unwrap();
    let report = run(&path);
    assert_eq!(report.sets[0].items, 3);
    assert_eq!(report.counts, BTreeMap::from([(Rule::MalformedItem, 1)]));
    assert!(!default_index_path(&path).exists());
    let [note] = report.notes.as_slice() else {
        unreachable!("{:?}", report.notes)
    };
    assert!(
        note.contains("temporary folder") && note.contains("pulse-index"),
        "{note}"
    );
    let mut text = Vec::new();
    write_text(&report, &mut text).unwrap();
    assert!(
        String::from_utf8(text)
            .unwrap()
            .contains("note: the index of")
    );
    let page = folder.path().join("lint.html");
    write_html(&report, &page).unwrap();
    assert!(
        std::fs::read_to_string(page)
            .unwrap()
            .contains("Note: the index of")
    );
    // The same while another run makes the index.
    std::fs::remove_dir(&partial).unwrap();
    let held = std::fs::File::create(&partial).unwrap();
    held.lock().unwrap();
    let report = run(&path);
    assert_eq!((report.sets[0].items, report.notes.len()), (3, 1));
    drop(held);
    assert!(run(&path).notes.is_empty() && default_index_path(&path).is_file());
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_linted() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    write(&path, &json!([item("a")]));
    let mode = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path(), mode).unwrap();
    };
    mode(0o555);
    let report = run(&path);
    mode(0o755);
    assert!(report.is_clean, "{:?}", report.findings);
    // The administrator may write anywhere.
    assert_eq!(report.notes.is_empty(), default_index_path(&path).is_file());
}

fn report_item(number: usize) -> Value {
    json!({ "id": format!("ptb-report-{number}"), "image": format!("test_images/ptb_test_v4/{number:05}_hr-0.png"),
        "conversation": [
            { "from": "user", "value": "Please write a clinical report based on this ECG image." },
            { "from": "assistant", "value": "Sinus rhythm, normal axis, normal ECG." }] })
}

#[test]
fn a_list_of_reports_is_read_as_the_benchmark_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports.json");
    let items: Vec<Value> = (0..5).map(report_item).collect();
    write(&path, &json!(items));
    let report = run(&path);
    assert!(report.is_clean, "{:?}", report.findings);
    let set = &report.sets[0];
    assert_eq!((set.items, set.messages, set.recordings), (5, 10, 5));
    assert!(set.is_test && set.labels.is_empty());
    assert_eq!(set.other_answers, 5);
    // Recordings that a training set beside it has too are found.
    let train = json!([{ "id": "t", "image": "ptb-xl/00003_hr-0.png", "conversations": [
        { "from": "human", "value": "<image>\nWhat?" }, { "from": "gpt", "value": "That." }] }]);
    write(&folder.path().join("train.json"), &train);
    let counts = run(folder.path()).counts;
    assert_eq!(counts, BTreeMap::from([(Rule::RecordOverlap, 1)]));
    // A role that is none of the two is no less wrong here.
    let mut bad = report_item(9);
    bad["conversation"][1]["from"] = json!("doctor");
    write(
        &path,
        &json!([report_item(8), bad, { "id": "x", "conversation": 5 }]),
    );
    let counts = run(&path).counts;
    let expected = BTreeMap::from([(Rule::UnknownRole, 1), (Rule::MalformedItem, 1)]);
    assert_eq!(counts, expected);
    // `index --show` prints an item in the words of the LLaVA format.
    let output = Command::new(env!("CARGO_BIN_EXE_pulse-data"))
        .args(["index", "--quiet", "--show", "0"])
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("\"human\"") && text.contains("ptb-report-8"),
        "{text}"
    );
}

#[test]
fn one_bad_item_of_a_benchmark_is_a_finding_and_the_others_are_linted() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder.path().join("ptb-test.json"),
        &json!([item("a"), { "id": "b", "conversations": "none" }, item("c"), item("c"),
            { "id": "out", "image": "../a.png", "conversations": [{ "from": "human", "value": "x" }] }]),
    );
    let report = run(folder.path());
    let expected = BTreeMap::from([
        (Rule::MalformedItem, 1),
        (Rule::DuplicateId, 1),
        (Rule::UnsafePath, 1),
    ]);
    assert_eq!(report.counts, expected, "{:#?}", report.findings);
    assert_eq!(report.sets[0].items, 5);
    let finding = report
        .findings
        .iter()
        .find(|found| found.rule == Rule::MalformedItem)
        .unwrap();
    assert_eq!(finding.item.as_deref(), Some("#1"));
    assert!(finding.message.contains("id \"b\""), "{}", finding.message);
}

#[test]
fn what_is_named_as_a_set_and_cannot_be_opened_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("train.json"), &json!([item("a")]));
    let is_clean = |report: &LintReport| {
        assert!(report.is_clean, "{:?}", report.findings);
    };
    let is_told = |what: &str| {
        let report = run(root);
        let counts = BTreeMap::from([(Rule::UnreadableFile, 1)]);
        assert_eq!(report.counts, counts, "{:?}", report.findings);
        assert!(!report.is_clean);
        let said = &report.findings[0].message;
        assert!(said.contains(what), "{said}");
    };
    is_clean(&run(root));
    // A folder that should be the benchmark.
    std::fs::create_dir(root.join("bench")).unwrap();
    is_told("no ECGBench");
    // One whose parts are not all there; the other configurations are linted.
    write(&root.join("bench/mmmu-ecg.json"), &json!([item("m")]));
    is_clean(&run(root));
    let config = root.join("bench/ptb-test");
    std::fs::create_dir(&config).unwrap();
    is_told("no *.parquet");
    std::fs::write(config.join("test-00000-of-00002.parquet"), "").unwrap();
    is_told("test-00001-of-00002.parquet");
    assert_eq!(run(root).sets.len(), 3);
    std::fs::remove_dir_all(&config).unwrap();
    // Files of other forms.
    for name in ["more.jsonl", "more.JSON", "more.json.gz", "more.parquet"] {
        let path = root.join(name);
        std::fs::write(&path, "").unwrap();
        is_told(name);
        std::fs::remove_file(path).unwrap();
    }
    std::fs::create_dir(root.join("more.json")).unwrap();
    is_told("more.json");
    std::fs::remove_dir(root.join("more.json")).unwrap();
    #[cfg(unix)]
    for name in ["lost.json", "bench/cpsc-test.json"] {
        let link = root.join(name);
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        let report = run(root);
        assert_eq!(report.counts[&Rule::UnreadableFile], 1, "{name}");
        std::fs::remove_file(link).unwrap();
    }
    is_clean(&run(root));
}

#[test]
fn a_validation_file_is_no_training_set() {
    let folder = tempfile::tempdir().unwrap();
    let picture = |id: &str| {
        json!([{ "id": id, "image": "ptb-xl/00003_hr-0.png", "conversations": [
            { "from": "human", "value": "<image>\nWhat?" }, { "from": "gpt", "value": "That." }] }])
    };
    write(&folder.path().join("train.json"), &picture("t"));
    for name in ["validation.json", "ECGInstruct_test.json"] {
        let path = folder.path().join(name);
        write(&path, &picture("v"));
        let counts = run(folder.path()).counts;
        assert_eq!(counts, BTreeMap::from([(Rule::RecordOverlap, 1)]), "{name}");
        std::fs::remove_file(path).unwrap();
    }
}
