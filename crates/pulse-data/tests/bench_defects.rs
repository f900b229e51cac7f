//! Benchmark files with one bad item, of another kind, or with another run at work.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use pulse_data::bench::{
    BenchConfig, BenchError, BenchFolder, BenchFormat, ExportOptions, export_bench,
    read_report_list,
};
use serde_json::json;

fn folder_with(json: &str) -> (tempfile::TempDir, BenchFolder) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ptb-test.json"), json).unwrap();
    let bench = BenchFolder::open(folder.path()).unwrap();
    (folder, bench)
}

fn options() -> ExportOptions {
    ExportOptions {
        format: BenchFormat::Json,
        configs: Vec::new(),
        progress: false,
    }
}

#[test]
fn a_bad_item_is_named_and_the_others_are_read() {
    let turns = json!([{ "from": "human", "value": "x" }]);
    let good = |id: &str| json!({ "id": id, "conversations": turns });
    for (bad, id, words) in [
        (
            json!({ "id": "b", "conversations": 7 }),
            Some("b"),
            "turns of {from, value}",
        ),
        (
            json!({ "id": 12, "image": "a.png" }),
            Some("12"),
            "missing field `conversations`",
        ),
        (
            json!({ "No": "n-3", "image": 5, "conversations": turns }),
            Some("n-3"),
            "integer `5`",
        ),
        (json!({ "conversations": turns }), None, "neither id nor No"),
        (
            json!({ "id": true, "conversations": turns }),
            None,
            "text or a whole number",
        ),
    ] {
        let json = json!([good("a"), bad, good("c")]).to_string();
        let (folder, bench) = folder_with(&json);
        assert_eq!(bench.count(BenchConfig::PtbTest).unwrap(), 3);
        let items: Vec<_> = bench.items(BenchConfig::PtbTest).unwrap().collect();
        assert_eq!(items[0].as_ref().unwrap().id, "a");
        assert_eq!(items[2].as_ref().unwrap().id, "c");
        let error = items[1].as_ref().unwrap_err();
        assert!(error.is_of_an_item());
        let BenchError::Item {
            item: 1,
            id: found,
            offset,
            ..
        } = error
        else {
            unreachable!("{error}")
        };
        assert_eq!(found.as_deref(), id);
        assert!(json[*offset as usize..].starts_with(&bad.to_string()));
        let text = error.to_string();
        assert!(text.contains("item 1") && text.contains(words), "{text}");
        assert!(!text.contains("struct"), "{text}");
        // Exporting leaves nothing out in silence.
        let error = export_bench(&bench, &folder.path().join("out"), &options()).unwrap_err();
        assert!(error.to_string().contains("item 1"), "{error}");
    }
}

#[test]
fn what_is_no_array_says_where_and_what_to_do() {
    for (json, words) in [
        ("\u{feff}[]", "byte order mark"),
        ("[{}", "byte 3, item 1"),
        ("{}", "expected ["),
    ] {
        let (_folder, bench) = folder_with(json);
        let error = bench.count(BenchConfig::PtbTest).unwrap_err();
        assert!(matches!(error, BenchError::Json { .. }), "{error}");
        assert!(
            !error.is_of_an_item() && error.to_string().contains(words),
            "{error}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ptb-test.json");
    std::fs::write(&path, b"[{},{\"id\":\"\xff\"}]").unwrap();
    let bench = BenchFolder::open(folder.path()).unwrap();
    let error = bench.count(BenchConfig::PtbTest).unwrap_err().to_string();
    assert!(error.contains("byte 11, item 1 is not UTF-8"), "{error}");
}

#[test]
fn reports_name_the_item_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports.json");
    let turns = json!([{ "from": "user", "value": "Report?" }, { "from": "assistant", "value": "Normal." }]);
    let item = |id: &str| json!({ "id": id, "image": "ptb/1_hr-0.png", "conversation": turns });
    let list = json!([item("a"), { "id": "b", "image": "x.png" }]);
    std::fs::write(&path, list.to_string()).unwrap();
    let error = read_report_list(&path, Path::new(".")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("item 1") && text.contains("id \"b\""),
        "{text}"
    );
    assert!(text.contains("missing field `conversation`"), "{text}");
}

#[test]
fn files_that_are_no_parquet_say_what_they_are() {
    let parquet = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ecgbench/ptb-test");
    let source = std::fs::read_dir(parquet).unwrap().next().unwrap().unwrap();
    let whole = std::fs::read(source.path()).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&whole).unwrap();
    for (bytes, words) in [
        (gzip.finish().unwrap(), "gunzip"),
        (
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            "git lfs pull",
        ),
        (b"<!DOCTYPE html><html></html>".to_vec(), "web page"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ptb-test.parquet"), bytes).unwrap();
        let bench = BenchFolder::open(folder.path()).unwrap();
        let counted = bench.count(BenchConfig::PtbTest).unwrap_err();
        let Err(read) = bench.items(BenchConfig::PtbTest) else {
            unreachable!()
        };
        for error in [counted, read] {
            assert!(matches!(error, BenchError::NotParquet { .. }), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[test]
fn a_second_export_to_one_folder_is_told_to_wait() {
    let (folder, bench) = folder_with("[]");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let lock = out.join(".pulse-export.lock");
    let held = std::fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let error = export_bench(&bench, &out, &options()).unwrap_err();
    assert!(matches!(error, BenchError::Busy { .. }), "{error}");
    drop(held);
    export_bench(&bench, &out, &options()).unwrap();
    assert!(!lock.exists());
}

#[test]
fn parquet_is_not_exported_beside_parts_of_another_set() {
    let turns = json!([{ "from": "human", "value": "x" }]);
    let item = json!([{ "id": "a", "image": "a.png", "conversations": turns }]);
    let (folder, bench) = folder_with(&item.to_string());
    std::fs::create_dir(folder.path().join("images")).unwrap();
    std::fs::write(folder.path().join("images/a.png"), "a").unwrap();
    let out = folder.path().join("out");
    let options = ExportOptions {
        format: BenchFormat::Parquet,
        ..options()
    };
    export_bench(&bench, &out, &options).unwrap();
    // Its own file is replaced.
    export_bench(&bench, &out, &options).unwrap();
    let config = out.join("ptb-test");
    let old = config.join("test-00001-of-00002.parquet");
    std::fs::rename(config.join("test-00000-of-00001.parquet"), &old).unwrap();
    let error = export_bench(&bench, &out, &options).unwrap_err();
    assert!(matches!(error, BenchError::OtherParts { .. }), "{error}");
    assert!(error.to_string().contains("test-00001-of-00002"), "{error}");
    let names: Vec<_> = std::fs::read_dir(&config).unwrap().collect();
    assert_eq!(names.len(), 1);
}
