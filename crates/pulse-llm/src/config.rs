//! `config.json` of a checkpoint, read into one description whatever its layout.
//!
//! Behaviour follows from fields and tensors, never from the name of a folder. Unknown fields are
//! ignored, as they describe training; unknown values of known fields are errors.

use std::path::{Path, PathBuf};

use pulse_vision::{
    AspectMode, ClipVisionConfig, EncoderConfigError, FeatureSelection, MergeType, PixelSize,
    ProjectorKind, ProjectorKindError, TileConvention,
};
use serde::{Deserialize, Serialize};

use crate::decoder::{DecoderConfigError, LlamaConfig};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; a checkpoint folder needs it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not the JSON that was expected.
    #[error("{} is not a model configuration: {reason}; use the file published with the weights", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        reason: String,
    },
    /// The checkpoint is of another kind of model.
    #[error(
        "config.json has model_type {found:?}; expected \"llava_llama\", \"llava\" or \
         \"llava_next\" with a Llama decoder"
    )]
    ModelType {
        /// The type found.
        found: String,
    },
    /// A field has a value that is not implemented.
    #[error("config.json: {field} is {found}, expected {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What is implemented.
        expected: String,
    },
    /// The decoder's part is at fault.
    #[error(transparent)]
    Decoder(#[from] DecoderConfigError),
    /// The vision tower's part is at fault.
    #[error(transparent)]
    Encoder(#[from] EncoderConfigError),
    /// The projector's part is at fault.
    #[error("config.json: {0}")]
    Projector(#[from] ProjectorKindError),
}

/// How a checkpoint spells its tensors and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigLayout {
    /// The original LLaVA code's, as PULSE-7B is published.
    Llava,
    /// Hugging Face's `LlavaNextForConditionalGeneration`.
    LlavaNext,
}

/// Everything the rest of the crate needs to know about a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// Layout of the configuration.
    pub layout: ConfigLayout,
    /// The decoder.
    pub decoder: LlamaConfig,
    /// The vision tower.
    pub vision: ClipVisionConfig,
    /// Which features of the tower are used.
    pub selection: FeatureSelection,
    /// The projector.
    pub projector: ProjectorKind,
    /// How tiles become a sequence; `flat` where the configuration says nothing, as in the
    /// original.
    pub merge: MergeType,
    /// How a picture becomes tiles.
    pub aspect: AspectMode,
    /// The canvases that anyres chooses from.
    pub pinpoints: Vec<PixelSize>,
    /// Whose conventions the tile geometry follows.
    pub convention: TileConvention,
    /// Positions a prompt and its answer may take together.
    pub context: usize,
    /// Mean per channel, of the preprocessor's configuration.
    pub image_mean: [f64; 3],
    /// Standard deviation per channel.
    pub image_std: [f64; 3],
    /// Factor from bytes to the range that mean and deviation refer to.
    pub rescale_factor: f64,
    /// What must be said with every answer, for example that the model is no medical device: `notice`, a field of
    /// ours.
    pub notice: Option<String>,
}

impl ModelConfig {
    /// Reads `config.json` of a folder and what it refers to.
    ///
    /// # Errors
    /// [`ConfigError`] names the file or field at fault and what was expected.
    pub fn from_folder(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join("config.json");
        let json = read_json::<serde_json::Value>(&path)?;
        let model_type = json
            .get("model_type")
            .and_then(|value| value.as_str())
            .unwrap_or("");
        let notice = match json.get("notice") {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(other) => {
                return Err(ConfigError::Value {
                    field: "notice",
                    found: other.to_string(),
                    expected: "a text, or leave it out".to_owned(),
                });
            }
        };
        let config = match model_type {
            "llava_next" => Self::from_llava_next(folder, &path, json)?,
            // The base model's own file says `llava`, which transformers also uses for LLaVA-1.5 in
            // its own layout; only the original's has the mm_ fields.
            "llava_llama" => Self::from_llava(folder, &path, json)?,
            "llava" if json.get("mm_vision_tower").is_some() => {
                Self::from_llava(folder, &path, json)?
            }
            other => {
                return Err(ConfigError::ModelType {
                    found: other.to_owned(),
                });
            }
        };
        let config = Self { notice, ..config };
        if config.context == 0 {
            return Err(ConfigError::Value {
                field: "tokenizer_model_max_length",
                found: "0".to_owned(),
                expected: "1 or more, or leave it out".to_owned(),
            });
        }
        config.decoder.validate()?;
        config.vision.validate()?;
        config.selection.blocks(config.vision.num_hidden_layers)?;
        if config.projector == ProjectorKind::Identity
            && config.vision.hidden_size != config.decoder.hidden_size
        {
            return Err(ConfigError::Value {
                field: "mm_projector_type",
                found: "identity".to_owned(),
                expected: "equal widths of tower and decoder, or another projector".to_owned(),
            });
        }
        Ok(config)
    }

    fn from_llava(
        folder: &Path,
        path: &Path,
        json: serde_json::Value,
    ) -> Result<Self, ConfigError> {
        let decoder: LlamaConfig = parse(path, json.clone())?;
        let fields: LlavaFields = parse(path, json)?;
        let tower = tower_folder(folder, &fields.mm_vision_tower)?;
        let vision = match &tower {
            Some(tower) => read_json(&tower.join("config.json"))?,
            None => ClipVisionConfig::published(&fields.mm_vision_tower)?,
        };
        if let Some(width) = fields
            .mm_hidden_size
            .filter(|width| *width != vision.hidden_size)
        {
            return Err(ConfigError::Value {
                field: "mm_hidden_size",
                found: width.to_string(),
                expected: format!("{}, the width of the vision tower", vision.hidden_size),
            });
        }
        if fields.mm_use_im_start_end || fields.mm_use_im_patch_token {
            return Err(ConfigError::Value {
                field: "mm_use_im_start_end or mm_use_im_patch_token",
                found: "true".to_owned(),
                expected: "false, as in PULSE and LLaVA-1.6".to_owned(),
            });
        }
        let aspect = aspect(fields.image_aspect_ratio.as_deref());
        let normalisation = normalisation(tower.as_deref().unwrap_or(folder))?;
        Ok(Self {
            layout: ConfigLayout::Llava,
            selection: FeatureSelection::from_config(
                fields.mm_vision_select_layer,
                &fields.mm_vision_select_feature,
            )?,
            projector: ProjectorKind::try_from(fields.mm_projector_type)?,
            merge: merge_type(fields.mm_patch_merge_type.as_deref())?,
            pinpoints: pinpoints(&fields.image_grid_pinpoints.0, aspect)?,
            aspect,
            convention: TileConvention::Llava,
            context: fields
                .tokenizer_model_max_length
                .unwrap_or(decoder.max_position_embeddings)
                .min(decoder.max_position_embeddings),
            image_mean: normalisation.image_mean,
            image_std: normalisation.image_std,
            rescale_factor: normalisation.rescale_factor,
            notice: None,
            decoder,
            vision,
        })
    }

    fn from_llava_next(
        folder: &Path,
        path: &Path,
        json: serde_json::Value,
    ) -> Result<Self, ConfigError> {
        let fields: LlavaNextFields = parse(path, with_library_defaults(json))?;
        let mut decoder = fields.text_config;
        // Rows from the picture's id on were added by the conversion and hold random numbers.
        decoder.vocab_size = decoder.vocab_size.min(fields.image_token_index);
        let feature = match fields.vision_feature_select_strategy.as_str() {
            "default" => "patch",
            "full" => "cls_patch",
            other => {
                return Err(ConfigError::Value {
                    field: "vision_feature_select_strategy",
                    found: format!("{other:?}"),
                    expected: "\"default\" or \"full\"".to_owned(),
                });
            }
        };
        if fields.projector_hidden_act != "gelu" {
            return Err(ConfigError::Value {
                field: "projector_hidden_act",
                found: format!("{:?}", fields.projector_hidden_act),
                expected: "\"gelu\"".to_owned(),
            });
        }
        let normalisation = normalisation(folder)?;
        Ok(Self {
            layout: ConfigLayout::LlavaNext,
            selection: FeatureSelection::from_config(fields.vision_feature_layer, feature)?,
            projector: ProjectorKind::Mlp(2),
            merge: MergeType::SpatialUnpad,
            pinpoints: pinpoints(&fields.image_grid_pinpoints.0, AspectMode::Anyres)?,
            aspect: AspectMode::Anyres,
            convention: TileConvention::Hf,
            context: decoder.max_position_embeddings,
            image_mean: normalisation.image_mean,
            image_std: normalisation.image_std,
            rescale_factor: normalisation.rescale_factor,
            notice: None,
            decoder,
            vision: fields.vision_config,
        })
    }
}

/// Files of transformers leave out what equals the library's defaults (`LlamaConfig`,
/// `CLIPVisionConfig` and `LlavaNextConfig` of transformers 4.39 to 4.57): puts them in.
fn with_library_defaults(mut json: serde_json::Value) -> serde_json::Value {
    let text = serde_json::json!({
        "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "vocab_size": 32000
    });
    let vision = serde_json::json!({
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "num_attention_heads": 12, "num_channels": 3, "image_size": 224, "patch_size": 32,
        "layer_norm_eps": 1e-5, "hidden_act": "quick_gelu"
    });
    for (part, defaults) in [("text_config", text), ("vision_config", vision)] {
        let (Some(fields), serde_json::Value::Object(defaults)) = (
            json.get_mut(part).and_then(|part| part.as_object_mut()),
            defaults,
        ) else {
            continue;
        };
        for (name, value) in defaults {
            fields.entry(name).or_insert(value);
        }
    }
    json
}

#[derive(Deserialize)]
struct LlavaFields {
    mm_vision_tower: String,
    #[serde(default)]
    mm_hidden_size: Option<usize>,
    #[serde(default = "minus_two")]
    mm_vision_select_layer: i64,
    #[serde(default = "patch")]
    mm_vision_select_feature: String,
    #[serde(default = "linear")]
    mm_projector_type: String,
    #[serde(default)]
    mm_patch_merge_type: Option<String>,
    #[serde(default)]
    mm_use_im_start_end: bool,
    #[serde(default)]
    mm_use_im_patch_token: bool,
    #[serde(default)]
    image_aspect_ratio: Option<String>,
    #[serde(default)]
    image_grid_pinpoints: Pinpoints,
    #[serde(default)]
    tokenizer_model_max_length: Option<usize>,
}

#[derive(Deserialize)]
struct LlavaNextFields {
    text_config: LlamaConfig,
    vision_config: ClipVisionConfig,
    #[serde(default = "minus_two")]
    vision_feature_layer: i64,
    #[serde(default = "default_strategy")]
    vision_feature_select_strategy: String,
    #[serde(default = "gelu")]
    projector_hidden_act: String,
    #[serde(alias = "image_token_id")]
    image_token_index: usize,
    image_grid_pinpoints: Pinpoints,
}

fn minus_two() -> i64 {
    -2
}

fn patch() -> String {
    "patch".to_owned()
}

fn linear() -> String {
    "linear".to_owned()
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn default_strategy() -> String {
    "default".to_owned()
}

/// A list of `[a, b]`, as JSON or, in older files, as a string that holds one.
#[derive(Default)]
struct Pinpoints(Vec<[u32; 2]>);

impl<'de> Deserialize<'de> for Pinpoints {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Spelling {
            List(Vec<[u32; 2]>),
            Text(String),
            Nothing(()),
        }
        match Spelling::deserialize(deserializer)? {
            Spelling::List(list) => Ok(Self(list)),
            Spelling::Text(text) => serde_json::from_str(&text)
                .map(Self)
                .map_err(serde::de::Error::custom),
            Spelling::Nothing(()) => Ok(Self::default()),
        }
    }
}

/// As the original reads it, but not in silence: cutting the centre out loses the ends of an ECG.
fn aspect(value: Option<&str>) -> AspectMode {
    let mode = AspectMode::from_config(value);
    // `square` is the name that LLaVA gives to its default, the crop.
    if let (AspectMode::Crop, Some(name)) = (mode, value.filter(|name| *name != "square")) {
        tracing::warn!(
            "image_aspect_ratio is {name:?}, which is not known; as in the original the centre of \
             the picture is cut out, so the ends of an ECG are lost; expected \"anyres\" or \"pad\""
        );
    }
    mode
}

fn pinpoints(list: &[[u32; 2]], aspect: AspectMode) -> Result<Vec<PixelSize>, ConfigError> {
    if list.is_empty() && aspect == AspectMode::Anyres {
        return Err(ConfigError::Value {
            field: "image_grid_pinpoints",
            found: "nothing".to_owned(),
            expected: "a list of canvases, as image_aspect_ratio is \"anyres\"".to_owned(),
        });
    }
    Ok(list
        .iter()
        .map(|[width, height]| PixelSize {
            width: *width,
            height: *height,
        })
        .collect())
}

fn merge_type(name: Option<&str>) -> Result<MergeType, ConfigError> {
    match name {
        None | Some("flat") => Ok(MergeType::Flat),
        Some("spatial") => Ok(MergeType::Spatial),
        Some("spatial_unpad") => Ok(MergeType::SpatialUnpad),
        Some(other) => Err(ConfigError::Value {
            field: "mm_patch_merge_type",
            found: format!("{other:?}"),
            expected: "\"flat\", \"spatial\" or \"spatial_unpad\"".to_owned(),
        }),
    }
}

/// The part of `preprocessor_config.json` that varies; absent means OpenAI's CLIP, which is what
/// the original loads by the tower's name.
#[derive(Deserialize)]
struct Normalisation {
    #[serde(default = "clip_mean")]
    image_mean: [f64; 3],
    #[serde(default = "clip_std")]
    image_std: [f64; 3],
    #[serde(default = "per_255")]
    rescale_factor: f64,
}

fn clip_mean() -> [f64; 3] {
    [0.48145466, 0.4578275, 0.40821073]
}

fn clip_std() -> [f64; 3] {
    [0.26862954, 0.26130258, 0.27577711]
}

fn per_255() -> f64 {
    1.0 / 255.0
}

fn normalisation(folder: &Path) -> Result<Normalisation, ConfigError> {
    let path = folder.join("preprocessor_config.json");
    if path.exists() {
        return read_json(&path);
    }
    Ok(Normalisation {
        image_mean: clip_mean(),
        image_std: clip_std(),
        rescale_factor: per_255(),
    })
}

/// The folder beside the configuration that describes the tower, if the name is one; a name may
/// not lead out of the checkpoint's folder.
fn tower_folder(folder: &Path, name: &str) -> Result<Option<PathBuf>, ConfigError> {
    let plain = !name.is_empty()
        && Path::new(name)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
    if !plain {
        return Err(ConfigError::Value {
            field: "mm_vision_tower",
            found: format!("{name:?}"),
            expected: "a known tower or a folder inside the checkpoint's".to_owned(),
        });
    }
    let tower = folder.join(name);
    Ok(tower.join("config.json").is_file().then_some(tower))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|error| ConfigError::Malformed {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn parse<T: serde::de::DeserializeOwned>(
    path: &Path,
    json: serde_json::Value,
) -> Result<T, ConfigError> {
    serde_json::from_value(json).map_err(|error| ConfigError::Malformed {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
