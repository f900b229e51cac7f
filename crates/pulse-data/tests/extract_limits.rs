//! Archives whose entries announce more than memory holds, and any bytes as an archive.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use pulse_data::extract::{ExtractError, ExtractOptions, ExtractReport, extract, safe_path};
use tar::{Builder, EntryType, Header};

fn run(shard: &Path, root: &Path) -> Result<ExtractReport, ExtractError> {
    let options = ExtractOptions {
        threads: 1,
        progress: false,
        check_space: false,
        sync: false,
        ..ExtractOptions::default()
    };
    extract(&[shard.to_owned()], root, &options)
}

fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// A sound picture, then an entry of this kind and size whose content is a hole of the file.
fn with_hole(folder: &Path, kind: EntryType, size: u64) -> PathBuf {
    let path = folder.join("s.tar");
    let mut builder = Builder::new(File::create(&path).unwrap());
    builder
        .append(&header("good.png", EntryType::Regular, 4), &b"good"[..])
        .unwrap();
    let mut file = builder.get_ref().try_clone().unwrap();
    std::mem::forget(builder);
    file.write_all(header("x", kind, size).as_bytes()).unwrap();
    let end = file.seek(SeekFrom::Current(size as i64)).unwrap();
    file.set_len(end.next_multiple_of(512)).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(header("named.png", EntryType::Regular, 0).as_bytes())
        .unwrap();
    file.write_all(&[0; 1024]).unwrap();
    path
}

#[test]
fn names_of_gigabytes_are_refused_before_they_are_read() {
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        for size in [8 << 30, 65 << 10] {
            let folder = tempfile::tempdir().unwrap();
            let shard = with_hole(folder.path(), kind, size);
            let root = folder.path().join("images");
            let began = Instant::now();
            let error = run(&shard, &root).unwrap_err();
            let ExtractError::LongName {
                entry: 1, limit, ..
            } = error
            else {
                unreachable!("{error}")
            };
            assert_eq!(limit, 64 << 10);
            assert!(began.elapsed() < Duration::from_secs(5));
            assert_eq!(std::fs::read(root.join("good.png")).unwrap(), b"good");
        }
    }
}

#[test]
fn what_a_picture_holds_is_not_counted_as_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.tar");
    let mut builder = Builder::new(File::create(&path).unwrap());
    let data = vec![7; 300_000];
    let long = format!("p/{}.png", "n".repeat(200));
    for name in ["a.png", "b.png", &long] {
        let mut header = header("x", EntryType::Regular, data.len() as u64);
        builder
            .append_data(&mut header, name, data.as_slice())
            .unwrap();
    }
    builder.finish().unwrap();
    let root = folder.path().join("images");
    assert_eq!(run(&path, &root).unwrap().written, 3);
    // Skipped over in the second run, which looks for one of them only.
    std::fs::remove_file(root.join(&long)).unwrap();
    assert_eq!(run(&path, &root).unwrap().restored, 1);
    assert_eq!(std::fs::read(root.join(&long)).unwrap(), data);
}

#[test]
fn a_sparse_file_as_long_as_numbers_go_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut header = header("s.png", EntryType::GNUSparse, 0);
    let huge = (u64::MAX - 10).to_be_bytes();
    let gnu = header.as_gnu_mut().unwrap();
    for field in [&mut gnu.sparse[0].offset, &mut gnu.realsize] {
        field[0] = 0x80;
        field[4..].copy_from_slice(&huge);
    }
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    header.set_cksum();
    let path = folder.path().join("s.tar");
    std::fs::write(
        &path,
        [header.as_bytes(), &[0; 512][..], &[0; 512]].concat(),
    )
    .unwrap();
    let error = run(&path, &folder.path().join("images")).unwrap_err();
    assert!(
        matches!(
            error,
            ExtractError::Kind {
                kind: "sparse file",
                ..
            }
        ),
        "{error}"
    );
}

/// What the fuzz target `archive` asserts.
fn stays_inside(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let shard = folder.path().join("in/shard_1.tar");
    let root = folder.path().join("out/images");
    std::fs::create_dir_all(shard.parent().unwrap()).unwrap();
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(&shard, bytes).unwrap();
    let _ = run(&shard, &root);
    let names = |path: &Path| {
        let entries = std::fs::read_dir(path).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(folder.path()), ["in", "out"]);
    assert_eq!(names(&folder.path().join("out")), ["images"]);
    assert_eq!(names(&folder.path().join("in")), ["shard_1.tar"]);
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let parts = vec![
        "..",
        ".",
        "/",
        "a",
        "\\",
        "C:",
        "\0",
        "é",
        ".pulse-extract",
        "//",
        "b.png",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..8)
        .prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_stay_inside(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        stays_inside(&bytes);
    }

    #[test]
    fn any_entries_stay_inside(
        entries in prop::collection::vec((name(), any::<u8>(), 0u64..600, any::<bool>()), 0..5),
        damage in prop::option::of((0usize..4000, any::<u8>())),
    ) {
        let mut bytes = Vec::new();
        for (name, kind, size, is_plain) in entries {
            let mut header = Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(&name);
            header.set_entry_type(EntryType::new(if is_plain { b'0' } else { b'0' + kind % 72 }));
            header.set_size(size);
            header.set_mode(0o644);
            header.set_cksum();
            bytes.extend(header.as_bytes());
            bytes.resize(bytes.len() + size.next_multiple_of(512) as usize, b'.');
            if let Ok(path) = safe_path(&name) {
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
        bytes.resize(bytes.len() + 1024, 0);
        if let Some((at, byte)) = damage && at < bytes.len() {
            bytes[at] = byte;
        }
        stays_inside(&bytes);
    }
}
