//! Packed checkpoints: written, loaded, equal to packing at load; damaged ones are one clear error.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use burn::tensor::{Int, Tensor};
use pulse_kernels::PackedFormat;
use pulse_llm::checkpoint::{WeightDtype, quantize_checkpoint};
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
use pulse_llm::{DeviceName, LoadOptions, LoadedModel, PulseError};
use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../pulse-parity/golden/models")
        .join(name)
}

fn load(folder: &Path, dtype: Option<WeightDtype>) -> Result<LoadedModel, PulseError> {
    let options = LoadOptions {
        dtype,
        ..LoadOptions::default()
    };
    LoadedModel::load(folder, &options)
}

/// Logits of a short sequence, as one prefill of eleven positions.
fn logits(model: &LoadedModel) -> Vec<f32> {
    let decoder = &model.model.decoder;
    let ids: Vec<i64> = (3..14).collect();
    let ids = Tensor::<1, Int>::from_data(ids.as_slice(), &model.device).reshape([1, 11]);
    let logits = decoder.forward(DecoderInput {
        embeddings: decoder.embed(ids),
        padding: &[],
        cache: None,
        logits: LogitRows::All,
    });
    logits.into_data().try_into_vec().unwrap()
}

/// A packed copy of a golden model in a folder that goes away.
fn packed(name: &str, format: PackedFormat) -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("packed");
    quantize_checkpoint(&golden(name), &target, format).unwrap();
    (place, target)
}

#[test]
fn a_packed_folder_is_the_checkpoint_packed_at_load() {
    for name in ["micro-llava-f32", "micro-llava-bf16", "micro-hf-bf16"] {
        for (format, dtype) in [
            (PackedFormat::Q8, WeightDtype::Q8),
            (PackedFormat::Q4, WeightDtype::Q4),
        ] {
            let (_place, target) = packed(name, format);
            let stored = load(&target, None).unwrap();
            let at_load = load(&golden(name), Some(dtype)).unwrap();
            assert_eq!(stored.dtype, dtype.to_string());
            assert_eq!(logits(&stored), logits(&at_load), "{name} {dtype}");
            load(&target, Some(dtype)).unwrap();
            let names: Vec<String> = std::fs::read_dir(&target)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            assert!(
                names.iter().all(|name| !name.ends_with(".part")),
                "{names:?}"
            );
        }
    }
}

#[test]
fn the_folder_says_what_it_was_made_from() {
    let (_place, target) = packed("micro-llava-bf16", PackedFormat::Q4);
    let text = std::fs::read(target.join("config.json")).unwrap();
    let config: Value = serde_json::from_slice(&text).unwrap();
    let says = &config["quantization_config"];
    assert_eq!(says["quant_method"], "pulse");
    assert_eq!(says["version"], 2);
    assert_eq!(says["format"], "q4");
    let digest = load(&golden("micro-llava-bf16"), None)
        .unwrap()
        .digest
        .get();
    assert_eq!(says["source"]["weights_digest"], digest);
    // The first quants begin at a multiple of 64 bytes.
    let file = std::fs::read(target.join("model.safetensors")).unwrap();
    let header = u64::from_le_bytes(file[..8].try_into().unwrap());
    assert_eq!((header + 8) % 64, 0);
}

#[test]
fn other_types_devices_and_targets_are_refused() {
    let (place, target) = packed("micro-llava-f32", PackedFormat::Q4);
    let message = load(&target, Some(WeightDtype::Bf16))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("packed as q4") && message.contains("bf16"),
        "{message}"
    );
    let options = LoadOptions {
        device: DeviceName::Cuda(0),
        dtype: Some(WeightDtype::Q4),
        ..LoadOptions::default()
    };
    let message = LoadedModel::load(&golden("micro-llava-f32"), &options)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("CPU only") && message.contains("cuda:0"),
        "{message}"
    );
    // Neither over an existing folder, nor from packed weights.
    let error = quantize_checkpoint(&golden("micro-llava-f32"), &target, PackedFormat::Q8);
    assert!(error.unwrap_err().to_string().contains("cannot write"));
    let error = quantize_checkpoint(&target, &place.path().join("again"), PackedFormat::Q8);
    assert!(error.unwrap_err().to_string().contains("packed as q4"));
}

/// Changes `quantization_config`.
fn edit(target: &Path, change: impl Fn(&mut Value)) {
    let path = target.join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    std::fs::write(path, config.to_string()).unwrap();
}

#[test]
fn another_version_program_or_architecture_is_named() {
    let message = |change: fn(&mut Value)| {
        let (_place, target) = packed("micro-llava-f32", PackedFormat::Q8);
        edit(&target, change);
        load(&target, None).unwrap_err().to_string()
    };
    let version = message(|config| config["quantization_config"]["version"] = 1.into());
    assert!(
        version.contains("\"version\":1")
            && version.contains("version 2")
            && version.contains("quantise the original"),
        "{version}"
    );
    let method = message(|config| config["quantization_config"]["quant_method"] = "gptq".into());
    assert!(
        method.contains("gptq") && method.contains("quantise the original"),
        "{method}"
    );
    let shape = message(|config| config["intermediate_size"] = 200.into());
    assert!(
        shape.contains("mlp.gate_proj.weight is [172, 64], expected [200, 64]"),
        "{shape}"
    );
    let absent = message(|config| config["num_hidden_layers"] = 4.into());
    assert!(
        absent.contains("missing: model.layers.3.mlp.up_proj.weight"),
        "{absent}"
    );
}

#[test]
fn a_size_that_pads_to_the_same_panels_is_another_size() {
    for size in [161, 171, 173, 176] {
        let (_place, target) = packed("micro-llava-f32", PackedFormat::Q4);
        edit(&target, |config| config["intermediate_size"] = size.into());
        let message = load(&target, None).unwrap_err().to_string();
        for part in [
            format!("mlp.gate_proj.weight is [172, 64], expected [{size}, 64]"),
            format!("mlp.down_proj.weight is [64, 172], expected [64, {size}]"),
        ] {
            assert!(message.contains(&part), "{part}: {message}");
        }
    }
}

#[test]
fn formats_other_than_the_configuration_names_are_refused() {
    let (_place, target) = packed("micro-llava-f32", PackedFormat::Q4);
    edit(&target, |config| {
        config["quantization_config"]["format"] = "q8".into();
    });
    let message = load(&target, None).unwrap_err().to_string();
    for part in [
        "packed: model.layers.0.mlp.up_proj.weight: it is stored as q4",
        "it is q8",
        "quantise the source again",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }

    // Packed tensors that the configuration does not speak of, whatever type is asked for.
    edit(&target, |config| {
        config
            .as_object_mut()
            .unwrap()
            .remove("quantization_config");
    });
    for dtype in [None, Some(WeightDtype::Q4), Some(WeightDtype::F32)] {
        let message = load(&target, dtype).unwrap_err().to_string();
        assert!(
            message.contains("no quantization_config") && message.contains(".quants"),
            "{message}"
        );
    }
    let again = quantize_checkpoint(&target, &target.with_extension("b"), PackedFormat::Q8);
    assert!(
        again
            .unwrap_err()
            .to_string()
            .contains("no quantization_config")
    );
}

#[test]
fn a_configuration_that_speaks_of_packing_needs_packed_weights() {
    let place = tempfile::tempdir().unwrap();
    let plain = place.path().join("plain");
    copy(&golden("micro-llava-f32"), &plain);
    let (_packed_place, target) = packed("micro-llava-f32", PackedFormat::Q8);
    std::fs::copy(target.join("config.json"), plain.join("config.json")).unwrap();
    let message = load(&plain, None).unwrap_err().to_string();
    assert!(
        message.contains("missing: model.layers.0.mlp.up_proj.weight.quants")
            && message.contains("unknown: model.layers.0.mlp.up_proj.weight"),
        "{message}"
    );
}

#[test]
fn truncated_files_and_scales_that_are_not_finite_are_named() {
    let (_place, target) = packed("micro-llava-f32", PackedFormat::Q4);
    let path = target.join("model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    let message = load(&target, None).unwrap_err().to_string();
    assert!(
        message.contains("not a sound safetensors file")
            && message.contains("quantise its source again"),
        "{message}"
    );

    let files = safetensors::SafeTensors::deserialize(&whole).unwrap();
    let scales = files
        .tensor("model.layers.1.mlp.up_proj.weight.scales")
        .unwrap();
    let at = scales.data().as_ptr() as usize - whole.as_ptr() as usize;
    let mut damaged = whole.clone();
    damaged[at..at + 2].copy_from_slice(&0x7c00u16.to_le_bytes());
    std::fs::write(&path, damaged).unwrap();
    let message = load(&target, None).unwrap_err().to_string();
    for part in [
        "model.layers.1.mlp.up_proj.weight",
        "not finite",
        "output 0",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_tower_deeper_down_comes_along_and_folders_of_others_stay() {
    let place = tempfile::tempdir().unwrap();
    let source = place.path().join("source");
    copy(&golden("micro-llava-f32"), &source);
    let config = std::fs::read_to_string(source.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let tower = config["mm_vision_tower"].as_str().unwrap().to_owned();
    std::fs::create_dir(source.join("towers")).unwrap();
    std::fs::rename(source.join(&tower), source.join("towers/vit")).unwrap();
    config["mm_vision_tower"] = "towers/vit".into();
    std::fs::write(source.join("config.json"), config.to_string()).unwrap();
    let target = place.path().join("target");
    let theirs = place.path().join("target.part/config.json");
    std::fs::create_dir(place.path().join("target.part")).unwrap();
    std::fs::write(&theirs, "{").unwrap();
    quantize_checkpoint(&source, &target, PackedFormat::Q8).unwrap();
    assert!(target.join("towers/vit/config.json").is_file());
    assert_eq!(std::fs::read(&theirs).unwrap(), b"{");
    load(&target, None).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["source", "target", "target.part"]);
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}
