//! The cache of preprocessed tiles.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{config, dataset, labeller, preprocessor, sample, write_picture};
use pulse_data::batch::{CacheCounts, DatasetConfig, Prepared, TileCache};
use pulse_data::labels::LabelPolicy;

struct Setup {
    folder: tempfile::TempDir,
    cache: PathBuf,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_picture(&folder.path().join("a.png"), 60, 50, 1);
        let cache = folder.path().join("cache");
        Self { folder, cache }
    }

    fn open(&self, limit: u64) -> Arc<TileCache> {
        Arc::new(TileCache::open(&self.cache, limit).unwrap())
    }

    /// The tiles of the picture through a cache, under settings told apart by their mean.
    fn tiles(&self, cache: &Arc<TileCache>, mean: f64) -> Vec<u8> {
        let config = DatasetConfig {
            cache: Some(cache.clone()),
            preprocessor: preprocessor(mean),
            ..config(self.folder.path(), labeller(LabelPolicy::Error, 512))
        };
        let samples = vec![sample("a", Some("a.png"), &["<image>\nQ", "A"])];
        match dataset(samples, config).prepare(0).unwrap() {
            Prepared::Kept(sample) => sample.tiles.unwrap().tiles_u8().to_vec(),
            Prepared::Dropped { defect, .. } => panic!("{defect}"),
        }
    }

    fn entries(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.cache, &mut found);
        found
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn tiles_come_back_as_they_were() {
    let setup = Setup::new();
    let cache = setup.open(1 << 20);
    let made = setup.tiles(&cache, 0.5);
    assert_eq!(setup.tiles(&cache, 0.5), made);
    let counts = CacheCounts {
        hits: 1,
        misses: 1,
        ..CacheCounts::default()
    };
    assert_eq!(cache.counts(), counts);
    // Also in the next run.
    let again = setup.open(1 << 20);
    assert_eq!(again.used(), cache.used());
    assert_eq!(setup.tiles(&again, 0.5), made);
    assert_eq!(again.counts().hits, 1);
}

#[test]
fn other_pictures_and_settings_are_made_anew() {
    let setup = Setup::new();
    let cache = setup.open(1 << 20);
    let made = setup.tiles(&cache, 0.5);
    setup.tiles(&cache, 0.4);
    assert_eq!(cache.counts().misses, 2);
    write_picture(&setup.folder.path().join("a.png"), 60, 50, 2);
    assert_ne!(setup.tiles(&cache, 0.5), made);
    assert_eq!(cache.counts().misses, 3);
}

#[test]
fn damaged_entries_are_remade() {
    let setup = Setup::new();
    let cache = setup.open(1 << 20);
    let made = setup.tiles(&cache, 0.5);
    let used = cache.used();
    let [entry] = &setup.entries()[..] else {
        panic!("one entry");
    };
    let sound = std::fs::read(entry).unwrap();
    let mut flipped = sound.clone();
    flipped[100] ^= 1;
    for damage in [&flipped[..], &sound[..sound.len() / 2], &sound[..5], b""] {
        std::fs::write(entry, damage).unwrap();
        assert_eq!(setup.tiles(&cache, 0.5), made);
        assert_eq!(std::fs::read(entry).unwrap(), sound);
    }
    assert_eq!(cache.counts().damaged, 4);
    assert!(cache.used() >= used);
}

#[test]
fn a_failing_disk_costs_only_time() {
    let setup = Setup::new();
    let cache = setup.open(1 << 20);
    let made = setup.tiles(&cache, 0.5);
    // A file in the place of the folder: nothing can be read or written below it.
    std::fs::remove_dir_all(&setup.cache).unwrap();
    std::fs::write(&setup.cache, b"").unwrap();
    assert_eq!(setup.tiles(&cache, 0.5), made);
    assert!(cache.counts().failed > 0);
    assert!(TileCache::open(&setup.cache, 1 << 20).is_err());
}

#[test]
fn a_full_cache_keeps_its_size() {
    let setup = Setup::new();
    let probe = setup.open(1 << 20);
    setup.tiles(&probe, 0.5);
    let entry = probe.used();
    // Room for one: entries of other settings give way, those of the same stay.
    let cache = setup.open(entry);
    setup.tiles(&cache, 0.4);
    assert_eq!(cache.counts().refused, 0);
    assert_eq!(setup.entries().len(), 1);
    write_picture(&setup.folder.path().join("a.png"), 60, 50, 3);
    setup.tiles(&cache, 0.4);
    assert_eq!(cache.counts().refused, 1);
    assert_eq!(setup.entries().len(), 1);
    assert_eq!(cache.used(), entry);
}

#[test]
fn threads_that_miss_one_picture_take_its_room_once() {
    let setup = Setup::new();
    let cache = setup.open(1 << 20);
    let barrier = std::sync::Barrier::new(4);
    let picture = std::fs::read(setup.folder.path().join("a.png")).unwrap();
    let preprocessor = preprocessor(0.5);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let make = || {
                    // All have missed it before one stores it.
                    barrier.wait();
                    preprocessor.preprocess(&pulse_vision::PageImage::decode(&picture).unwrap())
                };
                cache.get_or_make(&picture, &preprocessor, make).unwrap();
            });
        }
    });
    let [entry] = &setup.entries()[..] else {
        panic!("one entry");
    };
    assert_eq!(cache.counts().misses, 4);
    assert_eq!(cache.used(), entry.metadata().unwrap().len());
}

#[test]
fn what_killed_runs_were_writing_is_removed() {
    let setup = Setup::new();
    let cache = setup.open(1 << 20);
    setup.tiles(&cache, 0.5);
    let used = cache.used();
    let [entry] = &setup.entries()[..] else {
        panic!("one entry");
    };
    let now = std::time::SystemTime::now();
    for (name, age) in [(".tmpOld", 3600), (".tmpNew", 0)] {
        let path = entry.with_file_name(name);
        std::fs::write(&path, [0; 100]).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let at = now - std::time::Duration::from_secs(age);
        file.set_modified(at).unwrap();
    }
    // Another process may be writing the new one.
    assert_eq!(setup.open(1 << 20).used(), used + 100);
    assert!(!entry.with_file_name(".tmpOld").exists());
    assert!(entry.with_file_name(".tmpNew").exists());
}
