//! Unpacking where something is there already: files that were lost, links, another run.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pulse_data::extract::{ExtractError, ExtractOptions, ExtractReport, extract, verify_extracted};
use tar::{Builder, Header};

fn archive(folder: &Path, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let path = folder.join(name);
    let mut builder = Builder::new(std::fs::File::create(&path).unwrap());
    for (name, data) in files {
        let mut header = Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *data).unwrap();
    }
    builder.finish().unwrap();
    path
}

fn run(shards: &[PathBuf], root: &Path, overwrite: bool) -> Result<ExtractReport, ExtractError> {
    let options = ExtractOptions {
        threads: 1,
        progress: false,
        overwrite,
        ..ExtractOptions::default()
    };
    extract(shards, root, &options)
}

fn journal_of(root: &Path) -> PathBuf {
    let entries = std::fs::read_dir(root.join(".pulse-extract")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let is_journal = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "journal");
    paths.find(is_journal).unwrap()
}

#[test]
fn lost_files_of_finished_archives_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("images");
    let shards = [
        archive(
            folder.path(),
            "shard_1.tar",
            &[("p/a.png", b"aaa"), ("p/b.png", b"bbbb")],
        ),
        archive(folder.path(), "shard_2.tar", &[("q/c.png", b"c")]),
    ];
    run(&shards, &root, false).unwrap();
    let before = std::fs::read(journal_of(&root)).unwrap();
    std::fs::remove_file(root.join("p/b.png")).unwrap();
    let report = run(&shards, &root, false).unwrap();
    assert_eq!((report.written, report.restored), (1, 1));
    assert_eq!(
        (report.complete_before, report.files, report.bytes),
        (1, 3, 8)
    );
    assert_eq!(std::fs::read(root.join("p/b.png")).unwrap(), b"bbbb");
    assert_eq!(std::fs::read(journal_of(&root)).unwrap(), before);
    // A whole folder, and the journals do not grow.
    std::fs::remove_dir_all(root.join("p")).unwrap();
    assert_eq!(run(&shards, &root, false).unwrap().restored, 2);
    let report = run(&shards, &root, false).unwrap();
    assert_eq!((report.complete_before, report.written), (2, 0));
    assert!(verify_extracted(&root).unwrap().is_sound());
}

#[test]
fn a_file_of_another_length_is_told_and_restored_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("images");
    let shards = [archive(folder.path(), "s.tar", &[("a.png", b"whole")])];
    run(&shards, &root, false).unwrap();
    std::fs::write(root.join("a.png"), b"who").unwrap();
    let error = run(&shards, &root, false).unwrap_err();
    assert!(matches!(error, ExtractError::Conflict { .. }), "{error}");
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), b"who");
    assert_eq!(run(&shards, &root, true).unwrap().restored, 1);
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), b"whole");
}

#[test]
fn a_second_run_on_one_archive_is_told_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("images");
    let shards = [archive(folder.path(), "s.tar", &[("a.png", b"a")])];
    run(&shards, &root, false).unwrap();
    let held = std::fs::File::open(journal_of(&root)).unwrap();
    held.lock().unwrap();
    let error = run(&shards, &root, false).unwrap_err();
    assert!(matches!(error, ExtractError::Busy { .. }), "{error}");
    assert!(
        error.to_string().contains("wait until it has ended"),
        "{error}"
    );
    // Other archives can be unpacked to the same folder meanwhile.
    let other = [archive(folder.path(), "t.tar", &[("b.png", b"b")])];
    run(&other, &root, false).unwrap();
    drop(held);
    run(&shards, &root, false).unwrap();
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let is_refused = |root: &Path, shard: &PathBuf, link: &Path| {
        let error = run(std::slice::from_ref(shard), root, true).unwrap_err();
        let ExtractError::ThroughLink { link: found, .. } = &error else {
            unreachable!("{error}")
        };
        assert_eq!(found, link);
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    };
    let shard = archive(folder.path(), "s.tar", &[("a/b/c.png", b"c")]);
    for (number, link) in ["a", "a/b", ".pulse-extract"].into_iter().enumerate() {
        let root = folder.path().join(format!("root-{number}"));
        let link = root.join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(&outside, &link).unwrap();
        is_refused(&root, &shard, &link);
    }
    // A folder that became a link after it was unpacked is refused too: its file does not count as there.
    let root = folder.path().join("moved");
    run(std::slice::from_ref(&shard), &root, false).unwrap();
    std::fs::remove_dir_all(root.join("a/b")).unwrap();
    symlink(&outside, root.join("a/b")).unwrap();
    is_refused(&root, &shard, &root.join("a/b"));
    // A link in a file's place is replaced, not followed, and only when asked. The root may be a link.
    let place = folder.path().join("place");
    std::fs::create_dir_all(place.join("a/b")).unwrap();
    let kept = folder.path().join("kept.png");
    std::fs::write(&kept, "kept").unwrap();
    symlink(&kept, place.join("a/b/c.png")).unwrap();
    let root = folder.path().join("link-to-root");
    symlink(&place, &root).unwrap();
    let error = run(std::slice::from_ref(&shard), &root, false).unwrap_err();
    assert!(matches!(error, ExtractError::Conflict { .. }), "{error}");
    run(&[shard], &root, true).unwrap();
    assert_eq!(std::fs::read(&kept).unwrap(), b"kept");
    let written = place.join("a/b/c.png");
    assert!(written.symlink_metadata().unwrap().is_file());
    assert_eq!(std::fs::read(written).unwrap(), b"c");
}

/// Bytes that gzip cannot make smaller, different for each seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

#[test]
fn what_a_damaged_archive_gave_is_replaced_once_it_is_mended() {
    const FILES: u64 = 200;
    let folder = tempfile::tempdir().unwrap();
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = Builder::new(gzip);
    for number in 0..FILES {
        let content = noise(number, 20_000);
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let name = format!("p/{number}.png");
        builder
            .append_data(&mut header, name, content.as_slice())
            .unwrap();
    }
    let sound = builder.into_inner().unwrap().finish().unwrap();
    // In the middle: both archives have the same ends, and only the checksum behind everything tells.
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let shard = folder.path().join("shard_1.tar.gz");
    let root = folder.path().join("images");
    let is_right = |number: u64| {
        let found = std::fs::read(root.join(format!("p/{number}.png"))).unwrap();
        found == noise(number, 20_000)
    };
    std::fs::write(&shard, &damaged).unwrap();
    for _ in 0..2 {
        let error = run(std::slice::from_ref(&shard), &root, false).unwrap_err();
        assert!(matches!(error, ExtractError::Damaged { .. }), "{error}");
        let wrong = (0..FILES).filter(|number| !is_right(*number)).count();
        assert_eq!(wrong, 1, "the damage must be in a picture for this test");
    }
    std::fs::write(&shard, &sound).unwrap();
    let report = run(std::slice::from_ref(&shard), &root, false).unwrap();
    assert_eq!((report.written, report.corrected), (1, 1));
    assert!((0..FILES).all(is_right));
    let verified = verify_extracted(&root).unwrap();
    assert!(
        verified.is_sound() && verified.files == FILES,
        "{verified:?}"
    );
    let report = run(std::slice::from_ref(&shard), &root, false).unwrap();
    assert_eq!((report.complete_before, report.written), (1, 0));
    // Damage after it was proved replaces nothing: the journal is right and the archive wrong.
    std::fs::write(&shard, &damaged).unwrap();
    std::fs::remove_file(root.join("p/0.png")).unwrap();
    let error = run(std::slice::from_ref(&shard), &root, true).unwrap_err();
    assert!(
        matches!(error, ExtractError::OtherArchive { .. }),
        "{error}"
    );
    assert!((0..FILES).all(is_right));
}

#[test]
fn a_file_of_a_damaged_archive_that_somebody_changed_is_not_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("images");
    let shard = archive(
        folder.path(),
        "s.tar",
        &[("a.png", b"aaaa"), ("b.png", b"b")],
    );
    run(std::slice::from_ref(&shard), &root, false).unwrap();
    let journal = journal_of(&root);
    let text = std::fs::read_to_string(&journal).unwrap();
    let wrong = text
        .replace(blake3::hash(b"aaaa").to_hex().as_str(), &"0".repeat(64))
        .replace("complete\n", "");
    std::fs::write(&journal, wrong).unwrap();
    std::fs::write(root.join("a.png"), b"mine").unwrap();
    let error = run(std::slice::from_ref(&shard), &root, false).unwrap_err();
    assert!(matches!(error, ExtractError::Conflict { .. }), "{error}");
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), b"mine");
    let report = run(&[shard], &root, true).unwrap();
    assert_eq!((report.written, report.corrected), (1, 1));
    assert!(verify_extracted(&root).unwrap().is_sound());
}

#[test]
fn archives_that_contradict_each_other_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let first = archive(
        folder.path(),
        "shard_1.tar",
        &[("x.png", b"x"), ("a.png", b"one")],
    );
    let second = archive(
        folder.path(),
        "shard_2.tar",
        &[("a.png", b"other"), ("x.png", b"x")],
    );
    let is_named = |error: ExtractError| {
        let text = error.to_string();
        assert!(
            matches!(error, ExtractError::Contradiction { .. }),
            "{text}"
        );
        assert!(
            text.contains("a.png") && text.contains("shard_1.tar") && text.contains("shard_2.tar"),
            "{text}"
        );
    };
    let both = [first.clone(), second.clone()];
    let root = folder.path().join("both");
    is_named(run(&both, &root, true).unwrap_err());
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), b"one");
    is_named(run(&both, &root, true).unwrap_err());
    // One after the other, as asked; together they still contradict each other.
    let root = folder.path().join("each");
    for one in &both {
        run(std::slice::from_ref(one), &root, true).unwrap();
    }
    is_named(run(&both, &root, true).unwrap_err());
    // Twice in one archive.
    let twice = archive(
        folder.path(),
        "t.tar",
        &[("a.png", b"one"), ("a.png", b"two")],
    );
    let error = run(&[twice], &folder.path().join("twice"), true).unwrap_err();
    let ExtractError::Contradiction {
        first_entry,
        second_entry,
        ..
    } = error
    else {
        unreachable!("{error}")
    };
    assert_eq!((first_entry, second_entry), (0, 1));
}

/// The program as a user calls it, its output going to pipes.
#[cfg(unix)]
#[test]
fn output_that_is_no_terminal_is_plain_and_whole() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let shard = archive(folder.path(), "s.tar", &[("a.png", b"a")]);
    // A name that is no text.
    let root = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"im\xffages"));
    let call = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_pulse-data"))
            .args(["extract", "--format", "json"])
            .arg(&shard)
            .arg("--out")
            .arg(&root)
            .output()
            .unwrap()
    };
    let output = call();
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["written"], 1);
    assert!(report["root"].as_str().unwrap().ends_with("im\u{fffd}ages"));
    // A warning, without escape codes.
    std::fs::remove_file(root.join("a.png")).unwrap();
    let output = call();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.contains("are gone") && !log.contains('\u{1b}'),
        "{log:?}"
    );
}
