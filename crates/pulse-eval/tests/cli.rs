//! The command line: exit codes, formats, and the whole chain from answers to a page.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use server::{Reply, Server};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pulse-parity/golden/eval")
}

/// A drawn page.
fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pages/sinus-rhythm.png")
}

fn run(arguments: &[&str], key: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-eval"));
    command.args(arguments).env_remove("OPENAI_API_KEY");
    if let Some(key) = key {
        command.env("OPENAI_API_KEY", key);
    }
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn error(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn scores_come_in_every_mode_and_format() {
    let answers = golden().join("answers/q060");
    let bench = golden().join("golden");
    let (answers, bench) = (answers.to_str().unwrap(), bench.to_str().unwrap());
    let score = |mode: &str, format: &str| {
        run(
            &[
                "score",
                "--answers",
                answers,
                "--bench",
                bench,
                "--mode",
                mode,
                "--format",
                format,
            ],
            None,
        )
    };
    let text = String::from_utf8(score("published", "text").stdout).unwrap();
    assert!(
        text.starts_with("====mmmu====\nstep-final.jsonl Accuracy: 0.575\n"),
        "{text}"
    );
    let published = json(&score("published", "json"));
    assert_eq!(published["tasks"][0]["files"][0]["fallbacks"], 35);
    let strict = json(&score("strict", "json"));
    assert_eq!(strict["mode"], "strict");
    assert_eq!(strict["bootstrap"]["resamples"], 1000);
    let first = &strict["tasks"][0];
    assert_eq!(first["task"], "mmmu-ecg");
    for name in ["name", "value", "n", "low", "high", "undefined_resamples"] {
        assert!(!first["figures"][0][name].is_null(), "{name}");
    }
    let page = String::from_utf8(score("strict", "html").stdout).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("mmmu-ecg"));
    assert!(
        !page.contains("http") && !page.contains("<script"),
        "the page needs nothing else"
    );
}

#[test]
fn wrong_usage_is_2_and_failure_is_1() {
    assert!(error(&run(&["score"], None), 2).contains("--answers"));
    error(
        &run(
            &["score", "--answers", "a", "--bench", "b", "--mode", "loose"],
            None,
        ),
        2,
    );
    let failed = run(
        &["score", "--answers", "/nowhere", "--bench", "/nowhere"],
        None,
    );
    assert!(error(&failed, 1).contains("/nowhere"));
    let folder = tempfile::tempdir().unwrap();
    let task = folder.path().join("ptb-test");
    std::fs::create_dir(&task).unwrap();
    std::fs::write(
        task.join("x.jsonl"),
        "{\"id\":\"p0\",\"text\":\"NORM\"}\n{\"id\": oops\n",
    )
    .unwrap();
    let answers = folder.path().to_str().unwrap();
    let bench = golden().join("golden");
    let malformed = run(
        &[
            "score",
            "--answers",
            answers,
            "--bench",
            bench.to_str().unwrap(),
        ],
        None,
    );
    let message = error(&malformed, 1);
    assert!(message.contains("x.jsonl, line 2, column 8"), "{message}");
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_done() {
    for (arguments, said) in [
        (
            "robustness --model m --out o --strengths nan",
            "above 0 and at most 1",
        ),
        (
            "robustness --model m --out o --strengths 0.5,2",
            "above 0 and at most 1",
        ),
        (
            "robustness --model m --out o --strengths 0",
            "above 0 and at most 1",
        ),
        (
            "robustness --model m --out o --format html",
            "possible values: text, json",
        ),
        ("judge --threads 0", "1..=1024"),
        ("judge --calls-per-minute 0", "1.."),
        ("judge --base-url localhost:8000/v1", "http:// or https://"),
        ("judge --format html", "possible values: text, json"),
        ("judge --timeout 0", "above 0"),
        ("judge --longest-wait=-1", "0 or above"),
        ("judge --price-prompt nan", "0 or above"),
    ] {
        let judge = "--task arena --answers a --bench b --out o --judge-model m";
        let mut all: Vec<&str> = arguments.split(' ').collect();
        if all[0] == "judge" {
            all.extend(judge.split(' '));
        }
        let message = error(&run(&all, Some("secret")), 2);
        assert!(message.contains(said), "{arguments}: {message}");
    }
    // A wrong setting shows before the model is looked for.
    for (arguments, said) in [
        ("robustness --model /nowhere --out o --dpi nan", "dpi"),
        (
            "robustness --model /nowhere --out o --items 0",
            "1 to 100000",
        ),
        (
            "robustness --model /nowhere --out o --max-new-tokens 0",
            "max-new-tokens",
        ),
    ] {
        let all: Vec<&str> = arguments.split(' ').collect();
        let message = error(&run(&all, None), 1);
        assert!(message.contains(said), "{arguments}: {message}");
    }
}

#[test]
fn a_folder_without_answers_is_no_score() {
    let folder = tempfile::tempdir().unwrap();
    let answers = folder.path().to_str().unwrap();
    let bench = golden().join("golden");
    let bench = bench.to_str().unwrap();
    for more in [
        ["--mode", "strict"],
        ["--mode", "published"],
        ["--format", "html"],
    ] {
        let arguments = ["score", "--answers", answers, "--bench", bench];
        let message = error(&run(&[&arguments[..], &more[..]].concat(), None), 1);
        assert!(
            message.contains("ptb-test, cpsc-test") || message.contains("mmmu-ecg"),
            "{message}"
        );
        assert!(message.contains("no answers"), "{message}");
    }
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let report = [
        "report",
        "--answers",
        answers,
        "--bench",
        bench,
        "--out",
        out,
    ];
    assert!(error(&run(&report, None), 1).contains("no answers"));
}

#[test]
fn a_comparison_lists_items() {
    let folder = tempfile::tempdir().unwrap();
    let [poor, good] = ["answers/q060", "answers/q090"].map(|level| golden().join(level));
    let bench = golden().join("golden");
    let file = folder.path().join("items.jsonl");
    let [poor, good, bench, file] =
        [&poor, &good, &bench, &file].map(|path| path.to_str().unwrap());
    let compare = [
        "compare",
        poor,
        good,
        "--bench",
        bench,
        "--items",
        "3",
        "--items-file",
        file,
    ];
    let output = run(&compare, None);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("exact McNemar p < 0.0001") && !text.contains("0.0000"),
        "{text}"
    );
    let listed = text.lines().filter(|line| line.ends_with("| second |"));
    assert!(listed.count() >= 7, "{text}");
    let lines = std::fs::read_to_string(file).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["task"], "mmmu-ecg");
    assert!(first["first_is_correct"].is_boolean() && first["id"].is_string());
}

#[test]
fn answers_are_judged_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let gold = r#"[{"id":"r_hr-0","image":"a/x.png","conversations":[{"value":"q"},{"value":"Sinus rhythm."}]}]"#;
    std::fs::create_dir_all(at("answers/ptb-test-report")).unwrap();
    std::fs::create_dir_all(at("bench")).unwrap();
    std::fs::create_dir_all(at("answers/ptb-test")).unwrap();
    std::fs::create_dir_all(at("images/a")).unwrap();
    std::fs::write(at("bench/ptb-test-report.json"), gold).unwrap();
    std::fs::write(
        at("bench/ptb-test.json"),
        gold.replace("Sinus rhythm.", "NORM"),
    )
    .unwrap();
    let picture = std::fs::read(page()).unwrap();
    std::fs::write(at("images/a/x.png"), &picture).unwrap();
    let line = "{\"question_id\":\"r_hr-0\",\"text\":\"<b>AF</b> & HYP\"}\n";
    std::fs::write(at("answers/ptb-test-report/step-final.jsonl"), line).unwrap();
    std::fs::write(at("answers/ptb-test/step-final.jsonl"), line).unwrap();
    let server = Server::start(|_, _, _| {
        Reply::Content(
            r#"{"Diagnosis":{"Score":5},"Waveform":{"Score":5},"Rhythm":{"Score":2}}"#.to_owned(),
        )
    });
    let (answers, bench, out, url) = (at("answers"), at("bench"), at("out"), server.url());
    let judge = [
        "judge",
        "--task",
        "ptb-test-report",
        "--answers",
        &answers,
        "--bench",
        &bench,
        "--out",
        &out,
        "--judge-model",
        "fake",
        "--base-url",
        &url,
        "--format",
        "json",
    ];
    assert!(error(&run(&judge, None), 1).contains("OPENAI_API_KEY is not set"));
    let judged = run(&judge, Some("secret"));
    assert_eq!(json(&judged)["figures"][0]["value"], 40.0);
    std::fs::write(at("judge.json"), &judged.stdout).unwrap();
    assert_eq!(json(&run(&judge, Some("secret")))["reused"], 1);

    let (images, judged) = (at("images"), at("judge.json"));
    let report = [
        "report",
        "--answers",
        &answers,
        "--bench",
        &bench,
        "--images",
        &images,
        "--judge",
        &judged,
        "--out",
        &out,
        "--title",
        "A <run>",
    ];
    let written = run(&report, None);
    assert_eq!(
        written.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&written.stderr)
    );
    let page = std::fs::read_to_string(at("out/report.html")).unwrap();
    for part in [
        "A &lt;run&gt;",
        "&lt;b&gt;AF&lt;/b&gt; &amp; HYP",
        "data:image/jpeg;base64,/9j/",
        "judged by fake",
        "<a href=\"#judge-0\">ptb-test-report, fake</a>",
        "<section id=\"judge-0\">",
        "<tr><td>ptb-test-report</td><td class=\"text\">overall, judge fake</td>",
        "PULSE-7B",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let json: Value =
        serde_json::from_slice(&std::fs::read(at("out/report.json")).unwrap()).unwrap();
    assert_eq!(
        json["strict"]["tasks"][0]["items"][0]["predicted"][0],
        "HYP"
    );
    let markdown = std::fs::read_to_string(at("out/report.md")).unwrap();
    assert!(markdown.contains("| PULSE-7B |"));
    let ours = "| ptb-test-report | this run, judge fake | 40.0 | – | – |";
    assert!(markdown.contains(ours), "{markdown}");

    let twice = [&report[..], &["--judge", &judged]].concat();
    let message = error(&run(&twice, None), 1);
    assert!(message.contains("by fake are given 2 times"), "{message}");
    // The answer has changed since it was judged.
    let other = line.replace("AF", "MI");
    std::fs::write(at("answers/ptb-test-report/step-final.jsonl"), other).unwrap();
    let message = error(&run(&report, None), 1);
    for part in ["judge.json", "1 of 1 items differ", "r_hr-0"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}
