//! The runner: what it asks, what it writes, how it goes on, what it refuses.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod bench;

use std::path::{Path, PathBuf};

use bench::{lines, pulse, short, synthetic};
use pulse_data::bench::{BenchConfig, BenchFolder, BenchFormat, ExportOptions, export_bench};
use pulse_eval::Task;
use pulse_eval::gold::Gold;
use pulse_eval::run::{History, RunError, RunOptions, merge_shards, run};
use pulse_eval::strict::{StrictOptions, score_strict};
use pulse_llm::{LoadOptions, PageImage, Pulse};

const ITEMS: u64 = 3;

fn options(tasks: &[Task], out: &Path) -> RunOptions {
    RunOptions {
        generate: short(5),
        ..RunOptions::new(synthetic(ITEMS), tasks, out)
    }
}

fn bytes(out: &Path, task: Task) -> Vec<u8> {
    std::fs::read(out.join(task.name()).join("step-final.jsonl")).unwrap()
}

/// A copy of one task's JSON file, changed, beside the same pictures.
fn changed(folder: &Path, task: Task, change: impl Fn(&mut Vec<serde_json::Value>)) -> PathBuf {
    let name = format!("{task}.json");
    let text = std::fs::read(synthetic(ITEMS).join(&name)).unwrap();
    let mut items: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    change(&mut items);
    let bench = folder.join("changed");
    std::fs::create_dir_all(&bench).unwrap();
    std::fs::write(bench.join(&name), serde_json::to_vec(&items).unwrap()).unwrap();
    let images = bench.join("images");
    if !images.exists() {
        std::os::unix::fs::symlink(synthetic(ITEMS).join("images"), images).unwrap();
    }
    bench
}

#[test]
fn all_nine_tasks_are_asked_and_answers_are_those_of_the_model() {
    let out = tempfile::tempdir().unwrap();
    let pulse = pulse();
    let options = options(&Task::ALL, out.path());
    let mut seen = Vec::new();
    let report = run(std::slice::from_ref(&pulse), &options, |progress| {
        seen.push(*progress)
    })
    .unwrap();
    assert_eq!(report.failures, []);
    assert_eq!(report.tasks.len(), 9);
    assert!(
        report
            .tasks
            .iter()
            .all(|task| task.answered == ITEMS && task.reused == 0)
    );
    let last = seen.last().unwrap();
    assert_eq!((last.done, last.all), (27, 27));
    assert_eq!(last.remaining().as_secs(), 0);

    let folder = BenchFolder::open(&synthetic(ITEMS)).unwrap();
    let items: Vec<_> = folder
        .items(BenchConfig::PtbTest)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let found = lines(out.path(), "ptb-test");
    for (item, line) in items.iter().zip(&found) {
        let fields: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "answer_id",
            "metadata",
            "model_id",
            "prompt",
            "question_id",
            "text",
        ];
        assert_eq!(fields, expected, "the original's fields and no more");
        assert_eq!(line["question_id"], item.id.as_str());
        assert_eq!(line["model_id"], "pulse-random");
        let prompt = line["prompt"].as_str().unwrap();
        assert!(
            !prompt.contains("<image>") && prompt.starts_with("Which of"),
            "{prompt}"
        );
        let picture = PageImage::decode(&item.picture_bytes().unwrap()).unwrap();
        let direct = pulse.ask(&picture, prompt, short(5)).unwrap();
        assert_eq!(line["text"], direct.text.as_str());
        assert_eq!(
            line["metadata"]["usage"][0]["prompt_tokens"],
            direct.usage.prompt_tokens
        );
        assert_eq!(line["metadata"]["run"], report.settings.digest().as_str());
    }
    // The order of fields is the original's, too.
    let text = String::from_utf8(bytes(out.path(), Task::PtbTest)).unwrap();
    let places: Vec<usize> = [
        "question_id",
        "prompt",
        "text",
        "answer_id",
        "model_id",
        "metadata",
    ]
    .iter()
    .map(|name| text.find(&format!("\"{name}\":")).unwrap())
    .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn arena_has_two_turns_in_one_conversation_and_the_originals_history_on_request() {
    let pulse = pulse();
    let folder = BenchFolder::open(&synthetic(ITEMS)).unwrap();
    let item = folder
        .items(BenchConfig::Arena)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let picture = PageImage::decode(&item.picture_bytes().unwrap()).unwrap();
    for history in [History::Correct, History::Original] {
        let out = tempfile::tempdir().unwrap();
        let options = RunOptions {
            history,
            limit: Some(1),
            ..options(&[Task::Arena], out.path())
        };
        run(std::slice::from_ref(&pulse), &options, |_| {}).unwrap();
        let found = &lines(out.path(), "arena")[0];
        let mut chat = pulse.chat();
        if history == History::Original {
            chat.use_arena_history();
        }
        chat.attach(&picture).unwrap();
        for turn in 0..2 {
            let golden = &found["golden_convs"][turn];
            let question = golden["question"].as_str().unwrap();
            assert!(!golden["answer"].as_str().unwrap().is_empty());
            let direct = chat.ask(question, short(5)).unwrap();
            let predicted = &found["predict_convs"][turn];
            assert_eq!(predicted["question"], question);
            assert_eq!(
                predicted["answer"],
                direct.text.as_str(),
                "{history:?} {turn}"
            );
            let usage = &found["metadata"]["usage"][turn];
            assert_eq!(usage["prompt_tokens"], direct.usage.prompt_tokens);
            assert_eq!(usage["cached_tokens"], direct.usage.cached_tokens);
            assert_eq!(turn == 1, usage["cached_tokens"].as_u64().unwrap() > 0);
        }
    }
}

#[test]
fn batches_devices_and_shards_change_nothing() {
    let tasks = [Task::PtbTest, Task::Arena, Task::CsnTestNoCot];
    let whole = tempfile::tempdir().unwrap();
    let one = pulse();
    run(
        std::slice::from_ref(&one),
        &options(&tasks, whole.path()),
        |_| {},
    )
    .unwrap();

    let many = tempfile::tempdir().unwrap();
    let batched = RunOptions {
        batch: 4,
        workers: 3,
        ..options(&tasks, many.path())
    };
    run(&[one.clone(), pulse()], &batched, |_| {}).unwrap();

    let shares = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    for number in 1..=2 {
        let folder = shares.path().join(number.to_string());
        let share = RunOptions {
            shard: Some(format!("{number}/2").parse().unwrap()),
            ..options(&tasks, &folder)
        };
        let report = run(std::slice::from_ref(&one), &share, |_| {}).unwrap();
        assert_eq!(report.tasks[0].items, if number == 1 { 2 } else { 1 });
        folders.push(folder);
    }
    let merged = shares.path().join("merged");
    let missing = merge_shards(&folders[..1], &merged)
        .unwrap_err()
        .to_string();
    assert!(missing.contains("share 2/2"), "{missing}");
    let twice = [folders[0].clone(), folders[0].clone()];
    assert!(
        merge_shards(&twice, &merged)
            .unwrap_err()
            .to_string()
            .contains("twice")
    );
    let not_one = [whole.path().to_owned()];
    assert!(
        merge_shards(&not_one, &merged)
            .unwrap_err()
            .to_string()
            .contains("whole run")
    );
    let report = merge_shards(&folders, &merged).unwrap();
    assert_eq!(report.tasks.len(), 3);
    for task in tasks {
        let expected = bytes(whole.path(), task);
        assert_eq!(bytes(many.path(), task), expected, "{task}");
        assert_eq!(bytes(&merged, task), expected, "{task}");
    }
    // The whole goes on where the shares ended.
    let again = run(&[one], &options(&tasks, &merged), |_| {}).unwrap();
    assert!(
        again
            .tasks
            .iter()
            .all(|task| task.answered == 0 && task.reused == ITEMS)
    );
}

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
fn a_merge_keeps_what_is_there_and_refuses_shares_of_another_benchmark() {
    let place = tempfile::tempdir().unwrap();
    let pulse = [pulse()];
    let tasks = [Task::PtbTest];
    let share = |number: u64, bench: PathBuf, out: &str| {
        let out = place.path().join(out);
        let share = RunOptions {
            shard: Some(format!("{number}/2").parse().unwrap()),
            limit: Some(2),
            bench,
            ..options(&tasks, &out)
        };
        run(&pulse, &share, |_| {}).unwrap();
        out
    };
    let shares = [
        share(1, synthetic(ITEMS), "1"),
        share(2, synthetic(ITEMS), "2"),
    ];
    let merged = place.path().join("merged");
    assert_eq!(merge_shards(&shares, &merged).unwrap().tasks[0].1, 2);
    run(&pulse, &options(&tasks, &merged), |_| {}).unwrap();
    let whole = bytes(&merged, Task::PtbTest);
    assert_eq!(merge_shards(&shares, &merged).unwrap().tasks[0].1, 3);
    assert_eq!(bytes(&merged, Task::PtbTest), whole);

    // An item that the second share does not ask tells the benchmarks apart.
    let bench = changed(place.path(), Task::PtbTest, |items| {
        items[0]["conversations"][0]["value"] = "What else does it show?".into();
    });
    let others = [shares[0].clone(), share(2, bench, "other")];
    for out in [&merged, &place.path().join("new")] {
        let error = merge_shards(&others, out).unwrap_err().to_string();
        assert!(error.contains("not the same in the benchmarks"), "{error}");
    }
    assert_eq!(bytes(&merged, Task::PtbTest), whole);

    let lock = std::fs::File::create(shares[1].join(".lock")).unwrap();
    lock.lock().unwrap();
    let error = merge_shards(&shares, &merged).unwrap_err();
    assert!(matches!(error, RunError::Locked { .. }), "{error}");
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
fn parquet_is_asked_and_scored_as_json_is() {
    let place = tempfile::tempdir().unwrap();
    let source = BenchFolder::open(&synthetic(ITEMS)).unwrap();
    let parquet = place.path().join("parquet");
    let export = ExportOptions {
        format: BenchFormat::Parquet,
        configs: Vec::new(),
        progress: false,
    };
    export_bench(&source, &parquet, &export).unwrap();
    // Where both are, run and scorers read Parquet.
    std::fs::write(parquet.join("mmmu-ecg.json"), "[]").unwrap();
    let tasks = [Task::MmmuEcg, Task::EcgqaTest, Task::Arena];
    for task in tasks {
        let json = Gold::read(&synthetic(ITEMS), task).unwrap();
        let same = Gold::read(&parquet, task).unwrap();
        assert_eq!(json.items().len(), same.items().len());
        for (one, other) in json.items().iter().zip(same.items()) {
            assert_eq!(
                (&one.id, &one.question, &one.turns),
                (&other.id, &other.question, &other.turns)
            );
            assert_eq!(one.answer.to_text(), other.answer.to_text());
        }
    }
    let (first, second) = (place.path().join("a"), place.path().join("b"));
    let pulse = pulse();
    run(
        std::slice::from_ref(&pulse),
        &options(&tasks, &first),
        |_| {},
    )
    .unwrap();
    let from_parquet = RunOptions {
        bench: parquet.clone(),
        ..options(&tasks, &second)
    };
    run(&[pulse], &from_parquet, |_| {}).unwrap();
    for task in tasks {
        assert_eq!(bytes(&first, task), bytes(&second, task), "{task}");
    }
    let json = score_strict(&first, &synthetic(ITEMS), StrictOptions::default()).unwrap();
    let same = score_strict(&second, &parquet, StrictOptions::default()).unwrap();
    assert_eq!(json.tasks[0].figures, same.tasks[0].figures);
    let error = Gold::read(place.path(), Task::Arena)
        .unwrap_err()
        .to_string();
    assert!(error.contains("TASK/*.parquet"), "{error}");
}

#[test]
fn labels_get_probabilities_that_are_scored() {
    let out = tempfile::tempdir().unwrap();
    let tasks = [
        Task::PtbTest,
        Task::MmmuEcg,
        Task::EcgqaTest,
        Task::PtbTestReport,
    ];
    let options = RunOptions {
        score_labels: true,
        batch: 2,
        ..options(&tasks, out.path())
    };
    run(&[pulse()], &options, |_| {}).unwrap();
    for line in lines(out.path(), "mmmu-ecg") {
        let letters = line["label_probabilities"].as_object().unwrap();
        let sum: f64 = letters.values().map(|p| p.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{line}");
        assert!(line["label_mass"].as_f64().unwrap() > 0.0);
    }
    let ptb = &lines(out.path(), "ptb-test")[0];
    assert_eq!(ptb["label_probabilities"].as_object().unwrap().len(), 5);
    assert_eq!(
        ptb["label_probabilities_normalised"]
            .as_object()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(ptb["candidate_likelihoods"].as_object().unwrap().len(), 31);
    assert!(
        lines(out.path(), "ptb-test-report")[0]
            .get("label_mass")
            .is_none()
    );
    let report = score_strict(out.path(), &synthetic(ITEMS), StrictOptions::default()).unwrap();
    for task in &report.tasks {
        for found in [&task.probabilities, &task.probabilities_normalised] {
            let found = found.as_ref().unwrap();
            assert_eq!(found.items as u64, ITEMS, "{}", task.task);
            let brier = found
                .figures
                .iter()
                .find(|one| one.name == "brier_score")
                .unwrap();
            assert!((0.0..=1.0).contains(&brier.value.unwrap()), "{brier:?}");
        }
    }
}
