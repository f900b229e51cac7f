//! The whole chain on the synthetic benchmark, as `docs/evaluation.md` lists it: run, killed and gone on with,
//! score, judge, report.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod bench;
#[allow(dead_code, reason = "each test file uses a part of it")]
mod server;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bench::{lines, model, synthetic};
use pulse_eval::Task;
use serde_json::Value;
use server::{Reply, Server};

const ITEMS: u64 = 4;

fn pulse_eval(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-eval"));
    command.args(arguments).env("OPENAI_API_KEY", "secret");
    command
}

fn done(arguments: &[&str]) -> Output {
    let output = pulse_eval(arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    output
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn answered(out: &Path) -> usize {
    let tasks = Task::ALL.iter();
    tasks
        .map(|task| {
            let path = out.join(task.name()).join("step-final.jsonl");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.matches('\n').count()
        })
        .sum()
}

#[test]
fn run_killed_in_the_middle_score_judge_and_report() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (model, bench) = (model(), synthetic(ITEMS).to_str().unwrap().to_owned());
    let (killed, whole) = (at("killed"), at("whole"));
    let run = |out: &str| -> Vec<String> {
        let arguments = [
            "run",
            "--model",
            &model,
            "--bench",
            &bench,
            "--tasks",
            "all",
            "--out",
            out,
            "--max-new-tokens",
            "40",
            "--score-labels",
            "--format",
            "json",
        ];
        arguments.map(str::to_owned).to_vec()
    };
    let first = run(&killed);
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    let mut child = pulse_eval(&first).stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while answered(Path::new(&killed)) < 7 {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "nothing is answered"
        );
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before it was killed"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    // SIGKILL: nothing is cleaned up.
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = answered(Path::new(&killed));
    let all = 9 * ITEMS as usize;
    assert!((7..all).contains(&kept), "{kept}");

    let report = json(&done(&first));
    let sum = |field: &str| -> u64 {
        let tasks = report["tasks"].as_array().unwrap().iter();
        tasks.map(|task| task[field].as_u64().unwrap()).sum()
    };
    assert_eq!(sum("reused"), kept as u64);
    assert_eq!(sum("answered"), (all - kept) as u64);
    let uninterrupted = run(&whole);
    done(&uninterrupted.iter().map(String::as_str).collect::<Vec<_>>());
    for task in Task::ALL {
        assert_eq!(lines(Path::new(&killed), task.name()).len() as u64, ITEMS);
        let path = format!("{task}/step-final.jsonl");
        let read = |out: &str| std::fs::read(Path::new(out).join(&path)).unwrap();
        assert_eq!(read(&killed), read(&whole), "{task}");
    }

    let scored = |mode: &str| {
        json(&done(&[
            "score",
            "--answers",
            &killed,
            "--bench",
            &bench,
            "--mode",
            mode,
            "--format",
            "json",
        ]))
    };
    let strict = scored("strict");
    let tasks = strict["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 7);
    for task in tasks {
        assert_eq!(task["coverage"]["answers"], ITEMS, "{}", task["task"]);
        assert_eq!(task["coverage"]["unknown"], 0);
        let name = &task["probabilities"]["figures"][0]["name"];
        assert_eq!(name, "roc_auc", "{}", task["task"]);
    }
    // The original scores mmmu only with exactly 200 answers, and says nothing; here it is said.
    let published = scored("published");
    let skipped = published["tasks"][0]["files"][0]["skipped"]
        .as_str()
        .unwrap();
    assert!(skipped.contains("200"), "{skipped}");
    assert!(published["tasks"][1]["files"][0]["scores"].is_object());

    let server = Server::start(|prompt, attempt, _| {
        match (prompt.contains("Accuracy"), attempt) {
        (_, 0) => Reply::Status(429, Some(0)),
        (true, _) => Reply::Content(
            r#"{"Accuracy":{"Score":2},"Completeness":{"Score":4},"Instruction Adherence":{"Score":6}}"#
                .to_owned(),
        ),
        (false, _) => Reply::Content(
            r#"{"Diagnosis":{"Score":1},"Waveform":{"Score":2},"Rhythm":{"Score":3}}"#.to_owned(),
        ),
    }
    });
    let mut judged = Vec::new();
    for (task, overall) in [("ptb-test-report", 20.0), ("arena", 40.0)] {
        let folder = at(&format!("judge-{task}"));
        let output = done(&[
            "judge",
            "--task",
            task,
            "--answers",
            &killed,
            "--bench",
            &bench,
            "--out",
            &folder,
            "--judge-model",
            "fake",
            "--base-url",
            &server.url(),
            "--format",
            "json",
        ]);
        let value = json(&output)["figures"][0]["value"].as_f64().unwrap();
        assert!((value - overall).abs() < 1e-9, "{task}: {value}");
        let path = at(&format!("{task}.json"));
        std::fs::write(&path, &output.stdout).unwrap();
        judged.push(path);
    }
    let out = at("report");
    done(&[
        "report",
        "--answers",
        &killed,
        "--bench",
        &bench,
        "--judge",
        &judged[0],
        "--judge",
        &judged[1],
        "--out",
        &out,
    ]);
    let page = std::fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
    for part in [
        "ptb-test-report, judged by fake",
        "arena, judged by fake",
        "Over probabilities from likelihoods per token",
        "data:image/",
    ] {
        assert!(page.contains(part), "{part}");
    }
}
