//! Runs that go wrong: the error says what and where, and nothing is lost.

#![allow(clippy::unwrap_used)]

mod common;

use common::{run, settings, write_data};
use pulse_data::batch::PicturePolicy;
use pulse_train::checkpoint::{checkpoints, read};
use pulse_train::{Resume, TrainError};

#[test]
fn an_exploding_loss_stops_the_run_names_samples_and_keeps_the_last_good_state() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.train.learning_rate = 1e30;
    config.train.warmup_ratio = 0.0;
    config.train.max_gradient_norm = 0.0;
    let (outcome, reports) = run(config.clone(), &Resume::Never);
    let error = outcome.unwrap_err();
    let TrainError::Diverged { samples, .. } = &error else {
        unreachable!("{error}")
    };
    assert!(samples.contains('s'), "{error}");
    let text = error.to_string();
    assert!(text.contains("is NaN, expected a number"), "{text}");
    assert!(text.contains("are saved in"), "{text}");
    let newest = checkpoints(&config.checkpoint.folder)
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(newest.step, reports.last().unwrap().step);
    read(&newest.path).unwrap();
}

#[test]
fn a_picture_that_disappears_stops_the_run_or_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    std::fs::remove_file(folder.path().join("6.png")).unwrap();
    let config = settings(folder.path(), "stops");
    let (outcome, reports) = run(config.clone(), &Resume::Never);
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("s6") && error.contains("6.png"), "{error}");
    // What was done before is saved.
    let steps: Vec<u64> = checkpoints(&config.checkpoint.folder)
        .unwrap()
        .iter()
        .map(|one| one.step)
        .collect();
    assert_eq!(steps.last(), Some(&(reports.len() as u64)));

    let mut config = settings(folder.path(), "counts");
    config.data.pictures = PicturePolicy::Drop;
    let (outcome, reports) = run(config, &Resume::Never);
    assert!(outcome.unwrap().is_complete);
    // Once in each of three epochs.
    assert_eq!(reports.iter().map(|one| one.dropped).sum::<u64>(), 3);
}

#[test]
fn a_model_or_data_set_that_is_not_there_is_said_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.data.conversations = Some(folder.path().join("none.json"));
    let error = run(config, &Resume::Never).0.unwrap_err().to_string();
    assert!(error.contains("none.json"), "{error}");
    let mut config = settings(folder.path(), "run");
    config.model.base = "no such model".to_owned();
    let error = run(config, &Resume::Never).0.unwrap_err().to_string();
    assert!(error.contains("no such model"), "{error}");
    let mut config = settings(folder.path(), "run");
    config.model.tune = Vec::new();
    let error = run(config, &Resume::Never).0.unwrap_err().to_string();
    assert!(error.contains("model.tune is empty"), "{error}");
}
