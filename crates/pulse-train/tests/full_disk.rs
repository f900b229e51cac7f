//! Writing that stops in the middle of a checkpoint: the process may write no file above a size, as if the
//! disk had filled up behind the look at its free space.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::{exact, run, settings, write_data};
use pulse_train::Resume;
use pulse_train::checkpoint::{checkpoints, read};

/// Blocks of 512 bytes that a file may have: more than the model's file, less than the optimiser's.
const BLOCKS: usize = 3000;

#[test]
fn a_checkpoint_that_cannot_be_written_to_its_end_is_named_and_leaves_those_before_it() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    let (whole, expected) = run(settings(folder.path(), "whole"), &Resume::Never);
    assert!(whole.unwrap().is_complete);
    config.train.stop_after = Some(5);
    let (outcome, before) = run(config.clone(), &Resume::Never);
    assert!(!outcome.unwrap().is_complete);

    config.train.stop_after = None;
    let file = folder.path().join("run.toml");
    std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    // Without the signal that a file too large sends, writing fails as it does on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" --config \"$1\" --resume");
    let output = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_pulse-train")])
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let last = text.lines().last().unwrap();
    assert!(
        last.contains("optimizer.safetensors") && last.contains("checkpoint-00000010"),
        "{text}"
    );
    assert!(last.contains("File too large"), "{text}");
    assert!(
        last.contains("checkpoints before this one are whole"),
        "{text}"
    );

    let folders: Vec<String> = std::fs::read_dir(&config.checkpoint.folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "tensorboard")
        .collect();
    assert_eq!(
        folders,
        ["checkpoint-00000005"],
        "nothing half-written is left"
    );
    let newest = checkpoints(&config.checkpoint.folder)
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(read(&newest.path).unwrap().state.step, 5);

    // With room again it goes on as if nothing had happened.
    let (outcome, after) = run(config, &Resume::Latest);
    assert!(outcome.unwrap().is_complete);
    let both: Vec<_> = before.into_iter().chain(after).collect();
    assert_eq!(exact(&both), exact(&expected));
}
