//! Batches: mixed rows, order, resuming, defects on the way.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::Path;
use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderBuilder};
use burn::data::dataset::Dataset;
use burn::tensor::Device;
use common::{SIDE, config, dataset, labeller, mixed, sample};
use pulse_data::batch::{
    BurnLoader, HostBatch, Loader, LoaderError, LoaderOptions, PicturePolicy, TrainingBatch,
    TrainingBatcher, TrainingDataset,
};
use pulse_data::labels::{IGNORE_INDEX, LabelPolicy, SampleFate, SampleReport};
use pulse_data::sampler::{Cursor, EpochOrder, SamplerConfig, Shard, Tail};

fn mixed_dataset(folder: &Path, count: usize) -> TrainingDataset {
    dataset(
        mixed(folder, count),
        config(folder, labeller(LabelPolicy::Error, 512)),
    )
}

fn loader(dataset: &TrainingDataset, workers: usize, prefetch: usize, shard: Shard) -> Loader {
    let order = EpochOrder::new(SamplerConfig::default(), dataset.len(), None).unwrap();
    let options = LoaderOptions {
        workers,
        prefetch,
        shard,
    };
    Loader::new(dataset.clone(), order, options).unwrap()
}

fn all(loader: &Loader, from: Cursor) -> Vec<HostBatch> {
    loader.batches(from).unwrap().map(Result::unwrap).collect()
}

#[test]
fn pictures_and_texts_share_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 8);
    let samples = [0, 3, 1].map(|index| data.prepare(index).unwrap()).to_vec();
    let batch = TrainingBatcher::new(&data.config().labeller).collate(samples);
    assert_eq!((batch.rows, batch.indices.clone()), (3, vec![0, 3, 1]));
    assert_eq!(batch.tile_counts[1], 0);
    assert_eq!(batch.image_sizes[1], None);
    assert!(batch.tile_counts[0] > 1 && batch.tile_counts[2] > 1);
    let values = batch.tiles() * 3 * (SIDE * SIDE) as usize;
    assert_eq!(batch.pixel_values.len(), values);
    // Rows end in padding that is masked and not learnt.
    for row in 0..3 {
        let mask = &batch.attention_mask[row * batch.width..][..batch.width];
        let length = mask.iter().filter(|real| **real).count();
        assert!(mask[..length].iter().all(|real| *real));
        assert!(
            batch.row_ids(row).unwrap()[length..]
                .iter()
                .all(|id| *id == 0)
        );
        let labels = batch.row_labels(row).unwrap();
        assert!(labels[length..].iter().all(|label| *label == IGNORE_INDEX));
    }
    // Each row's tiles are those of its own picture.
    let first = data.prepare(1).unwrap();
    let pulse_data::batch::Prepared::Kept(first) = first else {
        panic!("sample 1 is sound");
    };
    let tiles = first.tiles.unwrap().pixel_values();
    assert_eq!(batch.pixel_values[values - tiles.len()..], tiles);

    let host = batch.clone();
    let device = TrainingBatch::new(batch, &Device::default());
    assert_eq!(device.input_ids.dims(), [3, host.width]);
    let labels = device
        .labels
        .into_data()
        .convert::<i32>()
        .try_to_vec::<i32>()
        .unwrap();
    assert_eq!(labels, host.labels);
    let pixels = device.pixel_values.unwrap();
    assert_eq!(
        pixels.dims(),
        [host.tiles(), 3, SIDE as usize, SIDE as usize]
    );
    assert_eq!(
        pixels.into_data().try_to_vec::<f32>().unwrap(),
        host.pixel_values
    );
}

#[test]
fn batches_do_not_depend_on_workers_and_prefetch() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 23);
    let one = loader(&data, 1, 0, Shard::single(3));
    let expected = all(&one, one.start());
    assert_eq!(expected.len(), one.steps_per_epoch());
    for (workers, prefetch) in [(2, 1), (4, 4), (3, 50)] {
        let other = loader(&data, workers, prefetch, Shard::single(3));
        assert_eq!(all(&other, other.start()), expected);
    }
    // Every sample once, and the next epoch is another order.
    let order = |batches: &[HostBatch]| -> Vec<usize> {
        batches
            .iter()
            .flat_map(|batch| batch.indices.clone())
            .collect()
    };
    let mut indices = order(&expected);
    let next = all(&one, expected.last().unwrap().next.unwrap());
    assert_eq!(next[0].next.unwrap().epoch, 1);
    assert_ne!(order(&next), indices);
    indices.sort_unstable();
    assert!(indices.into_iter().eq(0..23));
}

#[test]
fn a_saved_place_goes_on_with_the_next_sample() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 23);
    let first = loader(&data, 2, 3, Shard::single(3));
    let whole = all(&first, first.start());
    for stop in 0..whole.len() {
        // As after a crash: from the file, with other workers.
        let json = serde_json::to_string(&whole[stop].next.unwrap()).unwrap();
        let cursor: Cursor = serde_json::from_str(&json).unwrap();
        let again = loader(&data, 1 + stop % 4, stop, Shard::single(3));
        if stop + 1 < whole.len() {
            assert_eq!(all(&again, cursor), whole[stop + 1..]);
        } else {
            assert_eq!((cursor.epoch, cursor.position), (1, 0));
        }
    }
    // Two ranks go on where one stopped: together they have the samples to come.
    let cursor = whole[2].next.unwrap();
    let mut rest = Vec::new();
    for rank in 0..2 {
        let shard = Shard {
            rank,
            world: 2,
            batch_size: 2,
            tail: Tail::Short,
        };
        let ranked = loader(&data, 2, 2, shard);
        rest.extend(
            all(&ranked, cursor)
                .into_iter()
                .flat_map(|batch| batch.indices),
        );
    }
    let mut left: Vec<usize> = whole[3..]
        .iter()
        .flat_map(|batch| batch.indices.clone())
        .collect();
    rest.sort_unstable();
    left.sort_unstable();
    assert_eq!(rest, left);
}

#[test]
fn a_cursor_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 5);
    let loader = loader(&data, 1, 1, Shard::single(2));
    let mut cursor = loader.start();
    cursor.fingerprint.sampler.seed += 1;
    assert!(matches!(
        loader.batches(cursor),
        Err(LoaderError::Sampler(_))
    ));
}

#[test]
fn unusable_pictures_stop_or_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut samples = mixed(folder.path(), 6);
    std::fs::write(folder.path().join("1.png"), b"not a picture").unwrap();
    std::fs::remove_file(folder.path().join("2.png")).unwrap();
    samples.push(sample("late", None, &["Q", "A", "Q"]));
    let strict = config(folder.path(), labeller(LabelPolicy::Drop, 512));
    let data = dataset(samples.clone(), strict.clone());
    let failing = loader(&data, 2, 2, Shard::single(1));
    let mut batches = failing.batches(failing.start()).unwrap();
    let error = batches.find_map(Result::err).unwrap().to_string();
    assert!(
        error.contains("picture") && error.contains(".png"),
        "{error}"
    );
    assert!(batches.next().is_none());

    let lenient = pulse_data::batch::DatasetConfig {
        picture_policy: PicturePolicy::Drop,
        ..strict
    };
    let data = dataset(samples, lenient);
    let counting = loader(&data, 2, 2, Shard::single(2));
    let mut report = SampleReport::default();
    let batches = all(&counting, counting.start());
    assert_eq!(batches.len(), 4);
    for batch in &batches {
        report.merge(&batch.report);
        assert_eq!(batch.rows, batch.ids.len());
    }
    assert_eq!((report.kept, report.dropped), (4, 3));
    assert_eq!(report.count(SampleFate::Dropped, "picture"), 2);
    assert_eq!(report.count(SampleFate::Dropped, "ends_with_question"), 1);
}

#[test]
fn a_batch_without_rows_is_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let samples = vec![sample("a", None, &["Q"]), sample("b", None, &["Q", "A"])];
    let data = dataset(
        samples,
        config(folder.path(), labeller(LabelPolicy::Drop, 512)),
    );
    let loader = loader(&data, 1, 1, Shard::single(1));
    let batches = all(&loader, loader.start());
    assert_eq!(batches.len(), 2);
    let empty = batches.into_iter().find(HostBatch::is_empty).unwrap();
    assert!(empty.next.is_some());
    let empty = TrainingBatch::new(empty, &Device::default());
    assert_eq!(empty.input_ids.dims(), [0, 0]);
    assert!(empty.pixel_values.is_none());
}

#[test]
fn it_is_a_data_set_and_batcher_of_burn() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 9);
    let batcher = TrainingBatcher::new(&data.config().labeller);
    let burn = DataLoaderBuilder::new(batcher)
        .batch_size(4)
        .num_workers(2)
        .build(data);
    let rows: usize = burn.iter().map(|batch| batch.unwrap().rows()).sum();
    assert_eq!(rows, 9);
}

#[test]
fn burns_learner_gets_epochs_and_parts() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 9);
    let inner = Arc::new(loader(&data, 2, 1, Shard::single(4)));
    let burn = BurnLoader::new(inner.clone(), Device::default(), inner.start()).unwrap();
    let ids = |loader: &dyn DataLoader<TrainingBatch>| -> Vec<String> {
        let batches = loader.iter().map(Result::unwrap);
        batches.flat_map(|batch| batch.ids).collect()
    };
    let first = ids(&burn);
    assert_eq!(burn.cursor().epoch, 1);
    let second = ids(&burn);
    assert_eq!((first.len(), second.len()), (9, 9));
    assert_ne!(first, second);
    // A part left in the middle goes on there.
    let tensors: &dyn DataLoader<TrainingBatch> = &burn;
    let cut: Vec<String> = tensors.iter().next().unwrap().unwrap().ids;
    let rest = ids(&burn);
    assert_eq!((cut.len(), rest.len()), (4, 5));
    let mut halves = [ids(&*tensors.slice(0, 4)), ids(&*tensors.slice(4, 9))].concat();
    let mut all = first;
    halves.sort();
    all.sort();
    assert_eq!(halves, all);
}

#[test]
fn impossible_loaders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = mixed_dataset(folder.path(), 4);
    let order = |samples| EpochOrder::new(SamplerConfig::default(), samples, None).unwrap();
    let options = LoaderOptions {
        workers: 1,
        prefetch: 1,
        shard: Shard::single(1),
    };
    let none = LoaderOptions {
        workers: 0,
        ..options
    };
    assert!(Loader::new(data.clone(), order(4), none).is_err());
    assert!(matches!(
        Loader::new(data.clone(), order(5), options),
        Err(LoaderError::Samples {
            order: 5,
            samples: 4
        })
    ));
    let beyond = LoaderOptions {
        shard: Shard {
            rank: 2,
            world: 2,
            ..Shard::single(1)
        },
        ..options
    };
    assert!(Loader::new(data, order(4), beyond).is_err());
}

#[test]
fn a_panicking_source_is_an_error_with_the_samples() {
    struct Panics;
    impl Dataset<pulse_data::Sample> for Panics {
        fn get(&self, _: usize) -> Result<pulse_data::Sample, burn::data::dataset::DatasetError> {
            panic!("a defect of the source");
        }
        fn len(&self) -> usize {
            2
        }
    }
    let config = config(Path::new("."), labeller(LabelPolicy::Error, 512));
    let data = TrainingDataset::new(Arc::new(Panics), config);
    let loader = loader(&data, 1, 0, Shard::single(2));
    let outcome = loader.batches(loader.start()).unwrap().next().unwrap();
    assert!(matches!(outcome, Err(LoaderError::Worker { .. })));
}
