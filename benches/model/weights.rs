//! A vision tower and a decoder with random weights of any type, or those of a checkpoint.

use std::path::Path;

use burn::tensor::{DType, Device, Distribution, Tensor};
use pulse_kernels::{LinearWeight, PackedMatrix, Precision, Scope, WeightSource};
use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::decoder::{LlamaConfig, LlamaDecoder, RopeRounding};
use pulse_llm::{LoadOptions, LoadedModel};
use pulse_vision::{ClipVisionConfig, ClipVisionEncoder, FeatureSelection};

/// What is measured.
pub(crate) struct Model {
    /// CLIP ViT-L/14-336, or the checkpoint's.
    pub(crate) encoder: ClipVisionEncoder,
    /// A Llama of 1.1 billion parameters, or the checkpoint's.
    pub(crate) decoder: LlamaDecoder,
    /// The type of its matrices.
    pub(crate) dtype: WeightDtype,
}

impl Model {
    /// Random weights; the cache is bf16 beside packed ones, as in a loaded model.
    pub(crate) fn random(dtype: WeightDtype) -> Self {
        let mut source = RandomSource {
            device: Device::flex(),
            dtype,
        };
        let clip = ClipVisionConfig::published("openai/clip-vit-large-patch14-336").expect("known");
        let encoder = ClipVisionEncoder::load(
            Scope::new(&mut source, ""),
            clip,
            FeatureSelection::default(),
        )
        .expect("sound");
        let llama: LlamaConfig = serde_json::from_value(serde_json::json!({
            "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22,
            "num_attention_heads": 32, "num_key_value_heads": 4, "vocab_size": 32000,
            "rms_norm_eps": 1e-5, "max_position_embeddings": 4096
        }))
        .expect("fields of a Llama");
        let mut decoder =
            LlamaDecoder::load(&mut source, llama, RopeRounding::None, DType::F32).expect("sound");
        if dtype.is_packed() {
            decoder = decoder.with_cache(DType::BF16);
        }
        Self {
            encoder,
            decoder,
            dtype,
        }
    }

    /// A checkpoint folder as `infer` loads it.
    pub(crate) fn of(folder: &Path) -> Self {
        let loaded = LoadedModel::load(folder, &LoadOptions::default());
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let config = std::fs::read_to_string(folder.join("config.json")).expect("was read before");
        let dtype = match loaded.dtype.parse() {
            Ok(dtype) => dtype,
            // As stored: the configuration says how.
            Err(_) if config.contains("float32") => WeightDtype::F32,
            Err(_) => WeightDtype::Bf16,
        };
        Self {
            dtype,
            encoder: loaded.model.encoder,
            decoder: loaded.model.decoder,
        }
    }
}

/// Weights of any name and shape.
struct RandomSource {
    device: Device,
    dtype: WeightDtype,
}

impl WeightSource for RandomSource {
    fn tensor<const D: usize>(
        &mut self,
        _: &str,
        shape: [usize; D],
        precision: Precision,
    ) -> Tensor<D> {
        let weight = Tensor::<D>::random(shape, Distribution::Uniform(-0.02, 0.02), &self.device);
        match (precision, self.dtype) {
            (Precision::Activation, _) | (_, WeightDtype::F32) => weight,
            _ => weight.cast(DType::BF16),
        }
    }

    fn linear_weight(&mut self, name: &str, shape: [usize; 2]) -> LinearWeight {
        let Some(format) = self.dtype.format_of(name) else {
            return self.tensor(name, shape, Precision::Matrix).into();
        };
        let values = Tensor::<2>::random(shape, Distribution::Uniform(-0.02, 0.02), &self.device);
        let values: Vec<f32> = values.into_data().try_into_vec().expect("f32");
        let fill = |first: usize, rows: &mut [f32]| {
            let at = first * shape[1];
            rows.copy_from_slice(&values[at..at + rows.len()]);
        };
        PackedMatrix::quantize(format, shape, fill)
            .expect("whole blocks")
            .into()
    }
}
