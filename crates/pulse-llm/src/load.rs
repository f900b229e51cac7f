//! A checkpoint folder to a model that is ready to run on ids and pictures.

use std::path::Path;
use std::time::Instant;

use burn::module::Param;
use burn::tensor::{DType, Device};
use pulse_kernels::Scope;
use pulse_vision::{
    ClipVisionEncoder, MergeType, MlpProjector, PageImage, PassOrder, Preprocessor,
    PreprocessorConfig, TileConvention, TilePixels, VisualEncoder, VisualTokens,
};

use crate::chat::check_context;
use crate::checkpoint::{
    CacheDtype, CheckpointError, CheckpointSource, Layout, OptionalSource, PackedFolder,
    StoredLayers, TensorDtype, WeightDtype, WeightFiles, WeightsDigest, check_declared,
    layout_names,
};
use crate::config::ModelConfig;
use crate::decoder::{LlamaDecoder, RopeRounding};
use crate::device::DeviceName;
use crate::error::PulseError;
use crate::hub::HubOptions;
use crate::multimodal::PulseModel;

/// How to load a model. The default takes everything from the checkpoint and runs on the processor.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Where to run.
    pub device: DeviceName,
    /// Type of the weights; `None` keeps them as stored on the processor and takes bf16 on GPUs.
    pub dtype: Option<WeightDtype>,
    /// Type of keys and values in the cache, on the CPU only; `None` takes bf16 beside packed weights, where the
    /// cache would be a large part of what a step reads, and f32 beside others.
    pub cache: Option<CacheDtype>,
    /// Overrides the checkpoint's merge type.
    pub merge: Option<MergeType>,
    /// Overrides whose conventions the tile geometry follows.
    pub convention: Option<TileConvention>,
    /// Which of Pillow's pass orders resizing follows.
    pub pass_order: PassOrder,
    /// Conversation template; `None` is `llava_v1`, which PULSE was trained with.
    pub template: Option<String>,
    /// Whether the rotary tables are rounded as in the original.
    pub rope_rounding: RopeRounding,
    /// Download settings, used when the model is a Hub id.
    pub hub: HubOptions,
}

/// A model without its tokenizer: works on ids and pictures.
#[derive(Debug)]
pub struct LoadedModel {
    /// Encoder, projector and decoder.
    pub model: PulseModel,
    /// The checkpoint's configuration, overrides applied.
    pub config: ModelConfig,
    /// Pictures to tiles.
    pub preprocessor: Preprocessor,
    /// Where the model lies.
    pub device: Device,
    /// The type of hidden states.
    pub activations: DType,
    /// The type of matrices as reported in provenance.
    pub dtype: String,
    /// Spelling of the checkpoint's tensors.
    pub layout: &'static Layout,
    /// Name of the exact weights.
    pub digest: WeightsDigest,
    /// Seconds that loading took.
    pub load_s: f64,
}

/// A picture ready to be put into a prompt.
#[derive(Debug, Clone)]
pub struct EncodedPicture {
    /// Its visual tokens.
    pub tokens: VisualTokens,
    /// Columns and rows of tiles; `[0, 0]` for a picture of one tile.
    pub grid: [u32; 2],
    /// Seconds to make tiles.
    pub preprocess_s: f64,
    /// Seconds to make visual tokens.
    pub vision_s: f64,
}

impl LoadedModel {
    /// Loads the checkpoint in `folder`.
    ///
    /// # Errors
    /// [`PulseError`] for anything that is missing, damaged or contradictory; all defects of the
    /// tensors are in one message.
    pub fn load(folder: &Path, options: &LoadOptions) -> Result<Self, PulseError> {
        let start = Instant::now();
        let mut config = ModelConfig::from_folder(folder)?;
        config.merge = options.merge.unwrap_or(config.merge);
        config.convention = options.convention.unwrap_or(config.convention);
        let preprocessor = Preprocessor::new(PreprocessorConfig {
            mode: config.aspect,
            tile_side: config.vision.image_size as u32,
            pinpoints: config.pinpoints.clone(),
            convention: config.convention,
            pass_order: options.pass_order,
            mean: config.image_mean,
            std: config.image_std,
            rescale_factor: config.rescale_factor,
        })?;
        let packed = PackedFolder::of(folder)?;
        let dtype = packed_dtype(options, packed.as_ref())?;
        let (matrices, activations) = types(options.device, dtype);
        let cache = cache_type(options, matrices, activations)?;
        let device = options.device.open()?;
        if cfg!(target_arch = "x86_64")
            && options.device == DeviceName::Cpu
            && pulse_kernels::Level::detect() == pulse_kernels::Level::Portable
        {
            tracing::warn!(
                "this processor lacks AVX2, FMA or F16C: the portable kernels run, several times slower"
            );
        }
        let files = WeightFiles::open(folder)?;
        check_declared(folder, &files, packed.as_ref())?;
        let layout = Layout::detect(&files)?;
        let mut source = CheckpointSource::new(&files, layout, &device, matrices, activations)
            .with_layers(match &packed {
                None => StoredLayers::Plain,
                Some(_) if options.device == DeviceName::Cpu => StoredLayers::Packed,
                Some(_) => StoredLayers::Widened,
            });
        let model = build(
            &mut source,
            &config,
            options.rope_rounding,
            activations.into(),
            cache.into(),
        )?;
        source.finish()?;
        Ok(Self {
            model,
            config,
            preprocessor,
            activations: activations.into(),
            dtype: matrices.map_or_else(|| "as stored".to_owned(), |dtype| dtype.to_string()),
            layout,
            digest: WeightsDigest::of(&files),
            device,
            load_s: start.elapsed().as_secs_f64(),
        })
    }

    /// Refuses a picture whose visual tokens alone fill the context, before the tower computes them.
    fn check_room(&self, tiles: &TilePixels) -> Result<(), PulseError> {
        let geometry = self.model.encoder.geometry();
        let visual = match tiles.plan() {
            Some(plan) if self.config.merge != MergeType::Flat => {
                plan.visual_token_count(self.config.merge, geometry.patches_per_side)
            }
            _ => tiles.count() * geometry.features_per_tile,
        };
        Ok(check_context(visual, visual, self.config.context)?)
    }

    /// A picture to visual tokens.
    ///
    /// # Errors
    /// [`PulseError`] if the picture cannot be tiled, its tokens alone fill the model's context, or
    /// the merge type needs what is not there.
    pub fn encode(&self, picture: &PageImage) -> Result<EncodedPicture, PulseError> {
        let start = Instant::now();
        let tiles = self.preprocessor.preprocess(picture)?;
        let preprocess_s = start.elapsed().as_secs_f64();
        let encoded = self.encode_tiles(&tiles)?;
        Ok(EncodedPicture {
            preprocess_s,
            ..encoded
        })
    }

    /// Tiles that the [`preprocessor`](Self::preprocessor) made, perhaps in another thread while this
    /// one computed, to visual tokens. Their `preprocess_s` is 0.
    ///
    /// # Errors
    /// [`PulseError`] if the tokens alone fill the model's context or the merge type needs what is not
    /// there.
    pub fn encode_tiles(&self, tiles: &TilePixels) -> Result<EncodedPicture, PulseError> {
        self.check_room(tiles)?;
        let start = Instant::now();
        let tokens = self
            .model
            .encode_picture(tiles, self.activations, &self.device)?;
        // Devices work behind the caller's back; without waiting the time would be booked to the
        // prefill. A failure shows there.
        let _ = self.device.sync();
        let grid = tiles
            .plan()
            .map_or([0, 0], |plan| [plan.grid().columns, plan.grid().rows]);
        Ok(EncodedPicture {
            tokens,
            grid,
            preprocess_s: 0.0,
            vision_s: start.elapsed().as_secs_f64(),
        })
    }
}

/// The type of weights asked for, or the one that the folder is packed in.
fn packed_dtype(
    options: &LoadOptions,
    packed: Option<&PackedFolder>,
) -> Result<Option<WeightDtype>, CheckpointError> {
    let dtype = match (packed, options.dtype) {
        (Some(packed), Some(asked)) if asked != packed.dtype() => {
            return Err(CheckpointError::PackedAs {
                found: packed.format.name(),
                asked: asked.to_string(),
            });
        }
        (Some(packed), _) => Some(packed.dtype()),
        (None, asked) => asked,
    };
    match dtype {
        // Packing here for a device that widens what is packed would lose precision and gain nothing.
        Some(dtype)
            if packed.is_none() && dtype.is_packed() && options.device != DeviceName::Cpu =>
        {
            Err(CheckpointError::PackedDevice {
                dtype: dtype.to_string(),
                device: options.device.to_string(),
            })
        }
        dtype => Ok(dtype),
    }
}

/// Types of matrices (`None`: as stored) and of activations.
fn types(device: DeviceName, dtype: Option<WeightDtype>) -> (Option<WeightDtype>, TensorDtype) {
    match (device, dtype) {
        (DeviceName::Cpu, dtype) => (dtype, TensorDtype::F32),
        (device, None) if device.prefers_half_precision() => {
            (Some(WeightDtype::Bf16), TensorDtype::Bf16)
        }
        (_, Some(WeightDtype::Bf16)) => (Some(WeightDtype::Bf16), TensorDtype::Bf16),
        (device, Some(packed)) if packed.is_packed() => {
            if device.prefers_half_precision() {
                (Some(packed), TensorDtype::Bf16)
            } else {
                (Some(packed), TensorDtype::F32)
            }
        }
        (_, Some(WeightDtype::F16)) => (Some(WeightDtype::F16), TensorDtype::F16),
        (_, _) => (Some(WeightDtype::F32), TensorDtype::F32),
    }
}

/// The type of the cache: what is asked for, otherwise 16 bits beside packed weights and that of the activations
/// beside others.
fn cache_type(
    options: &LoadOptions,
    matrices: Option<WeightDtype>,
    activations: TensorDtype,
) -> Result<TensorDtype, CheckpointError> {
    match options.cache {
        Some(_) if options.device != DeviceName::Cpu => Err(CheckpointError::CacheDevice {
            device: options.device.to_string(),
        }),
        Some(asked) => Ok(asked.into()),
        None if matrices.is_some_and(WeightDtype::is_packed) => Ok(TensorDtype::Bf16),
        None => Ok(activations),
    }
}

/// The model from a source of weights, or, with a source that hands out stand-ins, the list of what it
/// asks for.
pub(crate) fn build<S: OptionalSource>(
    source: &mut S,
    config: &ModelConfig,
    rope_rounding: RopeRounding,
    activations: DType,
    cache: DType,
) -> Result<PulseModel, PulseError> {
    let (width, hidden) = (config.vision.hidden_size, config.decoder.hidden_size);
    Ok(PulseModel {
        encoder: ClipVisionEncoder::load(
            Scope::new(source, layout_names::VISION),
            config.vision.clone(),
            config.selection,
        )?,
        projector: MlpProjector::load(source, config.projector, width, hidden, |layer| {
            layout_names::projector_layer(config.projector, layer)
        }),
        decoder: LlamaDecoder::load(source, config.decoder.clone(), rope_rounding, activations)?
            .with_cache(cache),
        image_newline: source
            .optional(layout_names::IMAGE_NEWLINE, [hidden])
            .map(Param::from_tensor),
        merge: config.merge,
    })
}
