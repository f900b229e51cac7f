//! Every configuration of the repository parses, and the published run is the published run.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pulse_llm::MergeType;
use pulse_llm::checkpoint::ModelPart;
use pulse_train::ScheduleKind;
use pulse_train::config::load;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

#[test]
fn every_configuration_parses() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        load(&path, &[]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with('#') && text.contains("cargo run --release -p pulse-train"),
            "{} does not begin with the command that uses it",
            path.display()
        );
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "finetune.toml",
            "nano-tower.toml",
            "nano-varied.toml",
            "nano-words.toml",
            "nano.toml",
            "pulse-7b.toml"
        ]
    );
}

#[test]
fn the_published_run_has_every_published_value() {
    let config = load(&folder().join("pulse-7b.toml"), &[]).unwrap();
    let train = &config.train;
    assert_eq!(train.batch_size * train.accumulation, 128);
    assert_eq!((train.epochs, train.learning_rate), (3.0, 2e-5));
    assert_eq!((train.warmup_ratio, train.weight_decay), (0.03, 0.0));
    assert_eq!(train.schedule, ScheduleKind::Cosine);
    assert_eq!((train.betas, train.epsilon), ([0.9, 0.999], 1e-8));
    assert_eq!((train.max_gradient_norm, train.seed), (1.0, 42));
    assert!(!train.split_decay && train.projector_learning_rate.is_none());
    assert_eq!(config.data.max_length, Some(4096));
    assert_eq!(config.model.merge, Some(MergeType::Flat));
    assert_eq!(
        config.model.tune,
        [ModelPart::Projector, ModelPart::Decoder]
    );
    assert_eq!(config.checkpoint.every_share, 0.05);
    assert_eq!(config.checkpoint.keep_last, 20);
}
