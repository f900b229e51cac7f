//! ECGBench from Parquet files that another library wrote, and to JSON and back.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pulse_data::bench::{
    ArenaTurn, BenchConfig, BenchConversation, BenchError, BenchFolder, BenchFormat, BenchItem,
    BenchPicture, ExportOptions, TurnValue, export_bench, read_report_list,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ecgbench")
}

fn items(folder: &BenchFolder, config: BenchConfig) -> Vec<BenchItem> {
    folder.items(config).unwrap().map(Result::unwrap).collect()
}

fn export(source: &BenchFolder, out: &Path, format: BenchFormat) -> BenchFolder {
    let options = ExportOptions {
        format,
        configs: Vec::new(),
        progress: false,
    };
    export_bench(source, out, &options).unwrap();
    BenchFolder::open(out).unwrap()
}

fn values(item: &BenchItem) -> Vec<TurnValue> {
    let BenchConversation::Turns(turns) = &item.conversation else {
        unreachable!()
    };
    turns.iter().map(|turn| turn.value.clone()).collect()
}

fn text(text: &str) -> TurnValue {
    TurnValue::Text(text.to_owned())
}

#[test]
fn files_of_the_hubs_library_are_read_in_order() {
    let folder = BenchFolder::open(&fixtures()).unwrap();
    let configs: Vec<&str> = folder.configs().map(BenchConfig::name).collect();
    assert_eq!(configs, ["ptb-test", "ecgqa-test", "arena"]);
    assert_eq!(folder.count(BenchConfig::PtbTest).unwrap(), 6);
    let ids: Vec<String> = items(&folder, BenchConfig::PtbTest)
        .into_iter()
        .map(|item| item.id)
        .collect();
    assert_eq!(
        ids,
        [
            "ptb-0-0", "ptb-0-1", "ptb-0-2", "ptb-1-0", "ptb-1-1", "ptb-1-2"
        ]
    );
    let first = &items(&folder, BenchConfig::PtbTest)[0];
    assert_eq!(first.image_path, "ptb-xl/records500/00000_hr-0.png");
    assert_eq!(first.open_picture().unwrap().size().to_string(), "48x32");
    assert_eq!(values(first)[1], text("NORM"));
}

#[test]
fn lists_of_characters_become_texts_and_lists_of_answers_stay() {
    let folder = BenchFolder::open(&fixtures()).unwrap();
    let items = items(&folder, BenchConfig::EcgqaTest);
    assert_eq!(
        values(&items[0]),
        [text("Is ä here? Options: yes, no"), text("yes")]
    );
    let answers = |list: &[&str]| {
        TurnValue::Answers(list.iter().map(|answer| (*answer).to_owned()).collect())
    };
    assert_eq!(values(&items[1])[1], answers(&["lead I", "none"]));
    assert_eq!(values(&items[2])[1], answers(&["no"]));
    assert_eq!(items[1].sample().conversations[1].value, "lead I, none");
}

#[test]
fn the_arena_has_questions_and_answers() {
    let folder = BenchFolder::open(&fixtures()).unwrap();
    let item = &items(&folder, BenchConfig::Arena)[0];
    let turn = |question: &str, answer: &str| ArenaTurn {
        question: question.to_owned(),
        answer: answer.to_owned(),
    };
    assert_eq!(
        item.conversation,
        BenchConversation::Arena(vec![
            turn("What is it?", "Sinus rhythm."),
            turn("Why?", "P waves.")
        ])
    );
    let roles: Vec<String> = item
        .sample()
        .conversations
        .into_iter()
        .map(|turn| turn.from)
        .collect();
    assert_eq!(roles, ["human", "gpt", "human", "gpt"]);
}

#[test]
fn exporting_forth_and_back_loses_nothing() {
    let source = BenchFolder::open(&fixtures()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let json = export(&source, &out.path().join("json"), BenchFormat::Json);
    let parquet = export(&json, &out.path().join("parquet"), BenchFormat::Parquet);
    let again = export(&parquet, &out.path().join("again"), BenchFormat::Json);
    for config in source.configs() {
        let name = format!("{config}.json");
        let first = std::fs::read(json.root().join(&name)).unwrap();
        assert_eq!(
            first,
            std::fs::read(again.root().join(&name)).unwrap(),
            "{name}"
        );
        for (a, b) in items(&source, config).iter().zip(items(&parquet, config)) {
            assert_eq!(a, &b);
        }
        for (a, b) in items(&source, config).iter().zip(items(&json, config)) {
            assert_eq!(a.conversation, b.conversation);
            assert_eq!(a.picture_bytes().unwrap(), b.picture_bytes().unwrap());
            assert_eq!(
                b.picture,
                BenchPicture::File(json.root().join("images").join(&a.image_path))
            );
        }
    }
    assert_eq!(items(&source, BenchConfig::PtbTest).len(), 6);
    let twice = out.path().join("twice");
    export(&json, &twice, BenchFormat::Parquet);
    let name = "ecgqa-test/test-00000-of-00001.parquet";
    assert_eq!(
        std::fs::read(twice.join(name)).unwrap(),
        std::fs::read(parquet.root().join(name)).unwrap(),
        "the same source gives the same file"
    );
}

#[test]
fn what_is_missing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        BenchFolder::open(folder.path()),
        Err(BenchError::NoBench { .. })
    ));
    let parquet = folder.path().join("arena.parquet");
    std::fs::copy(
        fixtures().with_file_name("missing-column.parquet"),
        &parquet,
    )
    .unwrap();
    let bench = BenchFolder::open(folder.path()).unwrap();
    assert!(matches!(
        bench.items(BenchConfig::PtbTest),
        Err(BenchError::NoConfig { .. })
    ));
    let error = bench
        .items(BenchConfig::Arena)
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(&error, BenchError::Column { column, .. } if column == "image"),
        "{error}"
    );
    let whole = std::fs::read(fixtures().join("arena/test-00000-of-00001.parquet")).unwrap();
    std::fs::write(&parquet, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(
        bench.items(BenchConfig::Arena),
        Err(BenchError::Parquet { .. })
    ));
    assert!("ptb-tset".parse::<BenchConfig>().is_err());
}

#[test]
fn json_with_missing_broken_and_escaping_pictures_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("ptb-test.json");
    let write = |image: &str| {
        let item = serde_json::json!([{ "id": 7, "image": image, "conversations": [
            { "from": "human", "value": "<image>\nWhich?" }, { "from": "gpt", "value": "NORM" }] }]);
        std::fs::write(&json, item.to_string()).unwrap();
        BenchFolder::open(folder.path()).unwrap()
    };
    let item = &items(&write("a-0.png"), BenchConfig::PtbTest)[0];
    assert_eq!(item.id, "7");
    assert!(matches!(
        item.picture_bytes(),
        Err(BenchError::NoPicture { .. })
    ));
    std::fs::create_dir(folder.path().join("images")).unwrap();
    std::fs::write(folder.path().join("images/a-0.png"), "no picture").unwrap();
    assert!(matches!(
        item.open_picture(),
        Err(BenchError::Picture { .. })
    ));
    let outside = write("../a-0.png")
        .items(BenchConfig::PtbTest)
        .unwrap()
        .next();
    assert!(matches!(outside, Some(Err(BenchError::Path { .. }))));
    std::fs::write(&json, "[{\"id\": 1}]").unwrap();
    let bench = BenchFolder::open(folder.path()).unwrap();
    let error = bench
        .items(BenchConfig::PtbTest)
        .unwrap()
        .find_map(Result::err)
        .unwrap();
    assert!(error.to_string().contains("conversations"), "{error}");
}

#[test]
fn items_of_mmmu_are_known_by_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"[{"No":"m0","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"C"}]}]"#;
    std::fs::write(folder.path().join("mmmu-ecg.json"), text).unwrap();
    let bench = BenchFolder::open(folder.path()).unwrap();
    let item = &items(&bench, BenchConfig::MmmuEcg)[0];
    assert_eq!(
        (item.id.as_str(), item.number.as_deref()),
        ("m0", Some("m0"))
    );
    assert_eq!(item.picture, BenchPicture::Absent);
    assert_eq!(item.sample().image, None);
}

#[test]
fn the_list_of_reports_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports.json");
    let item = serde_json::json!([{
        "id": "ptb-report-07190_hr-0",
        "image": "test_images/ptb_test_v4/07190_hr-0.png",
        "conversation": [
            { "role": "user", "content": "Please write a clinical report based on this ECG image." },
            { "role": "assistant", "content": "Sinus rhythm." }],
    }]);
    std::fs::write(&path, item.to_string()).unwrap();
    let items = read_report_list(&path, folder.path()).unwrap();
    let sample = items[0].sample();
    assert_eq!(sample.id, "ptb-report-07190_hr-0");
    let roles: Vec<&str> = sample
        .conversations
        .iter()
        .map(|turn| turn.from.as_str())
        .collect();
    assert_eq!(roles, ["human", "gpt"]);
    assert_eq!(sample.conversations[1].value, "Sinus rhythm.");
}

/// The committed JSON answers of the evaluation fixtures are files of the original's layout.
#[test]
fn golden_answers_of_the_evaluation_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/eval/golden");
    if !folder.is_dir() {
        eprintln!("left out: ../shared/golden/eval is not here");
        return;
    }
    let bench = BenchFolder::open(&folder).unwrap();
    let configs: Vec<BenchConfig> = bench.configs().collect();
    assert_eq!(configs.len(), 7);
    for config in configs {
        assert!(bench.count(config).unwrap() > 0, "{config}");
    }
    let lists = items(&bench, BenchConfig::EcgqaTest);
    assert!(
        lists
            .iter()
            .any(|item| matches!(values(item)[1], TurnValue::Answers(_)))
    );
}

#[test]
fn a_missing_file_of_several_is_named() {
    let source = BenchFolder::open(&fixtures()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let parquet = export(&source, out.path(), BenchFormat::Parquet);
    let folder = parquet.root().join("ptb-test");
    let whole = folder.join("test-00000-of-00001.parquet");
    let second = folder.join("test-00001-of-00002.parquet");
    std::fs::rename(&whole, &second).unwrap();
    let error = BenchFolder::open(out.path()).unwrap_err();
    assert!(
        error.to_string().contains("test-00000-of-00002.parquet"),
        "{error}"
    );
    std::fs::copy(&second, folder.join("test-00000-of-00002.parquet")).unwrap();
    assert!(BenchFolder::open(out.path()).is_ok());
}

#[test]
fn one_path_with_two_pictures_is_refused_across_configurations() {
    let out = tempfile::tempdir().unwrap();
    let json = export(
        &BenchFolder::open(&fixtures()).unwrap(),
        &out.path().join("json"),
        BenchFormat::Json,
    );
    let parquet = export(&json, &out.path().join("parquet"), BenchFormat::Parquet);
    let mut configs = parquet.configs();
    let (one, other) = (configs.next().unwrap(), configs.next().unwrap());
    let path = |config| items(&parquet, config)[0].image_path.clone();
    // The second configuration says that its first picture lies where the first one's lies.
    let file = json.root().join(format!("{other}.json"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&path(other), &path(one))).unwrap();
    let images = out.path().join("other-images");
    for config in [one, other] {
        for item in items(&parquet, config) {
            let place = images.join(&item.image_path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, item.picture_bytes().unwrap()).unwrap();
        }
    }
    // Each configuration by itself has the right pictures; together they do not fit one folder.
    let mixed = out.path().join("mixed");
    let half = |config, images: &Path| {
        let options = ExportOptions {
            format: BenchFormat::Parquet,
            configs: vec![config],
            progress: false,
        };
        let source = BenchFolder::open(json.root()).unwrap().with_images(images);
        export_bench(&source, &mixed, &options).unwrap();
    };
    half(one, &images);
    // The same picture with a byte behind its end.
    let mut bytes = items(&parquet, one)[0].picture_bytes().unwrap().to_vec();
    bytes.push(0);
    std::fs::write(images.join(path(one)), bytes).unwrap();
    half(other, &images);
    let options = ExportOptions {
        format: BenchFormat::Json,
        configs: vec![one, other],
        progress: false,
    };
    let source = BenchFolder::open(&mixed).unwrap();
    let result = export_bench(&source, &out.path().join("refused"), &options);
    assert!(
        matches!(result, Err(BenchError::PictureConflict { .. })),
        "{result:?}"
    );
}
