//! The published mode on folders of answers: what the original does with odd files.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use pulse_eval::Task;
use pulse_eval::published::{
    PublishedError, PublishedReport, PublishedScores, PublishedTask, score_published,
};
use tempfile::TempDir;

/// A folder with `bench/` and `answers/`.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> &Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn gold(&self, task: &str, items: &[(&str, &str)]) -> &Self {
        let items: Vec<serde_json::Value> = items
            .iter()
            .map(|(id, answer)| {
                serde_json::json!({"id": id, "conversations": [{"value": "q"}, {"value": answer}]})
            })
            .collect();
        let text = serde_json::to_string(&items).unwrap();
        self.put(&format!("bench/{task}.json"), &text)
    }

    fn answers(&self, file: &str, lines: &[(&str, &str)]) -> &Self {
        let text: String = lines
            .iter()
            .map(|(id, text)| format!("{}\n", serde_json::json!({"id": id, "text": text})))
            .collect();
        self.put(&format!("answers/{file}"), &text)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn score(&self) -> Result<PublishedReport, PublishedError> {
        score_published(&self.path("answers"), &self.path("bench"))
    }

    fn only_task(&self) -> PublishedTask {
        let mut report = self.score().unwrap();
        assert_eq!(report.tasks.len(), 1);
        report.tasks.remove(0)
    }
}

#[test]
fn a_file_with_another_number_of_answers_is_skipped_but_draws_letters() {
    let files = Files::new();
    files
        .gold("csn-test-no-cot", &[("a", "A. x"), ("b", "B. x")])
        .answers("csn-test-no-cot/step-1.jsonl", &[("a", ""), ("b", "B")])
        .answers(
            "csn-test-no-cot/step-2.jsonl",
            &[("a", "no idea"), ("b", "")],
        );
    let task = files.only_task();
    assert_eq!(task.stdout, ["====csn test===="]);
    assert!(
        task.files[0]
            .skipped
            .as_deref()
            .unwrap()
            .contains("exactly 1611")
    );
    // choice of 8 after seed 42: B A E ...
    assert_eq!(task.files[0].predicted, [["B"], ["B"]]);
    assert_eq!(task.files[0].extracted, [None, Some('B')]);
    assert_eq!(task.files[1].predicted, [["A"], ["E"]]);
    assert_eq!(task.files[1].fallbacks, 2);
}

#[test]
fn doubles_count_and_missing_answers_do_not() {
    let files = Files::new();
    files
        .gold("ptb-test", &[("a", "NORM"), ("b", "MI"), ("c", "CD")])
        .answers(
            "ptb-test/step-final.jsonl",
            &[("a", "NORM"), ("b", "MI"), ("b", "")],
        );
    let task = files.only_task();
    let file = &task.files[0];
    assert_eq!((file.answers, file.doubles, file.unanswered), (3, 1, 1));
    let Some(PublishedScores::Multilabel(scores)) = &file.scores else {
        panic!("{file:?}");
    };
    assert_eq!(scores.classes, ["MI", "NORM"]);
    assert_eq!(scores.class_f1, [2.0 / 3.0, 1.0]);
    assert_eq!(
        task.stdout[2],
        "Model final Accuracy: F1: 0.8333, AUC: 0.8750"
    );
}

#[test]
fn files_are_summed_up_by_step_and_the_last_of_a_step_stays() {
    let files = Files::new();
    files.gold("ptb-test", &[("a", "NORM"), ("b", "MI")]);
    for (name, text) in [
        ("step-200.jsonl", "NORM"),
        ("step-final.jsonl", "MI"),
        ("step-30.jsonl", ""),
        ("x/step-30.jsonl", "NORM"),
    ] {
        files.answers(&format!("ptb-test/{name}"), &[("a", text), ("b", "MI")]);
    }
    let stdout = files.only_task().stdout;
    assert_eq!(stdout.len(), 1 + 4 + 3);
    assert_eq!(stdout[5], "Model 30 Accuracy: F1: 1.0000, AUC: 1.0000");
    assert!(stdout[6].starts_with("Model 200 ") && stdout[7].starts_with("Model final "));
    files.answers("ptb-test/gpt4o_x.jsonl", &[("a", "NORM")]);
    let error = files.score().unwrap_err();
    assert!(
        matches!(error, PublishedError::MixedSteps { .. }),
        "{error}"
    );
    files.answers("ptb-test/step-x.jsonl", &[("a", "NORM")]);
    assert!(files.score().is_err());
}

#[test]
fn lines_without_an_answer_take_the_one_before() {
    let files = Files::new();
    files
        .gold("ptb-test", &[("a", "NORM"), ("b", "NORM, MI")])
        .put(
            "answers/ptb-test/step-final.jsonl",
            "{\"id\":\"a\",\"response\":\"NORM\"}\n{\"id\":\"b\"}\n",
        );
    let task = files.only_task();
    assert_eq!(task.files[0].reused, 1);
    assert_eq!(task.files[0].predicted, [["NORM"], ["NORM"]]);
    files.put("answers/ptb-test/step-final.jsonl", "{\"id\":\"a\"}\n");
    let error = files.score().unwrap_err();
    assert!(
        matches!(error, PublishedError::NothingToReuse { line: 1, .. }),
        "{error}"
    );
}

#[test]
fn where_the_original_stops_an_error_says_why() {
    let files = Files::new();
    files
        .gold("ptb-test", &[("a", "nothing")])
        .answers("ptb-test/step-final.jsonl", &[("z", "NORM")]);
    let error = files.score().unwrap_err().to_string();
    assert!(
        error.contains("line 1: id \"z\"") && error.contains("another version"),
        "{error}"
    );
    files.answers("ptb-test/step-final.jsonl", &[("a", "NORM")]);
    let error = files.score().unwrap_err();
    assert!(
        matches!(error, PublishedError::NoLabels { answers: 1, .. }),
        "{error}"
    );
    files.answers("ptb-test/step-final.jsonl", &[]);
    let error = files.score().unwrap_err();
    assert!(matches!(error, PublishedError::NoAnswers { .. }), "{error}");
    files.answers("ptb-test/step-final.jsonl", &[("a", "x")]);
    std::fs::remove_file(files.path("bench/ptb-test.json")).unwrap();
    assert!(matches!(files.score(), Err(PublishedError::Gold(_))));

    let files = Files::new();
    files.gold("mmmu-ecg", &[("a", "A")]).answers(
        "mmmu-ecg/step-final.jsonl",
        &[("a", "The correct option is ")],
    );
    let error = files.score().unwrap_err();
    assert!(
        matches!(error, PublishedError::NothingFollows { line: 1, .. }),
        "{error}"
    );
}

#[test]
fn ecgqa_takes_its_options_from_the_line_or_the_line_before() {
    let files = Files::new();
    let gold = serde_json::json!([
        {"id": "a", "conversations": [{"value": "q"}, {"value": ["no"]}]},
        {"id": "b", "conversations": [{"value": "q"}, {"value": ["yes"]}]},
        {"id": "c", "conversations": [{"value": "q"}, {"value": "yes"}]},
    ]);
    files.put("bench/ecgqa-test.json", &gold.to_string()).put(
        "answers/ecgqa-test/step-final.jsonl",
        concat!(
            "{\"id\":\"a\",\"text\":\"No\",\"prompt\":{\"prompt\":\"Options: yes, no\"}}\n",
            "{\"id\":\"b\",\"text\":\"yes\"}\n{\"id\":\"c\",\"text\":\"yes\"}\n"
        ),
    );
    let task = files.only_task();
    // The string gold of the third is a set of characters, which no answer equals.
    assert_eq!(
        task.stdout[1],
        "step-final.jsonl accuracy 0.6666666666666666"
    );
    assert_eq!(task.stdout[2], "Model final Accuracy: 0.6667");
}

#[test]
fn tasks_without_answers_are_named() {
    let files = Files::new();
    files
        .gold("cpsc-test", &[("a", "AF")])
        .answers("cpsc-test/step-final.jsonl", &[("a", "AF")]);
    let report = files.score().unwrap();
    assert_eq!(report.missing_tasks.len(), 6);
    assert!(report.missing_tasks.contains(&Task::MmmuEcg));
    assert!(score_published(Path::new("/nowhere"), &files.path("bench")).is_err());
}
