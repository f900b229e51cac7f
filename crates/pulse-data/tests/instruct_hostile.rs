//! Conversation files that are something else, two runs on one of them, and any bytes.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use pulse_data::instruct::{
    ArrayScanner, IndexOptions, IndexReport, InstructError, InstructFile, build_index,
    default_index_path,
};

fn write(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("data.json");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn build(path: &Path) -> Result<IndexReport, InstructError> {
    build_index(path, &IndexOptions::default())
}

const ITEM: &str = r#"{"id":"a","conversations":[{"from":"human","value":"Rhythm?"}]}"#;

#[test]
fn files_of_other_kinds_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let with_mark = format!("\u{feff}[{ITEM}]");
    for (bytes, words) in [
        (
            with_mark.as_bytes(),
            "byte order mark; save it as UTF-8 without one",
        ),
        (b"\xff\xfe[\0", "iconv -f UTF-16"),
        (b"\x1f\x8b\x08\0\0", "gunzip"),
    ] {
        let error = build(&write(folder.path(), bytes)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("get it again"), "{error}");
    }
    let error = build(&write(folder.path(), b"{}")).unwrap_err().to_string();
    assert!(error.contains("get it again"), "{error}");
}

#[test]
fn a_second_run_on_one_file_is_told_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), format!("[{ITEM}]").as_bytes());
    let mut partial = default_index_path(&path).into_os_string();
    partial.push(".partial");
    let held = std::fs::File::create(&partial).unwrap();
    held.lock().unwrap();
    let error = build(&path).unwrap_err();
    assert!(matches!(error, InstructError::Busy { .. }), "{error}");
    assert!(
        error.to_string().contains("wait until it has ended"),
        "{error}"
    );
    drop(held);
    assert_eq!(build(&path).unwrap().items, 1);
}

#[test]
fn runs_at_the_same_time_end_with_one_sound_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        format!("[{}]", [ITEM; 300].join(",")).as_bytes(),
    );
    for _ in 0..20 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| match build(&path) {
                    Ok(report) => assert_eq!(report.items, 300),
                    Err(InstructError::Busy { .. }) => {}
                    Err(error) => unreachable!("{error}"),
                });
            }
        });
        assert_eq!(InstructFile::open(&path, None).unwrap().len(), 300);
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "the file and its index");
        std::fs::remove_file(default_index_path(&path)).unwrap();
    }
}

/// What the fuzz target `conversations` asserts.
fn is_refused_or_readable(bytes: &[u8]) {
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    let mut scanner = ArrayScanner::new();
    let result = scanner
        .scan(bytes, &mut whole)
        .and_then(|()| scanner.finish());
    let mut scanner = ArrayScanner::new();
    let again = bytes
        .chunks(7)
        .try_for_each(|part| scanner.scan(part, &mut parts))
        .and_then(|()| scanner.finish());
    assert_eq!(result, again);
    assert_eq!(whole, parts);
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), bytes);
    let Ok(report) = build(&path) else { return };
    let file = InstructFile::open(&path, None).unwrap();
    assert_eq!(report.items, file.len());
    let mut defective = 0;
    for sample in file.samples() {
        match sample {
            Ok(_) => {}
            Err(InstructError::Item { .. }) => defective += 1,
            Err(error) => unreachable!("{error}"),
        }
    }
    assert_eq!(report.defective, defective);
}

/// Pieces that make arrays, nearly arrays and nonsense.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec![
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        "null",
        "1",
        " ",
        "\n",
        "\u{feff}",
        "é",
        "\"id\":",
        "\"conversations\":[]",
        "\"conversation\":[]",
        "{\"id\":1,\"conversations\":[]}",
        ITEM,
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_refused_or_readable(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        is_refused_or_readable(&bytes);
    }

    #[test]
    fn any_pieces_are_refused_or_readable(
        pieces in pieces(),
        is_array in any::<bool>(),
        damage in prop::option::of((0usize..300, any::<u8>())),
    ) {
        let mut bytes = match is_array {
            true => [b"[", pieces.as_slice(), b"]"].concat(),
            false => pieces,
        };
        if let Some((at, byte)) = damage && at < bytes.len() {
            bytes[at] = byte;
        }
        is_refused_or_readable(&bytes);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let options = IndexOptions::default();
    for path in [pipe.as_path(), folder.path()] {
        let error = build_index(path, &options).unwrap_err();
        assert!(matches!(error, InstructError::NotPlain { .. }), "{error}");
    }
    // So in the place of the index.
    let path = folder.path().join("data.json");
    std::fs::write(&path, "[]").unwrap();
    let options = IndexOptions {
        index: Some(pipe),
        ..IndexOptions::default()
    };
    build_index(&path, &options).unwrap();
}

#[test]
fn a_failed_pass_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    for text in [
        &b"[{\"id\": 1"[..],
        b"{}",
        b"[{\"id\": \"\xff\"}]",
        b"[{\"id\" 1}]",
    ] {
        std::fs::write(&path, text).unwrap();
        build_index(&path, &IndexOptions::default()).unwrap_err();
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["data.json"]);
    }
}
