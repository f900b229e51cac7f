//! Judging against a local server that misbehaves.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use pulse_eval::Task;
use pulse_eval::judge::{
    Backoff, Endpoint, Journal, JudgeClient, JudgeError, JudgeItems, JudgeKind, JudgeOptions,
    JudgeRun, PromptTemplate, aggregate, judge, judge_items,
};
use pulse_eval::statistics::BootstrapOptions;
use server::{Reply, Server};
use tempfile::TempDir;

fn write(root: &Path, name: &str, value: &serde_json::Value) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = match value {
        serde_json::Value::Array(lines) if name.ends_with("jsonl") => {
            lines.iter().map(|line| format!("{line}\n")).collect()
        }
        other => other.to_string(),
    };
    std::fs::write(path, text).unwrap();
}

/// `count` reports whose ids all end in `-0`, as the real ones.
fn reports(count: usize) -> (TempDir, JudgeItems) {
    let root = tempfile::tempdir().unwrap();
    let id = |at: usize| format!("ptb-report-{at:05}_hr-0");
    let gold: Vec<_> = (0..=count)
        .map(|at| {
            serde_json::json!({"id": id(at), "conversation": [
                {"from": "user", "value": "Write a report."}, {"from": "assistant", "value": format!("truth {at}")}]})
        })
        .collect();
    write(
        root.path(),
        "bench/ptb_report_generation_test.json",
        &gold.into(),
    );
    let mut lines: Vec<_> = (0..count)
        .map(|at| serde_json::json!({"question_id": id(at), "text": format!("report {at}")}))
        .collect();
    lines.push(serde_json::json!({"question_id": id(0), "text": "again"}));
    lines.push(serde_json::json!({"question_id": "other", "text": "x"}));
    write(
        root.path(),
        "answers/ptb-test-report/step-final.jsonl",
        &lines.into(),
    );
    let items = items(root.path(), Task::PtbTestReport).unwrap();
    (root, items)
}

fn items(root: &Path, task: Task) -> Result<JudgeItems, JudgeError> {
    let kind = JudgeKind::of(task).unwrap_or(JudgeKind::Report);
    let template = PromptTemplate::built_in(kind);
    judge_items(task, &root.join("answers"), &root.join("bench"), &template)
}

fn client(server: &Server, timeout_ms: u64) -> JudgeClient {
    let endpoint = Endpoint::OpenAi {
        base_url: server.url(),
    };
    JudgeClient::new(
        endpoint,
        "fake".into(),
        "secret".into(),
        Duration::from_millis(timeout_ms),
    )
}

fn options() -> JudgeOptions {
    JudgeOptions {
        threads: 4,
        backoff: Backoff {
            attempts: 4,
            first: Duration::from_millis(2),
            longest: Duration::from_secs(2),
        },
        ..JudgeOptions::default()
    }
}

fn run(
    client: &JudgeClient,
    items: &JudgeItems,
    journal: &Path,
    options: JudgeOptions,
) -> Result<JudgeRun, JudgeError> {
    judge(
        client,
        items,
        Journal::open(journal).unwrap(),
        options,
        &|_, _| {},
    )
}

fn scores(a: f64, b: f64, c: f64) -> Reply {
    Reply::Content(format!(
        r#"{{"Diagnosis":{{"Score":{a},"Explanation":"e"}},"Form":{{"Score":{b}}},"Rhythm":{{"Score":{c}}}}}"#
    ))
}

#[test]
fn errors_slow_answers_bad_json_and_429_are_tried_again() {
    let (root, items) = reports(5);
    assert_eq!(
        (
            items.items.len(),
            items.missing,
            items.unknown,
            items.doubles
        ),
        (5, 1, 1, 1)
    );
    let server = Server::start(|prompt, attempt, _| match (prompt, attempt) {
        (p, 0) if p.contains("report 0") => Reply::Status(500, None),
        (p, 0) if p.contains("report 1") => Reply::Slow(Duration::from_millis(900)),
        (p, 0) if p.contains("report 2") => Reply::Content("not json".into()),
        (p, 0) if p.contains("report 3") => Reply::Status(429, Some(1)),
        (p, 0) if p.contains("report 4") => scores(11.0, 1.0, 1.0),
        (p, 1) if p.contains("report 4") => Reply::Raw("{\"choices\":[".into()),
        (p, 2) if p.contains("report 4") => Reply::Hangup,
        _ => scores(8.0, 6.0, 4.0),
    });
    let journal = root.path().join("out/judgements.jsonl");
    let started = std::time::Instant::now();
    let found = run(&client(&server, 400), &items, &journal, options()).unwrap();
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "Retry-After was not obeyed"
    );
    assert_eq!(
        (found.failures.len(), found.judgements.len()),
        (0, 5),
        "{:?}",
        found.failures
    );
    assert_eq!(found.calls, 5 + 4 + 3);
    assert!(server.all_had_key("Bearer secret") && server.all_asked_for_json());

    let bootstrap = BootstrapOptions::default();
    let report = aggregate(
        Task::PtbTestReport,
        &items,
        &found,
        "fake",
        Some((2.0, 10.0)),
        bootstrap,
    )
    .unwrap();
    let values: Vec<f64> = report
        .figures
        .iter()
        .map(|figure| figure.value.unwrap())
        .collect();
    assert_eq!(values, [60.0, 80.0, 60.0, 40.0]);
    assert_eq!(report.figures[0].n, 5);
    // Each reply counts 100 and 10 tokens; those of replies that could not be used are paid for, too.
    let usage = report.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (700, 70));
    assert!((report.cost.unwrap() - (700.0 * 2.0 + 70.0 * 10.0) / 1e6).abs() < 1e-12);
    assert!(report.items.contains_key("ptb-report-00004_hr-0"));

    // Everything is known now, although the last line was cut off by a kill.
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes.truncate(bytes.len() - 9);
    std::fs::write(&journal, bytes).unwrap();
    let again = run(&client(&server, 400), &items, &journal, options()).unwrap();
    assert_eq!(
        (again.reused, again.calls, again.judgements.len()),
        (4, 1, 5)
    );
}

#[test]
fn tokens_that_the_server_does_not_count_are_unknown_and_so_is_the_cost() {
    let (root, items) = reports(2);
    let text = r#"{"Diagnosis":{"Score":5},"Waveform":{"Score":5},"Rhythm":{"Score":2}}"#;
    let server = Server::start(move |prompt, _, _| {
        if prompt.contains("report 1") {
            return Reply::Content(text.to_owned());
        }
        let completion = serde_json::json!({"choices": [{"message": {"content": text}}]});
        Reply::Raw(completion.to_string())
    });
    let journal = root.path().join("judgements.jsonl");
    let found = run(&client(&server, 1000), &items, &journal, options()).unwrap();
    let known = found.judgements.iter().filter(|one| one.usage.is_some());
    assert_eq!((found.judgements.len(), known.count()), (2, 1));
    // The journal keeps that it is not known.
    let found = run(&client(&server, 1000), &items, &journal, options()).unwrap();
    assert_eq!(found.reused, 2);
    let report = aggregate(
        Task::PtbTestReport,
        &items,
        &found,
        "fake",
        Some((2.0, 10.0)),
        BootstrapOptions::default(),
    )
    .unwrap();
    assert_eq!((report.usage, report.cost), (None, None));
    let text = pulse_eval::report::judge_markdown(&report);
    assert!(text.contains("tokens and cost unknown"), "{text}");
}

#[test]
fn an_item_that_cannot_be_judged_is_a_failure_and_the_others_go_on() {
    let (root, items) = reports(3);
    let server = Server::start(|prompt, _, _| {
        if prompt.contains("report 1") {
            Reply::Content("{}".into())
        } else {
            scores(1.0, 2.0, 3.0)
        }
    });
    let journal = root.path().join("judgements.jsonl");
    let found = run(&client(&server, 1000), &items, &journal, options()).unwrap();
    assert_eq!((found.judgements.len(), found.calls), (2, 2 + 4));
    assert_eq!(found.failures[0].id, "ptb-report-00001_hr-0");
    assert!(
        found.failures[0]
            .reason
            .contains("no criterion \"Diagnosis\""),
        "{found:?}"
    );
}

#[test]
fn a_wrong_key_stops_at_once_and_a_lost_network_names_the_address() {
    let (root, items) = reports(20);
    let server = Server::start(|_, _, _| Reply::Status(401, None));
    let journal = root.path().join("judgements.jsonl");
    let one = JudgeOptions {
        threads: 1,
        ..options()
    };
    let error = run(&client(&server, 1000), &items, &journal, one).unwrap_err();
    assert!(
        matches!(error, JudgeError::Refused { done: 0, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("status 401"), "{error}");
    assert_eq!(server.calls(), 1);

    let endpoint = Endpoint::OpenAi {
        base_url: "http://127.0.0.1:9/v1".into(),
    };
    let nobody = JudgeClient::new(endpoint, "m".into(), "k".into(), Duration::from_millis(300));
    let found = run(&nobody, &items, &journal, options()).unwrap();
    assert_eq!(found.failures.len(), 20);
    assert!(
        found.failures[0].reason.contains("127.0.0.1:9"),
        "{:?}",
        found.failures[0]
    );
    let bootstrap = BootstrapOptions::default();
    let error = aggregate(Task::PtbTestReport, &items, &found, "m", None, bootstrap).unwrap_err();
    assert!(matches!(error, JudgeError::NothingJudged), "{error}");
}

#[test]
fn repeats_are_judged_apart_and_their_agreement_is_computed() {
    let (root, items) = reports(4);
    let server = Server::start(|prompt, _, call| {
        let good = if prompt.contains("report 1") || prompt.contains("report 2") {
            8.0
        } else {
            2.0
        };
        // The rhythm is judged without looking.
        scores(good, good, f64::from(u32::try_from(call % 5).unwrap()))
    });
    let journal = root.path().join("judgements.jsonl");
    let three = JudgeOptions {
        repeats: 3,
        threads: 1,
        ..options()
    };
    let found = run(&client(&server, 1000), &items, &journal, three).unwrap();
    assert_eq!((found.calls, found.judgements.len()), (12, 12));
    let bootstrap = BootstrapOptions::default();
    let report = aggregate(Task::PtbTestReport, &items, &found, "fake", None, bootstrap).unwrap();
    assert_eq!(report.judged, 4);
    let alpha: Vec<f64> = report
        .agreement
        .iter()
        .map(|one| one.krippendorff_alpha.unwrap())
        .collect();
    assert!(
        alpha[0] == 1.0 && alpha[1] == 1.0 && alpha[2] < 0.5,
        "{alpha:?}"
    );
}

#[test]
fn both_turns_of_the_arena_are_judged_in_azures_form() {
    let root = tempfile::tempdir().unwrap();
    let turns =
        serde_json::json!([{"question": "q1", "answer": "a1"}, {"question": "q2", "answer": "a2"}]);
    let gold = serde_json::json!([{"id": "arena-1", "image": "x.png", "conversations": turns}]);
    write(root.path(), "bench/arena.json", &gold);
    let line = serde_json::json!([{"question_id": "arena-1", "predict_convs": [
        {"question": "q1", "answer": "p1"}, {"question": "q2", "answer": "p2"}]}]);
    write(root.path(), "answers/arena/step-final.jsonl", &line);
    let items = items(root.path(), Task::Arena).unwrap();
    let prompt = &items.items[0].prompt;
    assert!(
        prompt.contains("Question: q2\nAnswer: a2\n")
            && prompt.contains("Question: q2\nAnswer: p2\n")
    );
    let server = Server::start(|_, _, _| {
        Reply::Content(
            r#"{"Accuracy":{"Score":9},"Completeness":{"Score":6},"Instruction Adherence":{"Score":3}}"#.into(),
        )
    });
    let endpoint = Endpoint::Azure {
        base_url: server.url(),
        api_version: "2024-08-01-preview".into(),
    };
    let azure = JudgeClient::new(
        endpoint,
        "gpt-4o".into(),
        "secret".into(),
        Duration::from_secs(2),
    );
    let found = run(&azure, &items, &root.path().join("j.jsonl"), options()).unwrap();
    assert!(server.all_had_key("secret"));
    assert!(
        server.paths()[0]
            .starts_with("/v1/openai/deployments/gpt-4o/chat/completions?api-version=")
    );
    let bootstrap = BootstrapOptions::default();
    let report = aggregate(Task::Arena, &items, &found, "gpt-4o", None, bootstrap).unwrap();
    assert_eq!(report.figures[0].value, Some(60.0));

    let short = serde_json::json!([{"question_id": "arena-1", "response": [{"response": "p1"}]}]);
    write(root.path(), "answers/arena/step-final.jsonl", &short);
    let template = PromptTemplate::built_in(JudgeKind::Arena);
    let paths = [root.path().join("answers"), root.path().join("bench")];
    let error = judge_items(Task::Arena, &paths[0], &paths[1], &template).unwrap_err();
    assert!(
        matches!(
            error,
            JudgeError::Turns {
                found: 1,
                expected: 2,
                ..
            }
        ),
        "{error}"
    );
    let error = judge_items(Task::PtbTest, &paths[0], &paths[1], &template).unwrap_err();
    assert!(matches!(error, JudgeError::NoJudgeTask { .. }), "{error}");
}

#[test]
fn the_500_real_reports_are_judged_with_a_kill_in_the_middle() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/ecg-samples/reports");
    if !folder.is_dir() {
        eprintln!("left out: the real reports are not beside the checkout");
        return;
    }
    let bench: PathBuf = folder;
    let gold = pulse_eval::gold::Gold::read(&bench, Task::PtbTestReport).unwrap();
    assert_eq!(gold.items().len(), 500);
    // A model that repeats the report of the item before.
    let root = tempfile::tempdir().unwrap();
    let texts: Vec<String> = gold
        .items()
        .iter()
        .map(|item| item.answer.to_text())
        .collect();
    let lines: Vec<_> = gold
        .items()
        .iter()
        .enumerate()
        .map(|(at, item)| {
            serde_json::json!({"question_id": item.id, "text": texts[(at + 499) % 500]})
        })
        .collect();
    write(
        root.path(),
        "answers/ptb-test-report/step-final.jsonl",
        &lines.into(),
    );
    let template = PromptTemplate::built_in(JudgeKind::Report);
    let answers = root.path().join("answers");
    let items = judge_items(Task::PtbTestReport, &answers, &bench, &template).unwrap();
    // The key is refused in the middle; afterwards the judge scores by the prompt's length.
    let server = Server::start(|prompt, _, call| match call {
        200 => Reply::Status(403, None),
        _ if call % 50 == 7 => Reply::Status(503, None),
        _ => scores((prompt.len() % 11) as f64, 5.0, 5.0),
    });
    let journal = root.path().join("judgements.jsonl");
    let judge = client(&server, 5000);
    let error = run(&judge, &items, &journal, options()).unwrap_err();
    assert!(
        matches!(error, JudgeError::Refused { done: 150.., .. }),
        "{error}"
    );
    let found = run(&judge, &items, &journal, options()).unwrap();
    assert!(found.reused >= 150 && found.failures.is_empty());
    assert_eq!(found.judgements.len(), 500);
    let bootstrap = BootstrapOptions::default();
    let report = aggregate(Task::PtbTestReport, &items, &found, "fake", None, bootstrap).unwrap();
    // One score per whole id: the original would have kept a single one for all of them.
    assert_eq!((report.judged, report.items.len()), (500, 500));
    let lengths = items
        .items
        .iter()
        .map(|item| (item.prompt.len() % 11) as f64);
    let expected = lengths.sum::<f64>() / 500.0 * 10.0;
    assert!((report.figures[1].value.unwrap() - expected).abs() < 1e-9);
}
