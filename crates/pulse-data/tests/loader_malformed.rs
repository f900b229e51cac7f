//! Items of a JSON array that are no conversations, on their way into batches.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::Path;
use std::sync::Arc;

use burn::data::dataset::Dataset;
use common::{config, labeller};
use pulse_data::batch::{
    DatasetConfig, ImageFolder, Loader, LoaderError, LoaderOptions, PrepareError, TrainingDataset,
};
use pulse_data::instruct::{IndexOptions, InstructFile, build_index};
use pulse_data::labels::{LabelError, LabelPolicy, SampleDefect, SampleFate, SampleReport};
use pulse_data::sampler::{EpochOrder, Order, SampleLengths, SamplerConfig, Shard};
use pulse_data::{Message, Sample};
use serde_json::json;

/// Two conversations with an item between them that is none.
fn open(folder: &Path) -> InstructFile {
    let item = |id: &str, answer: &str| {
        json!({ "id": id, "conversations": [
            { "from": "human", "value": "What is a P wave?" }, { "from": "gpt", "value": answer }] })
    };
    let items = json!([item("a", "Atrial."), { "id": "b", "conversations": 5 }, item("c", "Atrial depolarisation.")]);
    let path = folder.join("data.json");
    std::fs::write(&path, items.to_string()).unwrap();
    build_index(&path, &IndexOptions::default()).unwrap();
    InstructFile::open(&path, None).unwrap()
}

fn loader(folder: &Path, policy: LabelPolicy) -> Loader {
    let file = open(folder);
    let lengths = SampleLengths::of_file(&file);
    let data = TrainingDataset::new(Arc::new(file), config(folder, labeller(policy, 512)));
    let sampler = SamplerConfig {
        order: Order::Modality,
        group_batch: 1,
        ..SamplerConfig::default()
    };
    let order = EpochOrder::new(sampler, data.len(), Some(&lengths)).unwrap();
    let options = LoaderOptions {
        workers: 1,
        prefetch: 1,
        shard: Shard::single(3),
    };
    Loader::new(data, order, options).unwrap()
}

#[test]
fn they_are_dropped_and_counted_by_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    for policy in [LabelPolicy::Drop, LabelPolicy::Truncate] {
        let loader = loader(folder.path(), policy);
        let mut report = SampleReport::default();
        let mut rows = 0;
        for batch in loader.batches(loader.start()).unwrap() {
            let batch = batch.unwrap();
            rows += batch.rows;
            report.merge(&batch.report);
        }
        assert_eq!((rows, report.kept, report.dropped), (2, 2, 1));
        assert_eq!(report.count(SampleFate::Dropped, "malformed"), 1);
        let [reported] = report.samples.as_slice() else {
            panic!("{:?}", report.samples)
        };
        assert_eq!(reported.id, "#1");
        assert!(
            reported.reason.contains("integer `5`"),
            "{}",
            reported.reason
        );
    }
}

#[test]
fn they_end_a_run_that_must_have_all() {
    let folder = tempfile::tempdir().unwrap();
    for policy in [LabelPolicy::Error, LabelPolicy::Reference] {
        let loader = loader(folder.path(), policy);
        let result = loader
            .batches(loader.start())
            .unwrap()
            .find_map(Result::err);
        let Some(LoaderError::Prepare(PrepareError::Source { index: 1, reason })) = result else {
            panic!("{result:?}")
        };
        assert!(
            reason.contains("item 1") && reason.contains("integer `5`"),
            "{reason}"
        );
    }
}

#[test]
fn lengths_of_the_index_are_those_of_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    let file = open(folder.path());
    let message = |value: &str| Message {
        from: "human".to_owned(),
        value: value.to_owned(),
    };
    let texts = [
        vec!["What is a P wave?", "Atrial."],
        vec!["one"],
        vec!["What is a P wave?", "Atrial depolarisation."],
    ];
    let samples = texts.map(|texts| Sample {
        id: String::new(),
        image: None,
        conversations: texts.into_iter().map(message).collect(),
    });
    let expected: SampleLengths = samples.iter().collect();
    assert_eq!(SampleLengths::of_file(&file), expected);
}

#[test]
fn pictures_outside_the_folder_are_not_read_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    std::fs::create_dir(&images).unwrap();
    let outside = folder.path().join("outside.png");
    common::write_picture(&outside, 40, 30, 1);
    for path in ["../outside.png", outside.to_str().unwrap()] {
        let samples = vec![common::sample(
            "a",
            Some(path),
            &["<image>\nRead it.", "Normal."],
        )];
        let config = config(&images, labeller(LabelPolicy::Error, 512));
        let error = common::dataset(samples.clone(), config.clone())
            .prepare(0)
            .unwrap_err();
        let PrepareError::Label(LabelError::Defect { id, defect }) = &error else {
            panic!("{error}")
        };
        assert!(matches!(defect, SampleDefect::UnsafePath(_)), "{defect}");
        assert!(
            id == "a" && error.to_string().contains("outside.png"),
            "{error}"
        );
        let asked = DatasetConfig {
            pictures: Arc::new(ImageFolder::new(&images).with_any_path()),
            ..config
        };
        common::dataset(samples, asked).prepare(0).unwrap();
    }
}
