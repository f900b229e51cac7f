//! The model that a run leaves: names, shapes, types and fields of the original's layout.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{base, run, settings, write_data};
use pulse_kernels::PackedFormat;
use pulse_llm::checkpoint::quantize_checkpoint;
use pulse_llm::{GenerateOptions, LoadOptions, Pulse, open_image};
use pulse_train::Resume;
use pulse_train::config::PackedType;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

fn tensors(folder: &Path) -> BTreeMap<String, (Dtype, Vec<usize>)> {
    let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .map(|(name, view)| (name, (view.dtype(), view.shape().to_vec())))
        .collect()
}

#[test]
fn the_export_has_the_originals_names_shapes_types_and_fields() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.train.max_steps = Some(2);
    let summary = run(config, &Resume::Never).0.unwrap();
    let model = summary.export.unwrap().model;
    let checkpoint = summary.checkpoint.unwrap();
    for place in [&model, &checkpoint] {
        let found = tensors(place);
        let original = tensors(&base());
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            original.keys().collect::<Vec<_>>()
        );
        for (name, (dtype, shape)) in &found {
            assert_eq!((*dtype, shape), (Dtype::BF16, &original[name].1), "{name}");
        }
        let header = std::fs::read(place.join("model.safetensors")).unwrap();
        // The original's library refuses files that do not say this.
        let text = String::from_utf8_lossy(&header[8..200.min(header.len())]).into_owned();
        assert!(text.contains("\"format\":\"pt\""), "{text}");
        let fields: Value =
            serde_json::from_slice(&std::fs::read(place.join("config.json")).unwrap()).unwrap();
        for (name, value) in [
            ("architectures", json!(["LlavaLlamaForCausalLM"])),
            ("model_type", json!("llava_llama")),
            ("torch_dtype", json!("bfloat16")),
            ("mm_patch_merge_type", json!("flat")),
            ("mm_projector_type", json!("mlp2x_gelu")),
            ("mm_vision_select_layer", json!(-2)),
            ("mm_vision_select_feature", json!("patch")),
            ("unfreeze_mm_vision_tower", json!(true)),
            ("mm_use_im_start_end", json!(false)),
            ("use_cache", json!(true)),
            ("image_aspect_ratio", json!("anyres")),
        ] {
            assert_eq!(fields[name], value, "{name}");
        }
        assert!(place.join("vision_tower/config.json").is_file());
        assert!(place.join("tokenizer_config.json").is_file());
    }
    // It loads and answers like any model.
    let pulse = Pulse::load(&model.to_string_lossy(), LoadOptions::default()).unwrap();
    let picture = open_image(folder.path().join("0.png")).unwrap();
    let options = GenerateOptions {
        temperature: 0.0,
        max_new_tokens: 4,
        ..GenerateOptions::default()
    };
    let answer = pulse.ask(&picture, "Read it.", options).unwrap();
    assert!(!answer.token_ids.is_empty());
}

#[test]
fn frozen_parts_leave_a_run_as_they_came_and_trained_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.model.tune = vec![pulse_llm::checkpoint::ModelPart::Projector];
    config.train.max_steps = Some(3);
    let model = run(config, &Resume::Never).0.unwrap().export.unwrap().model;
    let read = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
    let (before, after) = (read(&base()), read(&model));
    let before = SafeTensors::deserialize(&before).unwrap();
    let after = SafeTensors::deserialize(&after).unwrap();
    for name in before.names() {
        let is_same = before.tensor(name).unwrap().data() == after.tensor(name).unwrap().data();
        assert_eq!(is_same, !name.contains("mm_projector"), "{name}");
    }
}

#[test]
fn packed_forms_are_those_of_quantize_and_replace_those_of_before() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let mut config = settings(folder.path(), "run");
    config.train.max_steps = Some(2);
    config.checkpoint.packed = vec![PackedType::Q8, PackedType::Q4];
    let export = run(config.clone(), &Resume::Never)
        .0
        .unwrap()
        .export
        .unwrap();
    let names: Vec<_> = export
        .packed
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["model-q8", "model-q4"]);
    let weights = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
    let first = export
        .packed
        .iter()
        .map(|path| weights(path))
        .collect::<Vec<_>>();
    for (packed, format) in export
        .packed
        .iter()
        .zip([PackedFormat::Q8, PackedFormat::Q4])
    {
        let again = folder.path().join(format.name());
        quantize_checkpoint(&export.model, &again, format).unwrap();
        assert_eq!(weights(packed), weights(&again), "{}", format.name());
        let pulse = Pulse::load(&packed.to_string_lossy(), LoadOptions::default()).unwrap();
        let picture = open_image(folder.path().join("0.png")).unwrap();
        let options = GenerateOptions {
            temperature: 0.0,
            max_new_tokens: 2,
            ..GenerateOptions::default()
        };
        assert!(
            !pulse
                .ask(&picture, "Read it.", options)
                .unwrap()
                .token_ids
                .is_empty()
        );
    }
    // The end of the run once more: the same folders, written anew, nothing left beside them.
    std::fs::write(export.packed[0].join("model.safetensors"), b"old").unwrap();
    let export = run(config, &Resume::Latest).0.unwrap().export.unwrap();
    assert_eq!(
        export
            .packed
            .iter()
            .map(|path| weights(path))
            .collect::<Vec<_>>(),
        first
    );
    let left: Vec<_> = std::fs::read_dir(folder.path().join("run"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.') || name.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
