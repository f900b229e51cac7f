//! How a run goes on, and what it refuses.

use pulse_eval::Task;
use pulse_eval::run::{RunError, RunOptions, run};
use pulse_eval::strict::{StrictOptions, score_strict};
use pulse_llm::{LoadOptions, Pulse};

use crate::bench::{self, lines, pulse, short};
use crate::{bytes, changed, options};

#[test]
fn a_run_goes_on_and_refuses_what_is_not_its_own() {
    let out = tempfile::tempdir().unwrap();
    let pulse = pulse();
    let tasks = [Task::PtbTest];
    let limited = RunOptions {
        limit: Some(2),
        ..options(&tasks, out.path())
    };
    assert_eq!(
        run(std::slice::from_ref(&pulse), &limited, |_| {})
            .unwrap()
            .tasks[0]
            .answered,
        2
    );
    let path = out.path().join("ptb-test/step-final.jsonl");
    let whole = std::fs::read(&path).unwrap();
    // A kill in the middle of the second line.
    std::fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    let report = run(
        std::slice::from_ref(&pulse),
        &options(&tasks, out.path()),
        |_| {},
    )
    .unwrap();
    assert_eq!((report.tasks[0].reused, report.tasks[0].answered), (1, 2));
    assert!(std::fs::read(&path).unwrap().starts_with(&whole));
    let report = run(std::slice::from_ref(&pulse), &limited, |_| {}).unwrap();
    assert_eq!((report.tasks[0].items, report.tasks[0].reused), (2, 2));

    let other = RunOptions {
        generate: short(6),
        score_labels: true,
        ..options(&tasks, out.path())
    };
    let error = run(std::slice::from_ref(&pulse), &other, |_| {})
        .unwrap_err()
        .to_string();
    for part in [
        "sampling",
        "\"max_new_tokens\":5",
        "score_labels is false there and true now",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let digest = report.settings.digest();
    std::fs::write(&path, kept.replacen(&digest, "0000000000000000", 1)).unwrap();
    let error = run(std::slice::from_ref(&pulse), &limited, |_| {}).unwrap_err();
    assert!(
        matches!(error, RunError::ForeignLine { line: 1, .. }),
        "{error}"
    );
    std::fs::write(&path, kept.replacen("\"metadata\"", "\"meta\"", 1)).unwrap();
    let error = run(std::slice::from_ref(&pulse), &limited, |_| {})
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 1") && error.contains("no line of"),
        "{error}"
    );
    std::fs::write(&path, &kept).unwrap();

    let lock = std::fs::File::create(out.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let error = run(&[pulse], &limited, |_| {}).unwrap_err();
    assert!(matches!(error, RunError::Locked { .. }), "{error}");
}

#[test]
fn models_that_would_answer_differently_are_refused() {
    let out = tempfile::tempdir().unwrap();
    let one = pulse();
    let template = Some("vicuna_v1".to_owned());
    let load = LoadOptions {
        template,
        ..LoadOptions::default()
    };
    let other = Pulse::load(&bench::model(), load).unwrap();
    let models = [one.clone(), one, other];
    let error = run(&models, &options(&[Task::PtbTest], out.path()), |_| {}).unwrap_err();
    assert!(
        matches!(error, RunError::DifferentModels { number: 3, .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("template is \"vicuna_v1\" on device 3"),
        "{error}"
    );
    assert!(!out.path().join("run.json").exists());
}

#[test]
fn answers_to_another_picture_or_question_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let pulse = pulse();
    let out = place.path().join("out");
    let tasks = [Task::PtbTest];
    let bench = changed(place.path(), Task::PtbTest, |_| {});
    let options = RunOptions {
        bench,
        limit: Some(2),
        ..options(&tasks, &out)
    };
    run(std::slice::from_ref(&pulse), &options, |_| {}).unwrap();
    let kept = bytes(&out, Task::PtbTest);
    let refused = |reason: &str| {
        let error = run(std::slice::from_ref(&pulse), &options, |_| {}).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("ptb-test") && text.contains(reason), "{text}");
        assert_eq!(bytes(&out, Task::PtbTest), kept);
        error
    };
    changed(place.path(), Task::PtbTest, |items| {
        items[1]["conversations"][0]["value"] = "What else does it show?".into();
    });
    assert!(matches!(
        refused("another picture or question"),
        RunError::AnotherItem { .. }
    ));
    changed(place.path(), Task::PtbTest, |items| {
        items[0]["image"] = items[1]["image"].clone();
    });
    refused("another picture or question");
    changed(place.path(), Task::PtbTest, |items| {
        items[0]["image"] = "synthetic/nowhere.png".into();
    });
    refused("has no picture");
    // What is not answered yet may change.
    changed(place.path(), Task::PtbTest, |items| {
        items[2]["conversations"][0]["value"] = "What else does it show?".into();
    });
    let report = run(std::slice::from_ref(&pulse), &options, |_| {}).unwrap();
    assert_eq!((report.tasks[0].reused, report.tasks[0].answered), (2, 0));
}

#[test]
fn arena_answers_beside_another_reference_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let pulse = [pulse()];
    let options = RunOptions {
        bench: changed(place.path(), Task::Arena, |_| {}),
        limit: Some(1),
        ..options(&[Task::Arena], &place.path().join("out"))
    };
    run(&pulse, &options, |_| {}).unwrap();
    changed(place.path(), Task::Arena, |items| {
        let turns = items[0]["conversations"].as_array_mut().unwrap();
        turns.last_mut().unwrap()["answer"] = "Another reference.".into();
    });
    let error = run(&pulse, &options, |_| {}).unwrap_err();
    assert!(matches!(error, RunError::AnotherItem { .. }), "{error}");
}

#[test]
fn questions_that_fail_are_recorded_and_tried_again() {
    let place = tempfile::tempdir().unwrap();
    let pulse = pulse();
    let endless = "What does this ECG show? ".repeat(2000);
    let broken = changed(place.path(), Task::PtbTest, |items| {
        items[0]["image"] = "synthetic/nowhere.png".into();
        items[1]["conversations"][0]["value"] = endless.as_str().into();
    });
    let out = place.path().join("out");
    let options = RunOptions {
        bench: broken,
        batch: 3,
        ..options(&[Task::PtbTest], &out)
    };
    let report = run(std::slice::from_ref(&pulse), &options, |_| {}).unwrap();
    let task = &report.tasks[0];
    assert_eq!((task.items, task.answered, task.failed), (3, 1, 2));
    assert!(
        report.failures[0].reason.contains("has no picture"),
        "{:?}",
        report.failures
    );
    assert!(
        report.failures[1].reason.contains("context is 4096"),
        "{:?}",
        report.failures
    );
    let recorded = std::fs::read_to_string(out.join("failures.jsonl")).unwrap();
    assert_eq!(recorded.lines().count(), 2);
    assert_eq!(lines(&out, "ptb-test").len(), 1);
    // What has no answer is a missing answer to the scorer, never a label.
    let scored = score_strict(&out, &options.bench, StrictOptions::default()).unwrap();
    assert_eq!(scored.tasks[0].coverage.missing, 2);

    changed(place.path(), Task::PtbTest, |_| {});
    let report = run(&[pulse], &options, |_| {}).unwrap();
    assert_eq!((report.tasks[0].reused, report.tasks[0].answered), (1, 2));
    assert_eq!(std::fs::read(out.join("failures.jsonl")).unwrap(), b"");
}

#[test]
fn an_unsound_item_is_one_failure_and_a_doubled_id_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let pulse = [pulse()];
    let bench = changed(place.path(), Task::PtbTest, |items| {
        items[0]["image"] = "".into();
        items[2]["image"] = "../x.png".into();
    });
    let id = |at: usize| {
        let text = std::fs::read(bench.join("ptb-test.json")).unwrap();
        let items: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
        items[at]["id"].as_str().unwrap().to_owned()
    };
    let options = RunOptions {
        bench: bench.clone(),
        ..options(&[Task::PtbTest], &place.path().join("out"))
    };
    let report = run(&pulse, &options, |_| {}).unwrap();
    let task = &report.tasks[0];
    assert_eq!((task.items, task.answered, task.failed), (3, 1, 2));
    for (failed, at) in report.failures.iter().zip([0, 2]) {
        assert_eq!((failed.index, &failed.question_id), (at as u64, &id(at)));
        assert!(!failed.reason.is_empty());
    }
    // A share is told apart from others by the same items.
    let share = RunOptions {
        shard: Some("1/2".parse().unwrap()),
        out: place.path().join("share"),
        ..options.clone()
    };
    let report = run(&pulse, &share, |_| {}).unwrap();
    assert_eq!(report.tasks[0].failed, 2);
    // What was answered can no longer be compared.
    changed(place.path(), Task::PtbTest, |items| {
        items[1]["image"] = "../x.png".into();
    });
    let error = run(&pulse, &options, |_| {}).unwrap_err();
    assert!(matches!(error, RunError::Unverifiable { .. }), "{error}");

    changed(place.path(), Task::PtbTest, |items| {
        items[2]["id"] = items[0]["id"].clone();
    });
    let out = place.path().join("double");
    let double = RunOptions {
        out: out.clone(),
        limit: Some(1),
        ..options
    };
    let error = run(&pulse, &double, |_| {}).unwrap_err();
    assert!(
        matches!(
            error,
            RunError::DoubleId {
                first: 1,
                second: 3,
                ..
            }
        ),
        "{error}"
    );
    assert!(!out.exists());
}
