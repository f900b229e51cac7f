//! Damaged, contradictory and foreign checkpoints: one clear error each, never a panic.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use pulse_llm::checkpoint::WeightFiles;
use pulse_llm::text::{Tokenizer, TokenizerSettings};
use pulse_llm::{DeviceName, LoadOptions, LoadedModel, ModelConfig, Pulse, PulseError};
use pulse_vision::AspectMode;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../pulse-parity/golden/models")
        .join(name)
}

/// A copy of a golden model that may be spoilt.
fn copy(name: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for folder in ["", "vision_tower"] {
        let source = golden(name).join(folder);
        if !source.is_dir() {
            continue;
        }
        std::fs::create_dir_all(place.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(source).unwrap().flatten() {
            if entry.path().is_file() {
                std::fs::copy(
                    entry.path(),
                    place.path().join(folder).join(entry.file_name()),
                )
                .unwrap();
            }
        }
    }
    place
}

fn load(folder: &Path) -> Result<LoadedModel, PulseError> {
    LoadedModel::load(folder, &LoadOptions::default())
}

fn error(folder: &Path) -> String {
    load(folder).unwrap_err().to_string()
}

/// Changes one field of `config.json`.
fn set(folder: &Path, field: &str, value: serde_json::Value) {
    let path = folder.join("config.json");
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config[field] = value;
    std::fs::write(path, config.to_string()).unwrap();
}

#[test]
fn the_models_load_whole() {
    for name in ["micro-llava-f32", "micro-llava-bf16", "micro-hf-bf16"] {
        load(&golden(name)).unwrap();
    }
}

#[test]
fn every_defect_is_in_one_message() {
    let place = copy("micro-llava-f32");
    set(place.path(), "num_hidden_layers", 4.into());
    set(place.path(), "intermediate_size", 170.into());
    let message = error(place.path());
    for part in [
        "missing: model.layers.3.self_attn.q_proj.weight",
        "missing: model.layers.3.mlp.down_proj.weight",
        "shape: model.layers.0.mlp.gate_proj.weight is [172, 64], expected [170, 64]",
    ] {
        assert!(message.contains(part), "{part} not in {message}");
    }
    let place = copy("micro-llava-f32");
    set(place.path(), "num_hidden_layers", 2.into());
    assert!(error(place.path()).contains("unknown: model.layers.2.mlp.down_proj.weight"));
}

#[test]
fn sizes_beyond_memory_are_defects_not_allocations() {
    for fields in [
        vec![("hidden_size", 1 << 24), ("num_attention_heads", 8)],
        vec![("vocab_size", 1 << 24)],
        vec![("intermediate_size", 1 << 24), ("num_hidden_layers", 1024)],
        vec![("num_hidden_layers", 1 << 24)],
    ] {
        let place = copy("micro-llava-f32");
        for (field, value) in &fields {
            set(place.path(), field, (*value).into());
        }
        let message = error(place.path());
        assert!(
            message.contains("does not fit its config.json") || message.contains("at most 1024"),
            "{fields:?}: {message}"
        );
    }
    let place = copy("micro-llava-f32");
    let tower = place.path().join("vision_tower");
    set(&tower, "hidden_size", (1 << 20).into());
    set(&tower, "patch_size", (1 << 10).into());
    set(&tower, "image_size", (1 << 20).into());
    set(place.path(), "mm_hidden_size", (1 << 20).into());
    assert!(error(place.path()).contains("tile side is 1048576"));
    // A tile side that is allowed, with widths beyond memory.
    set(&tower, "image_size", (1 << 10).into());
    set(
        place.path(),
        "image_grid_pinpoints",
        serde_json::json!([[1024, 2048]]),
    );
    let message = error(place.path());
    assert!(
        message.contains("does not fit its config.json"),
        "{message}"
    );
}

#[test]
fn a_published_configuration_may_leave_out_the_librarys_defaults() {
    // What transformers writes for llava-v1.6-vicuna-7b: only what differs from its defaults.
    let place = tempfile::tempdir().unwrap();
    let config = serde_json::json!({
        "model_type": "llava_next",
        "architectures": ["LlavaNextForConditionalGeneration"],
        "image_token_id": 32000,
        "image_grid_pinpoints": [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]],
        "text_config": {
            "_name_or_path": "lmsys/vicuna-7b-v1.5", "model_type": "llama",
            "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "vocab_size": 32064,
            "pad_token_id": 0, "eos_token_id": null
        },
        "vision_config": {
            "hidden_size": 1024, "image_size": 336, "intermediate_size": 4096,
            "model_type": "clip_vision_model", "num_attention_heads": 16,
            "num_hidden_layers": 24, "patch_size": 14, "projection_dim": 768
        }
    });
    std::fs::write(place.path().join("config.json"), config.to_string()).unwrap();
    let config = pulse_llm::ModelConfig::from_folder(place.path()).unwrap();
    let decoder = &config.decoder;
    assert_eq!(
        (
            decoder.hidden_size,
            decoder.intermediate_size,
            decoder.num_hidden_layers
        ),
        (4096, 11008, 32)
    );
    assert_eq!((decoder.vocab_size, decoder.eos_token_id), (32000, 2));
    assert_eq!(config.vision.layer_norm_eps, 1e-5);
}

#[test]
fn configurations_of_other_models_are_refused() {
    for (field, value, part) in [
        ("model_type", "qwen2_vl".into(), "model_type"),
        ("hidden_act", "gelu".into(), "hidden_act"),
        (
            "mm_patch_merge_type",
            "mosaic".into(),
            "mm_patch_merge_type",
        ),
        ("mm_projector_type", "resampler".into(), "mm_projector_type"),
        (
            "mm_vision_select_feature",
            "cls".into(),
            "mm_vision_select_feature",
        ),
        ("mm_vision_select_layer", 7.into(), "hidden states"),
        (
            "mm_vision_tower",
            "google/siglip".into(),
            "unknown vision tower",
        ),
        ("mm_vision_tower", "../outside".into(), "mm_vision_tower"),
        ("mm_hidden_size", 63.into(), "mm_hidden_size"),
        ("mm_use_im_start_end", true.into(), "mm_use_im_start_end"),
        (
            "image_grid_pinpoints",
            serde_json::json!([[50, 112]]),
            "whole tiles",
        ),
        (
            "image_grid_pinpoints",
            serde_json::json!([]),
            "image_grid_pinpoints",
        ),
        ("num_attention_heads", 0.into(), "num_attention_heads"),
        ("num_attention_heads", "many".into(), "invalid type"),
        (
            "rope_scaling",
            serde_json::json!({"type": "linear"}),
            "rope_scaling",
        ),
        ("vocab_size", 0.into(), "vocab_size"),
    ] {
        let place = copy("micro-llava-f32");
        set(place.path(), field, value);
        let message = error(place.path());
        assert!(message.contains(part), "{field}: {message}");
    }
    let place = copy("micro-llava-f32");
    std::fs::write(place.path().join("config.json"), "{").unwrap();
    assert!(error(place.path()).contains("not a model configuration"));
    std::fs::remove_file(place.path().join("config.json")).unwrap();
    assert!(error(place.path()).contains("cannot read"));
}

/// What is logged, kept for a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_unknown_aspect_ratio_is_cropped_with_a_warning() {
    let read = |ratio: serde_json::Value| {
        let folder = copy("micro-llava-f32");
        set(folder.path(), "image_aspect_ratio", ratio);
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let config = tracing::subscriber::with_default(subscriber, || {
            ModelConfig::from_folder(folder.path()).unwrap()
        });
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        (config.aspect, logged)
    };
    let (aspect, logged) = read("anyres_max_9".into());
    assert_eq!(aspect, AspectMode::Crop);
    assert!(
        logged.contains("WARN") && logged.contains("\"anyres_max_9\""),
        "{logged}"
    );
    for (known, mode) in [
        ("anyres".into(), AspectMode::Anyres),
        ("pad".into(), AspectMode::Pad),
        ("square".into(), AspectMode::Crop),
        (serde_json::Value::Null, AspectMode::Crop),
    ] {
        assert_eq!(read(known), (mode, String::new()));
    }
}

#[test]
fn damaged_weight_files_are_named() {
    let shard = "model-00002-of-00003.safetensors";
    let place = copy("micro-llava-f32");
    let path = place.path().join(shard);
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 4, 8, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let message = error(place.path());
        assert!(message.contains(shard), "{length}: {message}");
    }
    // A header that claims to be longer than the file.
    let mut lying = whole.clone();
    lying[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    std::fs::write(&path, &lying).unwrap();
    assert!(error(place.path()).contains("not a sound safetensors file"));
    std::fs::remove_file(&path).unwrap();
    assert!(error(place.path()).contains("is missing from the folder"));
}

#[test]
fn an_index_that_lies_is_refused() {
    let place = copy("micro-llava-f32");
    let path = place.path().join("model.safetensors.index.json");
    let index = std::fs::read_to_string(&path).unwrap();
    for (from, to, part) in [
        (
            "model-00001-of-00003",
            "../model-00001-of-00003",
            "no file name",
        ),
        (
            "\"model.norm.weight\"",
            "\"model.other.weight\"",
            "model.other.weight is not in",
        ),
        ("{", "[", "cannot be used"),
    ] {
        std::fs::write(&path, index.replacen(from, to, 1)).unwrap();
        let message = error(place.path());
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn folders_without_safetensors_say_what_lies_there() {
    let place = copy("micro-hf-bf16");
    std::fs::rename(
        place.path().join("model.safetensors"),
        place.path().join("pytorch_model.bin"),
    )
    .unwrap();
    assert!(error(place.path()).contains("pickles"));
    std::fs::remove_file(place.path().join("pytorch_model.bin")).unwrap();
    assert!(error(place.path()).contains("no weights"));
}

#[test]
fn a_tokenizer_of_another_vocabulary_is_refused() {
    let place = copy("micro-llava-f32");
    let bundled = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
    let path = place.path().to_string_lossy().into_owned();
    let missing = Pulse::load(&path, LoadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(missing.contains("no tokenizer"), "{missing}");
    std::fs::copy(
        bundled.join("tokenizer.json"),
        place.path().join("tokenizer.json"),
    )
    .unwrap();
    let error = Pulse::load(&path, LoadOptions::default()).unwrap_err();
    assert!(
        matches!(error, PulseError::Vocabulary { model: 320, .. }),
        "{error}"
    );
}

#[test]
fn a_device_outside_the_build_is_an_error() {
    let options = LoadOptions {
        device: DeviceName::Rocm(0),
        ..LoadOptions::default()
    };
    let message = LoadedModel::load(&golden("micro-llava-f32"), &options)
        .unwrap_err()
        .to_string();
    assert!(message.contains("--features rocm"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("model.safetensors"), &bytes).unwrap();
        std::fs::write(place.path().join("config.json"), &bytes).unwrap();
        let _ = WeightFiles::open(place.path());
        prop_assert!(load(place.path()).is_err());
        prop_assert!(Tokenizer::from_sentencepiece(&bytes, TokenizerSettings::default()).is_err());
        prop_assert!(Tokenizer::from_json(&bytes, TokenizerSettings::default()).is_err());
    }

    #[test]
    fn a_flipped_byte_of_a_header_is_never_a_panic(at in 0usize..1600, value in any::<u8>()) {
        let place = copy("micro-llava-f32");
        let path = place.path().join("model-00001-of-00003.safetensors");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at] = value;
        std::fs::write(&path, &bytes).unwrap();
        let _ = load(place.path());
    }

    #[test]
    fn spans_encode_as_the_whole_text(texts in proptest::collection::vec("[a-zA-Z0-9 .,\n\u{e9}\u{5fc3}]{0,20}", 0..5)) {
        use pulse_llm::text::TextSpan;
        let bundled = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let tokenizer = Tokenizer::from_folder(&bundled).unwrap();
        let spans: Vec<_> = texts.iter().map(|text| TextSpan::Content(text)).collect();
        let whole = texts.concat();
        let ids = tokenizer.encode_spans(&spans).unwrap();
        prop_assert_eq!(&ids, &tokenizer.encode(&whole).unwrap());
        prop_assert_eq!(tokenizer.decode(&ids, true).unwrap(), whole);
    }

    #[test]
    fn streams_and_decoded_texts_are_equal(ids in proptest::collection::vec(0u32..700, 0..40)) {
        use pulse_llm::text::TextStream;
        let bundled = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let tokenizer = Tokenizer::from_folder(&bundled).unwrap();
        let ids: Vec<u32> = ids.into_iter().filter(|id| (*id as usize) < tokenizer.vocab_size()).collect();
        let mut stream = TextStream::new(&tokenizer);
        let mut text: String = ids.iter().filter_map(|id| stream.push(*id)).collect();
        text.extend(stream.finish());
        prop_assert_eq!(text, tokenizer.decode(&ids, true).unwrap());
    }
}
