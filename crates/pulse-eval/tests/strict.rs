//! The strict mode on folders of answers, on the reference answers, and two runs compared.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use pulse_eval::Task;
use pulse_eval::answers::AnswerError;
use pulse_eval::compare::compare;
use pulse_eval::strict::{
    StrictError, StrictOptions, StrictReport, StrictTask, Unreadable, score_strict,
};
use tempfile::TempDir;

fn put(root: &TempDir, name: &str, text: &str) {
    let path = root.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn gold(root: &TempDir, task: Task, items: &[(&str, &str, &str)]) {
    let items: Vec<serde_json::Value> = items
        .iter()
        .map(|(id, question, answer)| {
            serde_json::json!({"id": id, "image": format!("{id}.png"),
                "conversations": [{"value": question}, {"value": answer}]})
        })
        .collect();
    put(
        root,
        &format!("bench/{task}.json"),
        &serde_json::to_string(&items).unwrap(),
    );
}

fn answers(root: &TempDir, file: &str, lines: &[serde_json::Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    put(root, file, &text);
}

fn line(id: &str, text: &str) -> serde_json::Value {
    serde_json::json!({"question_id": id, "text": text, "model_id": "m"})
}

fn score(root: &TempDir) -> Result<StrictReport, StrictError> {
    let options = StrictOptions::default();
    score_strict(
        &root.path().join("answers"),
        &root.path().join("bench"),
        options,
    )
}

fn figure(task: &StrictTask, name: &str) -> f64 {
    task.figures
        .iter()
        .find(|figure| figure.name == name)
        .unwrap()
        .value
        .unwrap()
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pulse-parity/golden/eval")
}

#[test]
fn missing_double_unknown_and_unreadable_answers_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let items = [
        ("a", "q", "NORM"),
        ("b", "q", "MI"),
        ("c", "q", "MI, CD"),
        ("d", "q", "HYP"),
    ];
    gold(&root, Task::PtbTest, &items);
    let lines = [
        line("a", "NORM"),
        line("b", ""),
        line("c", "no idea"),
        line("a", "NORM"),
        line("a", "MI"),
        line("z", "MI"),
    ];
    answers(&root, "answers/ptb-test/step-final.jsonl", &lines);
    let report = score(&root).unwrap();
    let task = &report.tasks[0];
    let coverage = &task.coverage;
    assert_eq!(
        (coverage.items, coverage.readable, coverage.missing),
        (4, 1, 1)
    );
    assert_eq!(
        (coverage.unknown, coverage.doubles, coverage.conflicting),
        (1, 2, 1)
    );
    assert_eq!(coverage.unreadable[&Unreadable::Empty], 1);
    assert_eq!(coverage.unreadable[&Unreadable::NothingRecognised], 1);
    assert_eq!(figure(task, "invalid_rate"), 0.75);
    assert_eq!(figure(task, "exact_match"), 0.25);
    // F1: NORM 1, MI, CD and HYP 0; STTC has no support.
    assert_eq!(figure(task, "macro_f1"), 0.25);
    assert_eq!(task.items[3].outcome, "missing");
    assert_eq!(task.model.as_deref(), Some("m"));
    assert_eq!(report.missing_tasks.len(), 6);
}

#[test]
fn an_unreadable_answer_is_wrong_even_where_nothing_is_true() {
    let root = tempfile::tempdir().unwrap();
    gold(&root, Task::PtbTest, &[("a", "q", ""), ("b", "q", "")]);
    answers(
        &root,
        "answers/ptb-test/x.jsonl",
        &[line("a", "hm"), line("b", "none")],
    );
    let report = score(&root).unwrap();
    assert_eq!(figure(&report.tasks[0], "exact_match"), 0.5);
    // One class only, or none: macro figures are undefined, not 0.
    assert_eq!(report.tasks[0].figures[0].value, None);
}

#[test]
fn bad_folders_are_refused_with_the_reason() {
    let root = tempfile::tempdir().unwrap();
    gold(
        &root,
        Task::CsnTestNoCot,
        &[("a", "q", "A. x"), ("b", "q", "B")],
    );
    let mixed = serde_json::json!({"id": "b", "text": "B", "model_id": "other"});
    answers(
        &root,
        "answers/csn-test-no-cot/x.jsonl",
        &[line("a", "A"), mixed],
    );
    let error = score(&root).unwrap_err();
    assert!(is_of_several_runs(&error), "{error}");
    let lines = [line("x", "A"), line("y", "A"), line("a", "A")];
    answers(&root, "answers/csn-test-no-cot/x.jsonl", &lines);
    let error = score(&root).unwrap_err();
    assert!(
        matches!(error, StrictError::AnotherVersion { unknown: 2, .. }),
        "{error}"
    );
    answers(&root, "answers/csn-test-no-cot/x.jsonl", &[line("a", "A")]);
    gold(&root, Task::CsnTestNoCot, &[("a", "q", "Atrial flutter")]);
    let error = score(&root).unwrap_err();
    assert!(
        matches!(error, StrictError::GoldUnreadable { .. }),
        "{error}"
    );
    gold(&root, Task::CsnTestNoCot, &[]);
    assert!(matches!(score(&root), Err(StrictError::NoItems { .. })));
}

fn is_of_several_runs(error: &StrictError) -> bool {
    matches!(error, StrictError::Answers(AnswerError::SeveralRuns { .. }))
}

#[test]
fn runs_are_not_mixed_over_tasks_or_weights() {
    let root = tempfile::tempdir().unwrap();
    gold(
        &root,
        Task::CsnTestNoCot,
        &[("a", "q", "A"), ("b", "q", "B")],
    );
    gold(&root, Task::PtbTest, &[("a", "q", "MI")]);
    let of = |model: &str, run: &str| serde_json::json!({"question_id": "a", "text": "A", "model_id": model, "metadata": {"run": run}});
    let first = "answers/csn-test-no-cot/x.jsonl";
    for (other, line) in [
        ("ptb-test/y.jsonl", of("n", "0a")),
        ("ptb-test/y.jsonl", of("m", "0b")),
        ("csn-test-no-cot/z.jsonl", of("m", "0b")),
        ("arena/y.jsonl", of("n", "0a")),
    ] {
        answers(&root, first, &[of("m", "0a")]);
        let path = format!("answers/{other}");
        answers(&root, &path, &[line]);
        let error = score(&root).unwrap_err();
        assert!(is_of_several_runs(&error), "{error}");
        let text = error.to_string();
        for part in ["run 0a", "csn-test-no-cot/x.jsonl", other] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let [folder, bench] = ["answers", "bench"].map(|name| root.path().join(name));
        let compared = compare(&folder, &folder, &bench, StrictOptions::default());
        assert!(is_of_several_runs(&compared.unwrap_err()));
        std::fs::remove_file(root.path().join(path)).unwrap();
    }
    let report = score(&root).unwrap();
    assert_eq!(report.tasks.len(), 1);
}

#[test]
fn answers_that_lack_probabilities_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let items = ["a", "b", "c", "d", "e"].map(|id| (id, "q", "A"));
    gold(&root, Task::MmmuEcg, &items);
    let with = |id: &str, p: serde_json::Value| serde_json::json!({"id": id, "text": "A", "label_probabilities": p});
    let whole = || serde_json::json!({"A": 0.7, "B": 0.1, "C": 0.1, "D": 0.1});
    let lines = [
        with("a", whole()),
        with("b", whole()),
        with("c", serde_json::json!({"A": 0.9, "B": 0.1})),
        serde_json::json!({"id": "d", "text": "A"}),
    ];
    answers(&root, "answers/mmmu-ecg/x.jsonl", &lines);
    let report = score(&root).unwrap();
    let found = report.tasks[0].probabilities.as_ref().unwrap();
    let left_out = found.left_out;
    assert_eq!(
        (
            found.items,
            left_out.incomplete,
            left_out.without,
            left_out.missing
        ),
        (2, 1, 1, 1)
    );
    let text = pulse_eval::report::strict_markdown(&report);
    let said = "2 items counted, 3 left out (1 without an answer, 1 without probabilities, 1 lack some class)";
    assert!(text.contains(said), "{text}");
    // No answer has all of them: still said, with undefined figures.
    answers(&root, "answers/mmmu-ecg/x.jsonl", &lines[2..]);
    let report = score(&root).unwrap();
    let found = report.tasks[0].probabilities.as_ref().unwrap();
    assert_eq!((found.items, found.left_out.all()), (0, 5));
    assert!(found.figures.iter().all(|figure| figure.value.is_none()));
}

#[test]
fn probabilities_of_two_runs_are_compared() {
    let root = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..40).map(|at| format!("i{at}")).collect();
    let truth = |at: usize| ["A", "B"][at % 2];
    let items: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| (id.as_str(), "q", truth(at)))
        .collect();
    gold(&root, Task::MmmuEcg, &items);
    // The first run is sure of the truth, the second of nothing; the second lacks one item.
    let lines = |sure: f64, count: usize| -> Vec<serde_json::Value> {
        let of = |(at, id): (usize, &String)| {
            let (a, b) = if truth(at) == "A" {
                (sure, 1.0 - sure)
            } else {
                (1.0 - sure, sure)
            };
            serde_json::json!({"id": id, "text": "A", "label_mass": 0.5,
                "label_probabilities": {"A": a, "B": b, "C": 0.0, "D": 0.0}})
        };
        ids.iter().enumerate().take(count).map(of).collect()
    };
    answers(&root, "one/mmmu-ecg/x.jsonl", &lines(0.9, 40));
    answers(&root, "two/mmmu-ecg/x.jsonl", &lines(0.5, 39));
    let [one, two, bench] = ["one", "two", "bench"].map(|name| root.path().join(name));
    let found = compare(&one, &two, &bench, StrictOptions::default()).unwrap();
    let compared = found.tasks[0].probabilities.as_ref().unwrap();
    assert_eq!((compared.items, compared.left_out_second.missing), (39, 1));
    let figure = |name: &str| {
        let mut figures = compared.figures.iter();
        figures.find(|figure| figure.name == name).unwrap()
    };
    let auc = figure("roc_auc");
    assert_eq!((auc.first, auc.second), (Some(1.0), Some(0.5)));
    assert_eq!((auc.low, auc.high), (Some(-0.5), Some(-0.5)));
    // Brier: A and B 0.01 against 0.25, C and D 0 in both.
    let brier = figure("brier_score").difference.unwrap();
    assert!((brier - 0.12).abs() < 1e-12, "{brier}");
    assert_eq!(figure("label_mass").difference, Some(0.0));
    let text = pulse_eval::report::comparison_markdown(&found, 10);
    assert!(
        text.contains("39 items with those of both runs; 0 left out in the first, 1 in the second"),
        "{text}"
    );
}

#[test]
fn probabilities_give_a_real_auc() {
    let root = tempfile::tempdir().unwrap();
    gold(
        &root,
        Task::MmmuEcg,
        &[("a", "q", "A"), ("b", "q", "B"), ("c", "q", "A")],
    );
    let with = |id: &str, text: &str, p: [f64; 4]| {
        serde_json::json!({"id": id, "text": text,
            "label_probabilities": {"A": p[0], "B": p[1], "C": p[2], "D": p[3]}})
    };
    let lines = [
        with("a", "A", [0.7, 0.1, 0.1, 0.1]),
        with("b", "A", [0.5, 0.4, 0.05, 0.05]),
        with("c", "A", [0.4, 0.3, 0.2, 0.1]),
    ];
    answers(&root, "answers/mmmu-ecg/x.jsonl", &lines);
    let report = score(&root).unwrap();
    let found = report.tasks[0].probabilities.as_ref().unwrap();
    // A: the positives have 0.7 and 0.4, the negative 0.5.
    assert_eq!(found.classes[0].roc_auc, Some(0.5));
    assert_eq!(found.classes[1].roc_auc, Some(1.0));
    assert_eq!(found.classes[2].roc_auc, None);
    let accuracies: Vec<f64> = found
        .abstention
        .iter()
        .map(|point| point.accuracy)
        .collect();
    assert_eq!(accuracies, [1.0, 0.5, 2.0 / 3.0]);
    let mut figures = found.figures.iter();
    let area = figures
        .find(|figure| figure.name == "area_under_abstention")
        .unwrap();
    // Of three items: from one whose answer is wrong, drawn three times, to none of it.
    assert_eq!((area.low, area.high), (Some(0.0), Some(1.0)));
}

#[test]
fn perfect_answers_are_perfect_and_worse_ones_worse() {
    let bench = golden().join("golden");
    let of = |level: &str| {
        score_strict(
            &golden().join("answers").join(level),
            &bench,
            StrictOptions::default(),
        )
        .unwrap()
    };
    let (perfect, good, poor) = (of("q100"), of("q090"), of("q060"));
    for (at, task) in perfect.tasks.iter().enumerate() {
        let name = if task.task == Task::EcgqaTest
            || task.classes.len() == 4
            || task.confusion.is_some()
        {
            "accuracy"
        } else {
            "exact_match"
        };
        // The original gives perfect ECG-QA answers 0.894.
        assert_eq!(figure(task, name), 1.0, "{}", task.task);
        assert_eq!(
            task.coverage.all_unreadable() + task.coverage.missing,
            0,
            "{}",
            task.task
        );
        let [good, poor] = [&good, &poor].map(|report| figure(&report.tasks[at], name));
        assert!(1.0 > good && good > poor, "{}: {good} {poor}", task.task);
    }
    for figure in poor.tasks.iter().flat_map(|task| &task.figures) {
        let (Some(value), Some(low), Some(high)) = (figure.value, figure.low, figure.high) else {
            panic!("{figure:?}");
        };
        assert!(low <= value && value <= high && low < high, "{figure:?}");
    }
    // The file of 199 answers, which the original skips, is scored with one missing.
    assert_eq!(good.tasks[0].coverage.missing, 1);
}

#[test]
fn two_runs_are_compared_item_by_item() {
    let bench = golden().join("golden");
    let [poor, good] = ["q060", "q090"].map(|level| golden().join("answers").join(level));
    let found = compare(&poor, &good, &bench, StrictOptions::default()).unwrap();
    assert_eq!(found.tasks.len(), 7);
    for task in &found.tasks {
        let first = &task.figures[0];
        assert!(
            first.difference.unwrap() > 0.0 && first.low.unwrap() > 0.0,
            "{first:?}"
        );
        assert!(task.mcnemar.only_second > task.mcnemar.only_first);
        assert!(task.mcnemar.p_value < 0.001, "{:?}", task.mcnemar);
        let changed = task.mcnemar.only_first + task.mcnemar.only_second;
        assert!(task.differing.len() as u64 >= changed);
    }
    let same = compare(&good, &good, &bench, StrictOptions::default()).unwrap();
    for task in &same.tasks {
        assert!(task.differing.is_empty() && task.mcnemar.p_value == 1.0);
        assert_eq!(
            (task.figures[0].low, task.figures[0].high),
            (Some(0.0), Some(0.0))
        );
    }
    let error = compare(&poor, &bench, &bench, StrictOptions::default()).unwrap_err();
    assert!(
        matches!(error, StrictError::NothingInCommon { .. }),
        "{error}"
    );
}
