//! What is asked and written.

use pulse_data::bench::{BenchConfig, BenchFolder, BenchFormat, ExportOptions, export_bench};
use pulse_eval::Task;
use pulse_eval::gold::Gold;
use pulse_eval::run::{History, RunOptions, run};
use pulse_eval::strict::{StrictOptions, score_strict};
use pulse_llm::PageImage;

use crate::bench::{lines, pulse, short, synthetic};
use crate::{ITEMS, bytes, options};

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
    let summary = std::fs::read(out.path().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    assert_eq!(summary["tasks"].as_array().unwrap().len(), 9);
    let share = summary["busy_share"].as_f64().unwrap();
    assert!((share - report.busy.share()).abs() < 1e-9 && share > 0.0 && share <= 1.0);
    let devices = report.busy.answering_s + report.busy.waiting_s;
    assert!(devices <= report.seconds, "{devices} {}", report.seconds);

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
