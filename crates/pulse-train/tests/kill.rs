//! The program as a process: interrupted, killed at random moments, started again.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{base, write_data};
use pulse_llm::{LoadOptions, LoadedModel};
use pulse_train::checkpoint::{checkpoints, read};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How often the run is killed.
const KILLS: usize = 100;

/// Writes the settings of a run of `steps` updates with a checkpoint after each, and gives their file.
fn write_settings(folder: &Path, steps: u64) -> PathBuf {
    let text = format!(
        "[model]\nbase = {:?}\n[data]\nconversations = \"train.json\"\nvalidation = \"valid.json\"\n\
         workers = 1\nprefetch = 1\n[train]\nbatch_size = 1\naccumulation = 1\nmax_steps = {steps}\n\
         learning_rate = 1e-3\n[checkpoint]\nfolder = {:?}\nevery_steps = 1\nkeep_last = 3\n\
         [watch]\nvalidate_every = 1000000\nvalidation_batches = 1\n",
        base(),
        folder.join("run"),
    );
    let path = folder.join("run.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn start(settings: &Path, resume: bool) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-train"));
    command.arg("--config").arg(settings);
    if resume {
        command.arg("--resume");
    }
    command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a checkpoint newer than `before`.
fn wait_for_progress(run: &Path, child: &mut Child, before: Option<u64>) {
    let began = Instant::now();
    let newest = || checkpoints(run).unwrap().pop().map(|one| one.step);
    while newest() <= before {
        assert!(
            child.try_wait().unwrap().is_none(),
            "ended without checkpoint"
        );
        assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_a_hundred_times_at_random_moments_every_checkpoint_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let settings = write_settings(folder.path(), 1_000_000);
    let run = folder.path().join("run");
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut before = None;
    for kill in 0..KILLS {
        let mut child = start(&settings, kill > 0);
        // Every fifth is killed at any moment of its start, the others while they train and write.
        if kill % 5 != 4 {
            wait_for_progress(&run, &mut child, before);
        }
        std::thread::sleep(Duration::from_millis(rng.random_range(0..60)));
        child.kill().unwrap();
        child.wait().unwrap();
        let newest = checkpoints(&run).unwrap().pop().unwrap();
        let saved = read(&newest.path).unwrap();
        assert_eq!(saved.state.step, newest.step);
        // The newest can only be newer than before: nothing that was saved is lost.
        assert!(
            Some(newest.step) >= before,
            "{} after {before:?}",
            newest.step
        );
        before = Some(newest.step);
        if kill % 10 == 0 {
            LoadedModel::load(&newest.path, &LoadOptions::default()).unwrap();
        }
    }
    assert!(
        before > Some(60),
        "the run got no further than update {before:?}"
    );
}

#[test]
fn an_interrupt_finishes_the_update_saves_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let settings = write_settings(folder.path(), 1_000_000);
    let run = folder.path().join("run");
    let mut child = start(&settings, false);
    wait_for_progress(&run, &mut child, None);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("interrupted"), "{text}");
    let newest = checkpoints(&run).unwrap().pop().unwrap();
    let log = std::fs::read_to_string(run.join("log.jsonl")).unwrap();
    let done = log
        .lines()
        .filter(|line| line.contains("\"event\":\"step\""))
        .count();
    assert_eq!(newest.step, done as u64, "updates done and saved");
    assert!(run.join("report.html").is_file());
}

#[test]
fn wrong_settings_are_told_with_their_place_and_end_with_code_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, "[train]\nepoch = 3\n").unwrap();
    let output = start(&path, false).wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("run.toml:2:1") && text.contains("did you mean `epochs`"),
        "{text}"
    );
}
