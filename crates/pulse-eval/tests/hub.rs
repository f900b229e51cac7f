//! A benchmark from the Hub: only the files of the tasks that are asked are fetched.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod bench;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the client's own tests"
)]
#[path = "../../pulse-llm/tests/hub_server/mod.rs"]
mod hub_server;

use std::process::Command;

use bench::{lines, model, synthetic};
use hub_server::{Faults, HubServer};
use pulse_data::bench::{BenchFolder, BenchFormat, ExportOptions, export_bench};

#[test]
fn a_benchmark_of_the_hub_is_fetched_and_asked_and_then_offline() {
    let place = tempfile::tempdir().unwrap();
    let source = BenchFolder::open(&synthetic(1)).unwrap();
    let parquet = place.path().join("parquet");
    let export = ExportOptions {
        format: BenchFormat::Parquet,
        configs: Vec::new(),
        progress: false,
    };
    export_bench(&source, &parquet, &export).unwrap();
    let file = |task: &str| {
        let name = format!("{task}/test-00000-of-00001.parquet");
        let bytes = std::fs::read(parquet.join(&name)).unwrap();
        (name, bytes)
    };
    let files = [file("ptb-test"), file("ptb-test-report"), file("arena")];
    let named: Vec<(&str, Vec<u8>)> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    let server = HubServer::start(&named, Faults::default());
    let run = |out: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-eval"));
        command
            .args([
                "run",
                "--model",
                &model(),
                "--bench",
                "owner/data",
                "--tasks",
                "ptb-test,arena",
            ])
            .args(["--max-new-tokens", "2", "--out"])
            .arg(place.path().join(out))
            .args(more)
            .env("HF_ENDPOINT", &server.endpoint)
            .env("HF_HUB_CACHE", place.path().join("cache"))
            .env_remove("HF_TOKEN");
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{error}");
    };
    run("first", &[]);
    let fetched: Vec<String> = server
        .transfers()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert!(
        fetched.iter().any(|name| name.contains("arena")),
        "{fetched:?}"
    );
    assert!(
        !fetched.iter().any(|name| name.contains("report")),
        "{fetched:?}"
    );
    run("second", &["--offline"]);
    assert_eq!(server.transfers().len(), fetched.len());
    for task in ["ptb-test", "arena"] {
        let first = lines(&place.path().join("first"), task);
        assert_eq!(first.len(), 1);
        assert_eq!(first, lines(&place.path().join("second"), task));
    }
}
