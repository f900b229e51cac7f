//! The files of a model beside its weights, for the folder that is written.
//!
//! The layout is the original's (`LlavaLlamaForCausalLM`), whatever the base was: its Python loads
//! the result, and so does everything here.

use std::path::{Path, PathBuf};

use pulse_llm::checkpoint::{Layout, StoredTensor, WeightFiles};
use pulse_llm::{ConfigLayout, ModelConfig, PulseError};
use serde_json::{Map, Value, json};

use super::error::CheckpointError;
use crate::config::ExportType;

/// Names of a checkpoint's small files that go along unchanged.
const COMPANIONS: [&str; 7] = [
    "tokenizer.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "preprocessor_config.json",
    "generation_config.json",
];

/// Tensors of the tower that no computation needs and the original's loader wants to find.
const UNUSED: [&str; 2] = [
    "model.vision_tower.vision_tower.vision_model.post_layernorm.weight",
    "model.vision_tower.vision_tower.vision_model.post_layernorm.bias",
];

/// What is copied or derived from the base model.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// Relative name and content of each small file.
    pub(super) texts: Vec<(PathBuf, Vec<u8>)>,
    /// Tensors that go along as stored.
    pub(super) tensors: Vec<(String, StoredTensor)>,
    /// Type of the weights.
    pub(super) dtype: ExportType,
    /// Name of the architecture with its sizes.
    pub(crate) architecture: String,
}

impl ModelFiles {
    /// Reads the base model's folder. `config` has the overrides of the run.
    ///
    /// # Errors
    /// [`PulseError`] if the folder's weights cannot be opened, [`CheckpointError::File`] if another
    /// file cannot be read.
    pub fn of(
        base: &Path,
        config: &ModelConfig,
        dtype: ExportType,
    ) -> Result<Self, crate::TrainError> {
        let weights = WeightFiles::open(base).map_err(PulseError::from)?;
        let layout = Layout::detect(&weights).map_err(PulseError::from)?;
        let tensors = UNUSED
            .iter()
            .filter_map(|name| {
                let stored = weights.tensor(&layout.file_name(name))?;
                Some(((*name).to_owned(), stored))
            })
            .collect();
        let mut texts = Vec::new();
        for name in COMPANIONS {
            if let Some(bytes) = read_if_there(&base.join(name))? {
                let bytes = match name {
                    "generation_config.json" => sound_generation(&bytes).unwrap_or(bytes),
                    _ => bytes,
                };
                texts.push((PathBuf::from(name), bytes));
            }
        }
        let mut fields = match config.layout {
            ConfigLayout::Llava => read_fields(&base.join("config.json"))?,
            ConfigLayout::LlavaNext => Map::new(),
        };
        describe(&mut fields, config, dtype);
        let tower = fields.get("mm_vision_tower").and_then(Value::as_str);
        let tower = tower
            .map(|name| base.join(name))
            .filter(|path| path.is_dir());
        match tower {
            Some(folder) => {
                for name in ["config.json", "preprocessor_config.json"] {
                    if let Some(bytes) = read_if_there(&folder.join(name))? {
                        texts.push((Path::new("vision_tower").join(name), bytes));
                    }
                }
                fields.insert("mm_vision_tower".into(), "vision_tower".into());
            }
            None if !fields.contains_key("mm_vision_tower") => {
                texts.extend(tower_files(config));
                fields.insert("mm_vision_tower".into(), "vision_tower".into());
            }
            None => {}
        }
        texts.push((PathBuf::from("config.json"), pretty(&Value::Object(fields))));
        Ok(Self {
            texts,
            tensors,
            dtype,
            architecture: architecture(config),
        })
    }
}

/// The architecture in one line: what must be equal for weights to fit.
fn architecture(config: &ModelConfig) -> String {
    let (text, vision) = (&config.decoder, &config.vision);
    format!(
        "llama {}x{} mlp {} heads {}/{} vocabulary {}; clip {}x{} mlp {} heads {} patch {} tile {}; \
         projector {}",
        text.num_hidden_layers,
        text.hidden_size,
        text.intermediate_size,
        text.num_attention_heads,
        text.key_value_heads(),
        text.vocab_size,
        vision.num_hidden_layers,
        vision.hidden_size,
        vision.intermediate_size,
        vision.num_attention_heads,
        vision.patch_size,
        vision.image_size,
        String::from(config.projector),
    )
}

/// Sets the fields that decide how the model is loaded and run; others stay as the base has them.
fn describe(fields: &mut Map<String, Value>, config: &ModelConfig, dtype: ExportType) {
    let text = &config.decoder;
    let feature = match config.selection.feature {
        pulse_vision::SelectedFeature::Patch => "patch",
        pulse_vision::SelectedFeature::ClsPatch => "cls_patch",
    };
    let pinpoints: Vec<[u32; 2]> = config
        .pinpoints
        .iter()
        .map(|size| [size.width, size.height])
        .collect();
    let aspect = match config.aspect {
        pulse_vision::AspectMode::Anyres => "anyres",
        pulse_vision::AspectMode::Pad => "pad",
        pulse_vision::AspectMode::Crop => "square",
    };
    let set = json!({
        "architectures": ["LlavaLlamaForCausalLM"],
        "model_type": "llava_llama",
        "torch_dtype": match dtype { ExportType::Bf16 => "bfloat16", ExportType::F32 => "float32" },
        "mm_patch_merge_type": config.merge,
        "mm_projector_type": String::from(config.projector),
        "mm_vision_select_feature": feature,
        "mm_vision_select_layer": config.selection.layer,
        "mm_hidden_size": config.vision.hidden_size,
        "mm_use_im_start_end": false,
        "mm_use_im_patch_token": false,
        "use_mm_proj": true,
        // The tower's weights are in the checkpoint and must be taken from there.
        "unfreeze_mm_vision_tower": true,
        "image_aspect_ratio": aspect,
        "image_grid_pinpoints": pinpoints,
        "use_cache": true,
    });
    let defaults = json!({
        "hidden_size": text.hidden_size,
        "intermediate_size": text.intermediate_size,
        "num_hidden_layers": text.num_hidden_layers,
        "num_attention_heads": text.num_attention_heads,
        "num_key_value_heads": text.key_value_heads(),
        "vocab_size": text.vocab_size,
        "rms_norm_eps": text.rms_norm_eps,
        "rope_theta": text.rope_theta,
        "max_position_embeddings": text.max_position_embeddings,
        "tie_word_embeddings": text.tie_word_embeddings,
        "hidden_act": "silu",
        "tokenizer_model_max_length": config.context,
        "tokenizer_padding_side": "right",
        "eos_token_id": text.eos_token_id,
        "bos_token_id": 1,
        "pad_token_id": 0,
    });
    if let Value::Object(set) = set {
        fields.extend(set);
    }
    if let Value::Object(defaults) = defaults {
        for (name, value) in defaults {
            fields.entry(name).or_insert(value);
        }
    }
}

/// The tower's configuration and normalisation, where the base keeps them elsewhere.
fn tower_files(config: &ModelConfig) -> Vec<(PathBuf, Vec<u8>)> {
    let vision = &config.vision;
    let tower = json!({
        "model_type": "clip_vision_model",
        "hidden_size": vision.hidden_size,
        "intermediate_size": vision.intermediate_size,
        "num_hidden_layers": vision.num_hidden_layers,
        "num_attention_heads": vision.num_attention_heads,
        "num_channels": vision.num_channels,
        "image_size": vision.image_size,
        "patch_size": vision.patch_size,
        "layer_norm_eps": vision.layer_norm_eps,
        "hidden_act": vision.hidden_act,
        "projection_dim": vision.hidden_size,
    });
    let side = vision.image_size;
    let pictures = json!({
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": true, "size": {"shortest_edge": side}, "resample": 3,
        "do_center_crop": true, "crop_size": {"height": side, "width": side},
        "do_rescale": true, "rescale_factor": config.rescale_factor,
        "do_normalize": true, "image_mean": config.image_mean, "image_std": config.image_std,
        "do_convert_rgb": true,
    });
    let file = |name: &str, value: &Value| (Path::new("vision_tower").join(name), pretty(value));
    vec![
        file("config.json", &tower),
        file("preprocessor_config.json", &pictures),
    ]
}

/// Takes sampling fields out of a generation configuration that does not sample: the original's
/// library refuses to save or load the combination.
fn sound_generation(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut fields: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    if fields.get("do_sample") != Some(&Value::Bool(true)) {
        for name in ["temperature", "top_p", "top_k"] {
            fields.remove(name);
        }
    }
    serde_json::to_vec_pretty(&fields).ok()
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}").into_bytes()
}

/// The fields of a JSON object in a file.
fn read_fields(path: &Path) -> Result<Map<String, Value>, CheckpointError> {
    let failed = |source| CheckpointError::File {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::read(path).map_err(failed)?;
    serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, CheckpointError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CheckpointError::File {
            path: path.to_owned(),
            source,
        }),
    }
}
