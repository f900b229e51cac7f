//! Data sets from a server that behaves like the Hub: whole, in part, cut, killed and offline.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[allow(dead_code)] // What only the other user needs.
#[path = "../../pulse-llm/tests/hub_server/mod.rs"]
mod hub_server;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use hub_server::{COMMIT, Faults, HubServer};

const LARGE: usize = 3_000_000;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let shard = |seed: usize| (0..LARGE).map(|i| (i * 31 % 251 + seed) as u8).collect();
    vec![
        ("ECGInstruct.json", b"[]".to_vec()),
        ("shard_1.tar.gz", shard(0)),
        ("shard_2.tar.gz", shard(3)),
        ("arena/test-00000-of-00001.parquet", vec![5; 1000]),
    ]
}

fn command(server: &HubServer, cache: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-data"));
    command
        .args(["download", "owner/data", "--quiet", "--format", "json"])
        .args(arguments)
        .env("HF_ENDPOINT", &server.endpoint)
        .env("HF_HUB_CACHE", cache)
        .env_remove("HF_TOKEN")
        .env_remove("HF_HUB_OFFLINE");
    command
}

fn download(server: &HubServer, cache: &Path, arguments: &[&str]) -> Output {
    command(server, cache, arguments).output().unwrap()
}

fn folder(output: &Output) -> PathBuf {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["revision"], COMMIT);
    PathBuf::from(report["folder"].as_str().unwrap())
}

fn transfers_of(server: &HubServer, name: &str) -> Vec<Option<u64>> {
    let all = server.transfers().into_iter();
    all.filter(|(other, _)| other == name)
        .map(|(_, start)| start)
        .collect()
}

#[test]
fn a_data_set_arrives_whole_once_and_offline() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let found = folder(&download(&server, cache.path(), &[]));
    for (name, data) in files() {
        assert_eq!(std::fs::read(found.join(name)).unwrap(), data, "{name}");
    }
    assert!(found.starts_with(cache.path().join("datasets--owner--data/snapshots")));
    let before = server.transfers().len();
    folder(&download(&server, cache.path(), &[]));
    assert_eq!(
        server.transfers().len(),
        before,
        "nothing is transferred twice"
    );
    server.set_faults(Faults {
        status: Some(500),
        ..Faults::default()
    });
    assert_eq!(
        folder(&download(&server, cache.path(), &["--offline"])),
        found
    );
}

#[test]
fn a_part_arrives_and_offline_says_what_is_missing() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let arguments = ["--include", "arena", "--include", "*.json"];
    let found = folder(&download(&server, cache.path(), &arguments));
    assert!(found.join("ECGInstruct.json").is_file());
    assert!(found.join("arena/test-00000-of-00001.parquet").is_file());
    assert!(!found.join("shard_1.tar.gz").exists());
    let mut offline = arguments.to_vec();
    offline.push("--offline");
    folder(&download(&server, cache.path(), &offline));
    let output = download(
        &server,
        cache.path(),
        &["--offline", "--include", "shard_*"],
    );
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && message.contains("shard_1.tar.gz"),
        "{message}"
    );
    let output = download(&server, cache.path(), &["--include", "shrad_*"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("shrad_*"), "{message}");
}

#[test]
fn a_cut_connection_continues_where_it_stopped() {
    let faults = Faults {
        cut_after: Some(1_000_000),
        cuts: 2,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let arguments = ["--include", "shard_1*"];
    let found = folder(&download(&server, cache.path(), &arguments));
    assert_eq!(
        std::fs::read(found.join("shard_1.tar.gz")).unwrap(),
        files()[1].1
    );
    assert_eq!(
        transfers_of(&server, "shard_1.tar.gz"),
        [None, Some(1_000_000), Some(2_000_000)]
    );
}

#[test]
fn a_killed_download_goes_on() {
    let faults = Faults {
        stall_after: Some(2_000_000),
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let arguments = ["--include", "shard_2*"];
    let mut child = command(&server, cache.path(), &arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let blobs = cache.path().join("datasets--owner--data/blobs");
    let received = || {
        let entries = std::fs::read_dir(&blobs).into_iter().flatten().flatten();
        entries
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|kind| kind == "pulse-incomplete")
            })
            .filter_map(|entry| Some(entry.metadata().ok()?.len()))
            .max()
            .unwrap_or(0)
    };
    let began = Instant::now();
    while received() < 2_000_000 {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", received());
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    server.set_faults(Faults::default());
    let found = folder(&download(&server, cache.path(), &arguments));
    assert_eq!(
        std::fs::read(found.join("shard_2.tar.gz")).unwrap(),
        files()[2].1
    );
    assert_eq!(
        transfers_of(&server, "shard_2.tar.gz"),
        [None, Some(2_000_000)]
    );
}

#[test]
fn a_second_download_waits_and_says_so() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let arguments = ["--include", "shard_1*"];
    let found = folder(&download(&server, cache.path(), &arguments));
    let blob = std::fs::canonicalize(found.join("shard_1.tar.gz")).unwrap();
    let mut lock = cache.path().join(".locks/datasets--owner--data");
    lock.push(blob.file_name().unwrap());
    let held = std::fs::File::open(lock.with_extension("lock")).unwrap();
    held.lock().unwrap();
    std::fs::remove_file(&blob).unwrap();
    let mut child = command(&server, cache.path(), &arguments)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(
        line.contains("another process is downloading") && line.contains("shard_1.tar.gz"),
        "{line}"
    );
    assert!(child.try_wait().unwrap().is_none());
    drop(held);
    assert!(child.wait().unwrap().success());
    assert_eq!(std::fs::read(blob).unwrap(), files()[1].1);
}

#[test]
fn damaged_files_and_names_that_are_no_ids_are_refused() {
    let faults = Faults {
        corrupt: true,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let output = download(&server, cache.path(), &["--include", "shard_1*"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && message.contains("damaged"),
        "{message}"
    );
    let output = Command::new(env!("CARGO_BIN_EXE_pulse-data"))
        .args(["download", "../data"])
        .env("HF_ENDPOINT", &server.endpoint)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}
