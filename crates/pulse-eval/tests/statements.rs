//! Reports in statements, from a synthetic benchmark to figures.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use pulse_data::synthesize::{SynthesizeOptions, Wording, synthesize};
use pulse_eval::Task;
use pulse_eval::gold::Gold;
use pulse_eval::statements::{
    StatementScores, StatementsError, score_statements, statements_markdown,
};
use pulse_eval::statistics::BootstrapOptions;

fn bench(folder: &Path, wording: Wording) {
    synthesize(&SynthesizeOptions {
        count: 1,
        seed: 8,
        out: folder.join("set"),
        valid_share: 0.0,
        test_share: 0.0,
        bench_items: Some(12),
        dpi: (30.0, 30.0),
        wording,
        progress: false,
        ..SynthesizeOptions::default()
    })
    .unwrap();
}

fn score(folder: &Path, answers: &[(String, String)]) -> Result<StatementScores, StatementsError> {
    let task = folder.join("answers/ptb-test-report");
    std::fs::create_dir_all(&task).unwrap();
    let lines: String = answers
        .iter()
        .map(|(id, text)| {
            format!(
                "{}\n",
                serde_json::json!({"question_id": id, "text": text, "model_id": "m"})
            )
        })
        .collect();
    std::fs::write(task.join("a.jsonl"), lines).unwrap();
    score_statements(
        &folder.join("answers"),
        &folder.join("set/bench"),
        BootstrapOptions::default(),
    )
}

#[test]
fn true_reports_have_full_marks_and_free_text_counts_as_wrong() {
    let folder = tempfile::tempdir().unwrap();
    bench(folder.path(), Wording::Statements);
    let bench = folder.path().join("set/bench");
    // Of statements there is the configuration of reports alone.
    assert!(!bench.join("ptb-test.json").exists());
    let gold = Gold::read(&bench, Task::PtbTestReport).unwrap();
    let mut answers: Vec<(String, String)> = gold
        .items()
        .iter()
        .map(|item| (item.id.clone(), item.answer.to_text()))
        .collect();
    let value = |scores: &StatementScores, name: &str| {
        let mut figures = scores.figures.iter();
        figures
            .find(|figure| figure.name == name)
            .and_then(|figure| figure.value)
    };
    let scores = score(folder.path(), &answers).unwrap();
    for name in [
        "well_formed",
        "exact_match",
        "rhythm_macro_f1",
        "rate_within_5",
    ] {
        assert_eq!(value(&scores, name), Some(1.0), "{name}");
    }
    assert_eq!(value(&scores, "rate_mean_error"), Some(0.0));

    answers[3].1 = "Normal ECG.".to_owned();
    answers.pop();
    let scores = score(folder.path(), &answers).unwrap();
    assert_eq!(value(&scores, "well_formed"), Some(10.0 / 12.0));
    let coverage = &scores.coverage;
    assert_eq!(
        (
            coverage.readable,
            coverage.missing,
            coverage.all_unreadable()
        ),
        (10, 1, 1)
    );
    let text = statements_markdown(&scores);
    assert!(text.contains("| well_formed | 0.833 |"), "{text}");
    assert!(
        text.contains("\"Normal ECG.\": found \"Normal ECG.\" at byte 0, expected \"Rhythm\""),
        "{text}"
    );

    let others = [("elsewhere-1".to_owned(), String::new())];
    let error = score(folder.path(), &others).unwrap_err();
    assert!(matches!(error, StatementsError::Items(_)), "{error}");
}

#[test]
fn a_benchmark_in_free_text_and_missing_answers_are_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    bench(folder.path(), Wording::Clinical);
    let bench = folder.path().join("set/bench");
    let gold = Gold::read(&bench, Task::PtbTestReport).unwrap();
    let answers = [(gold.items()[0].id.clone(), String::new())];
    let error = score(folder.path(), &answers).unwrap_err();
    assert!(
        error.to_string().contains("score free text with `judge`"),
        "{error}"
    );
    let empty = tempfile::tempdir().unwrap();
    std::fs::create_dir(empty.path().join("answers")).unwrap();
    self::bench(empty.path(), Wording::Statements);
    let error = score_statements(
        &empty.path().join("answers"),
        &empty.path().join("set/bench"),
        BootstrapOptions::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("has 0 files"), "{error}");
}
