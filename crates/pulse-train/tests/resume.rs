//! A run that was interrupted goes on as if it had not been.

#![allow(clippy::unwrap_used)]

mod common;

use common::{exact, run, settings, write_data};
use pulse_train::Resume;
use pulse_train::checkpoint::{checkpoints, read};
use pulse_train::config::{ComputeType, ExportType};

#[test]
fn the_losses_of_a_resumed_run_are_those_of_the_uninterrupted_one() {
    for (dtype, compute) in [
        (ExportType::Bf16, ComputeType::F32),
        (ExportType::F32, ComputeType::F32),
        (ExportType::Bf16, ComputeType::Bf16),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_data(folder.path(), 16);
        let with = |name: &str, stop: Option<u64>| {
            let mut config = settings(folder.path(), name);
            config.checkpoint.dtype = dtype;
            config.model.compute = compute;
            config.train.stop_after = stop;
            config
        };
        let (whole, straight) = run(with("whole", None), &Resume::Never);
        let whole = whole.unwrap();
        assert!(whole.is_complete && straight.len() == 12);
        // Update 6 lies in the middle of the second epoch, behind the checkpoint of update 5; update 9
        // in the third.
        let (first, mut parts) = run(with("parts", Some(6)), &Resume::Never);
        assert!(!first.unwrap().is_complete);
        let (second, more) = run(with("parts", Some(9)), &Resume::Latest);
        assert_eq!(second.unwrap().step, 9);
        parts.extend(more);
        let (third, more) = run(with("parts", None), &Resume::Latest);
        let third = third.unwrap();
        parts.extend(more);
        assert_eq!(exact(&parts), exact(&straight), "{dtype:?} {compute:?}");
        let weights = |summary: &pulse_train::RunSummary| {
            std::fs::read(
                summary
                    .export
                    .clone()
                    .unwrap()
                    .model
                    .join("model.safetensors"),
            )
            .unwrap()
        };
        assert!(weights(&third) == weights(&whole), "{dtype:?} {compute:?}");
    }
}

#[test]
fn the_last_checkpoints_and_the_best_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.checkpoint.every_steps = Some(1);
    config.checkpoint.keep_last = 2;
    config.checkpoint.keep_best = 1;
    run(config, &Resume::Never).0.unwrap();
    let kept = checkpoints(&folder.path().join("run")).unwrap();
    let steps: Vec<u64> = kept.iter().map(|one| one.step).collect();
    assert!(steps.ends_with(&[11, 12]), "{steps:?}");
    let best = read(&kept.last().unwrap().path)
        .unwrap()
        .state
        .best
        .unwrap();
    assert!(steps.contains(&best.step), "{steps:?} without {best:?}");
    assert!(steps.len() <= 3, "{steps:?}");
}

#[test]
fn resuming_with_other_settings_or_data_is_refused_and_says_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.train.stop_after = Some(3);
    run(config.clone(), &Resume::Never).0.unwrap();

    let again = run(config.clone(), &Resume::Never)
        .0
        .unwrap_err()
        .to_string();
    assert!(again.contains("--resume"), "{again}");

    let mut other = config.clone();
    other.train.learning_rate = 2e-3;
    let error = run(other, &Resume::Latest).0.unwrap_err().to_string();
    assert!(
        error.contains("train.learning_rate was 0.001 and is 0.002"),
        "{error}"
    );

    write_data(folder.path(), 17);
    let error = run(config, &Resume::Latest).0.unwrap_err().to_string();
    assert!(error.contains("conversations changed"), "{error}");
}

#[test]
fn a_truncated_checkpoint_is_named_and_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.train.stop_after = Some(3);
    let summary = run(config.clone(), &Resume::Never).0.unwrap();
    let checkpoint = summary.checkpoint.unwrap();
    for name in ["trainer/optimizer.safetensors", "model.safetensors"] {
        let path = checkpoint.join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = run(config.clone(), &Resume::Latest)
            .0
            .unwrap_err()
            .to_string();
        assert!(error.contains("damaged") && error.contains(name), "{error}");
        std::fs::write(&path, &bytes).unwrap();
    }
    std::fs::remove_file(checkpoint.join("config.json")).unwrap();
    let error = run(config, &Resume::Latest).0.unwrap_err().to_string();
    assert!(error.contains("config.json is missing"), "{error}");
}
