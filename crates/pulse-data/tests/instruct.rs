//! Conversation files: index, random access, damage, changes and kills.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use pulse_data::Sample;
use pulse_data::instruct::{
    IndexOptions, InstructError, InstructFile, build_index, default_index_path,
};

fn write(folder: &Path, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join("data.json");
    std::fs::write(&path, text).unwrap();
    path
}

fn item(id: &str, value: &str) -> String {
    serde_json::json!({ "id": id, "image": format!("mimic/{id}-0.png"), "conversations": [
        { "from": "human", "value": "<image>\nWhat?" }, { "from": "gpt", "value": value }] })
    .to_string()
}

fn build(path: &Path) -> Result<pulse_data::instruct::IndexReport, InstructError> {
    build_index(path, &IndexOptions::default())
}

const MIXED: &str = r#" [
  {"id": "a", "image": "x/a.png", "conversations": [{"from": "human", "value": "<image>\nÄ \"q\" \\ {[?"},
   {"from": "gpt", "value": "one\ttwo  three"}]},
  {"id": 17, "conversations": [{"value": "v", "from": "human"}], "more": {"x": ["]}", null]}},
  {"id": null, "conversations": []},
  {"image": "y.png"},
  {"id": "\u00e4\ud83d\ude00", "image": null, "conversations": []}
] "#;

#[test]
fn every_item_is_at_hand() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), MIXED);
    let report = build(&path).unwrap();
    assert_eq!(
        (report.items, report.defective, report.resumed_at),
        (5, 2, 0)
    );
    assert_eq!(
        report.blake3,
        blake3::hash(MIXED.as_bytes()).to_hex().to_string()
    );
    let file = InstructFile::open(&path, None).unwrap();
    assert_eq!(
        file.sample(0).unwrap().conversations[0].value,
        "<image>\nÄ \"q\" \\ {[?"
    );
    assert_eq!(file.sample(1).unwrap().id, "17");
    assert_eq!(file.sample(1).unwrap().image, None);
    assert_eq!(file.sample(4).unwrap().id, "ä😀");
    assert_eq!(file.words(0).unwrap(), Some(8));
    assert_eq!(file.words(2).unwrap(), None);
    assert_eq!(
        [0, 1, 4].map(|item| file.has_image(item).unwrap()),
        [true, false, false]
    );
    assert_eq!(file.find("17").unwrap(), [1]);
    assert_eq!(file.find("nobody").unwrap(), [0u64; 0]);
    let defects: Vec<_> = file.defects().map(Result::unwrap).collect();
    assert_eq!(
        defects.iter().map(|defect| defect.item).collect::<Vec<_>>(),
        [2, 3]
    );
    assert!(defects[0].reason.contains("whole number"), "{}", defects[0]);
    assert!(defects[1].reason.contains("id"), "{}", defects[1]);
    assert!(matches!(file.sample(3), Err(InstructError::Item { .. })));
    assert!(matches!(
        file.sample(5),
        Err(InstructError::OutOfRange { items: 5, .. })
    ));
    assert!(build(&path).unwrap().was_current);
}

#[test]
fn damage_is_named_with_byte_and_item() {
    let folder = tempfile::tempdir().unwrap();
    let whole = format!("[{}, {}]", item("a", "yes"), item("b", "no"));
    let second = whole.find(", {\"conv").unwrap() + 2;
    for length in [0, 1, 5, second + 1, whole.len() - 1] {
        let path = write(folder.path(), &whole[..length]);
        let error = build(&path).unwrap_err().to_string();
        assert!(
            error.contains(&format!("byte {length}, item")),
            "{length}: {error}"
        );
    }
    let mut bytes = whole.clone().into_bytes();
    let at = whole.rfind("no").unwrap();
    bytes[at] = 0xff;
    let path = write(folder.path(), &bytes);
    assert!(matches!(
        build(&path),
        Err(InstructError::NotUtf8 { item: 1, offset, .. }) if offset == at as u64
    ));
    bytes[at] = b'\n';
    let path = write(folder.path(), &bytes);
    let error = build(&path).unwrap_err();
    let InstructError::Syntax { item, offset, .. } = error else {
        unreachable!("{error}")
    };
    assert_eq!(item, 1);
    assert!(offset.abs_diff(at as u64) <= 2, "{offset} {at}");
    for text in ["{}", "[1, 2]", "", "[{}] x"] {
        let path = write(folder.path(), text);
        assert!(
            matches!(build(&path), Err(InstructError::Structure { .. })),
            "{text}"
        );
    }
    assert!(!default_index_path(&path).exists());
}

#[test]
fn a_file_that_changed_is_refused_and_a_touched_one_adopted() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), format!("[{}]", item("a", "yes")));
    assert!(matches!(
        InstructFile::open(&path, None),
        Err(InstructError::NoIndex { .. })
    ));
    build(&path).unwrap();
    let open = InstructFile::open(&path, None).unwrap();
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let error = InstructFile::open(&path, None).unwrap_err();
    assert!(error.to_string().contains("pulse-data index"), "{error}");
    assert!(
        build(&path).unwrap().was_current,
        "same content: no second pass"
    );
    InstructFile::open(&path, None).unwrap();
    // Changed in place behind an open file, without a trace in length: the id gives it away.
    write(folder.path(), format!("[{}]", item("b", "yes")));
    assert!(matches!(open.sample(0), Err(InstructError::Changed { .. })));
    write(folder.path(), format!("[{}]", item("longer", "yes")));
    assert!(matches!(
        InstructFile::open(&path, None),
        Err(InstructError::Changed { .. })
    ));
    assert!(!build(&path).unwrap().was_current);
}

#[test]
fn a_damaged_index_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), format!("[{}]", item("a", "yes")));
    build(&path).unwrap();
    let index = default_index_path(&path);
    let whole = std::fs::read(&index).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&index, bytes).unwrap();
        assert!(
            matches!(
                InstructFile::open(&path, None),
                Err(InstructError::BadIndex { .. })
            ),
            "byte {at}"
        );
    }
    for length in [0, 10, whole.len() - 1] {
        std::fs::write(&index, &whole[..length]).unwrap();
        assert!(InstructFile::open(&path, None).is_err());
    }
    assert!(!build(&path).unwrap().was_current);
    assert_eq!(std::fs::read(&index).unwrap(), whole);
}

/// About 90 MB in 30,000 items.
fn write_large(folder: &Path) -> PathBuf {
    let path = folder.join("data.json");
    let mut file = std::io::BufWriter::new(File::create(&path).unwrap());
    let value = "Sinus rhythm with first degree block. ".repeat(75);
    for number in 0..30_000 {
        let before = if number == 0 { "[" } else { ",\n" };
        write!(file, "{before}{}", item(&format!("s{number}"), &value)).unwrap();
    }
    write!(file, "]").unwrap();
    path
}

fn fresh_index(path: &Path, folder: &Path) -> Vec<u8> {
    let index = folder.join("fresh");
    let options = IndexOptions {
        index: Some(index.clone()),
        ..IndexOptions::default()
    };
    build_index(path, &options).unwrap();
    std::fs::read(index).unwrap()
}

#[test]
fn an_interrupted_indexing_goes_on_at_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_large(folder.path());
    let length = path.metadata().unwrap().len();
    let modified = path.metadata().unwrap().modified().unwrap();
    // A defect near the end stops the first run; then it is mended as if nothing had been.
    let put = |byte: &[u8]| {
        let mut file = File::options().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(length - 1)).unwrap();
        file.write_all(byte).unwrap();
        file.set_modified(modified).unwrap();
    };
    put(b"x");
    assert!(matches!(build(&path), Err(InstructError::Structure { .. })));
    put(b"]");
    let report = build(&path).unwrap();
    assert!(report.resumed_at >= 32 << 20, "{report:?}");
    assert_eq!(
        std::fs::read(default_index_path(&path)).unwrap(),
        fresh_index(&path, folder.path())
    );
    // The same once more, but the part that was done changes meanwhile: it begins anew.
    put(b"x");
    std::fs::remove_file(default_index_path(&path)).unwrap();
    assert!(build(&path).is_err());
    let mut file = File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(1000)).unwrap();
    file.write_all(b"S").unwrap();
    put(b"]");
    assert_eq!(build(&path).unwrap().resumed_at, 0);
}

#[test]
fn a_killed_indexing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_large(folder.path());
    let mut partial = default_index_path(&path).into_os_string();
    partial.push(".partial");
    let mut child = Command::new(env!("CARGO_BIN_EXE_pulse-data"))
        .args(["index", "--quiet"])
        .arg(&path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    // Killed as soon as the first checkpoint is there.
    while std::fs::metadata(&partial).map_or(0, |found| found.len()) < 1000
        && child.try_wait().unwrap().is_none()
    {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let report = build(&path).unwrap();
    // From a checkpoint, or anew if the kill cut the first one in half.
    assert!(
        report.was_current || report.resumed_at == 0 || report.resumed_at >= 32 << 20,
        "{report:?}"
    );
    assert_eq!(
        std::fs::read(default_index_path(&path)).unwrap(),
        fresh_index(&path, folder.path())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn items_are_those_of_a_parser_that_reads_the_whole(
        texts in prop::collection::vec("\\PC{0,40}", 0..20),
        is_pretty in any::<bool>(),
    ) {
        let items: Vec<_> = texts.iter().enumerate().map(|(id, text)| serde_json::json!({
            "id": id, "conversations": [{ "from": "human", "value": text }] })).collect();
        let json = match is_pretty {
            true => serde_json::to_string_pretty(&items).unwrap(),
            false => serde_json::to_string(&items).unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &json);
        build(&path).unwrap();
        let file = InstructFile::open(&path, None).unwrap();
        let found: Vec<Sample> = file.samples().map(Result::unwrap).collect();
        let expected: Vec<Sample> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(found, expected);
    }
}
