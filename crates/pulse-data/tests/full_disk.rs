//! A disk that takes no more bytes in the middle of a file: each command ends with an error that names
//! the file, leaves nothing half-written under a final name, and goes on when there is room again.
//!
//! Without a disk of our own to fill, files are held to a size by the shell's `ulimit`, which fails the
//! same writes at the same places; the operating system says "file too large" instead of "no space left".

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::hashes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Runs `pulse-data` with files of at most `blocks` times 512 bytes.
fn limited(blocks: u32, arguments: &[&str]) -> Output {
    Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f "$0"; exec "$@""#])
        .arg(blocks.to_string())
        .arg(env!("CARGO_BIN_EXE_pulse-data"))
        .arg("--quiet")
        .args(arguments)
        .output()
        .unwrap()
}

/// Asserts that the command failed with one line about `named`.
fn assert_refused(output: &Output, named: &str) {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.starts_with("error: ") && message.contains(named),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}

fn succeeds(arguments: &[&str]) {
    let output = limited(1 << 20, arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Files below a folder that carry a final name.
fn final_names(root: &Path) -> Vec<PathBuf> {
    let temporary = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.contains(".part") || name.contains(".tmp") || name.contains(".pulse-extract")
    };
    hashes(root)
        .into_keys()
        .filter(|path| !temporary(path))
        .collect()
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let seed = blake3::hash(&seed.to_le_bytes());
    let mut reader = blake3::Hasher::new_keyed(seed.as_bytes()).finalize_xof();
    reader.fill(&mut bytes);
    bytes
}

#[test]
fn unpacking_keeps_whole_files_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let archive = File::create(folder.path().join("shard_0.tar.gz")).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(archive, Compression::fast()));
    let sizes = [20_000, 30_000, 400_000, 10_000];
    for (number, size) in sizes.iter().enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(*size as u64);
        header.set_mode(0o644);
        let data = noise(number as u64, *size);
        let name = format!("p/{number}.png");
        archive
            .append_data(&mut header, name, data.as_slice())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
    let root = folder.path().join("images");
    let arguments = ["extract", text(folder.path()), "--out", text(&root)];
    assert_refused(&limited(200, &arguments), ".pulse-extract/shard_0.tar.gz-");
    assert_eq!(
        final_names(&root),
        [PathBuf::from("p/0.png"), PathBuf::from("p/1.png")]
    );
    succeeds(&arguments);
    for (number, size) in sizes.iter().enumerate() {
        let found = std::fs::read(root.join(format!("p/{number}.png"))).unwrap();
        assert!(found == noise(number as u64, *size), "{number}");
    }
}

#[test]
fn an_index_that_does_not_fit_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let items: Vec<_> = (0..20_000)
        .map(|number| {
            serde_json::json!({"id": number, "conversations": [
                {"from": "human", "value": "Rhythm?"}, {"from": "gpt", "value": "Sinus."}]})
        })
        .collect();
    std::fs::write(&path, serde_json::to_vec(&items).unwrap()).unwrap();
    let arguments = ["index", text(&path)];
    assert_refused(&limited(200, &arguments), "data.json.pulse-index");
    assert_eq!(final_names(folder.path()), [PathBuf::from("data.json")]);
    succeeds(&arguments);
    succeeds(&["index", text(&path), "--show", "19999"]);
}

/// Makes a small set with files of at most `blocks` times 512 bytes.
fn synthesize(blocks: u32, out: &Path) -> Output {
    let settings = "synthesize --count 20 --seed 5 --min-dpi 50 --max-dpi 60 --out";
    let mut arguments: Vec<&str> = settings.split(' ').collect();
    arguments.push(text(out));
    limited(blocks, &arguments)
}

#[test]
fn a_synthetic_set_goes_on_where_the_disk_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let (cut, whole) = (folder.path().join("cut"), folder.path().join("whole"));
    assert_refused(&synthesize(160, &cut), "images/synthetic");
    for name in hashes(&cut).into_keys() {
        if name.extension().is_some_and(|kind| kind == "png") {
            assert!(image::open(cut.join(&name)).is_ok(), "{}", name.display());
        }
    }
    for out in [&cut, &whole] {
        assert!(synthesize(1 << 20, out).status.success());
    }
    assert_eq!(hashes(&cut), hashes(&whole));

    let (bench, tables) = (whole.join("bench"), folder.path().join("tables"));
    let (from, to) = (text(&bench), text(&tables));
    let arguments = ["export", from, "--to", "parquet", "--out", to];
    assert_refused(&limited(160, &arguments), ".parquet");
    let is_table = |name: &PathBuf| name.extension().is_some_and(|kind| kind == "parquet");
    assert!(!final_names(&tables).iter().any(is_table));
    succeeds(&arguments);
}
