//! Any bytes as an archive of pictures, and any bytes as a name in one: nothing is ever written outside the
//! image folder.
//! `cargo +nightly fuzz run archive`

#![no_main]

use std::path::Component;

use libfuzzer_sys::fuzz_target;
use pulse_data::extract::{ExtractOptions, extract, safe_path};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(path) = safe_path(bytes) {
        assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
    }
    let Ok(folder) = tempfile::tempdir() else { return };
    let shard = folder.path().join("in/shard_1.tar");
    let root = folder.path().join("out/images");
    for parent in [shard.parent(), Some(root.as_path())].into_iter().flatten() {
        if std::fs::create_dir_all(parent).is_err() {
            return;
        }
    }
    if std::fs::write(&shard, bytes).is_err() {
        return;
    }
    let options = ExtractOptions {
        threads: 1,
        progress: false,
        check_space: false,
        sync: false,
        ..ExtractOptions::default()
    };
    let _ = extract(&[shard], &root, &options);
    let names = |path: &std::path::Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).collect::<Vec<_>>()
    };
    let mut top = names(folder.path());
    top.sort();
    assert_eq!(top, ["in", "out"]);
    assert_eq!(names(&folder.path().join("out")), ["images"]);
    assert_eq!(names(&folder.path().join("in")), ["shard_1.tar"]);
});
