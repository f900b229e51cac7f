//! The type of the cache: a choice on the CPU, refused elsewhere, close in its results.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use burn::tensor::{DType, Int, Tensor};
use pulse_llm::checkpoint::{CacheDtype, WeightDtype};
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
use pulse_llm::{DeviceName, LoadOptions, LoadedModel};

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../pulse-parity/golden/models/micro-llava-bf16")
}

fn load(dtype: Option<WeightDtype>, cache: Option<CacheDtype>) -> LoadedModel {
    let options = LoadOptions {
        dtype,
        cache,
        ..LoadOptions::default()
    };
    LoadedModel::load(&golden(), &options).unwrap()
}

/// Logits of one position behind ten in the cache.
fn logits(model: &LoadedModel) -> Vec<f32> {
    let decoder = &model.model.decoder;
    let mut cache = decoder.new_cache(1, 11);
    let mut forward = |ids: std::ops::Range<i64>| {
        let ids: Vec<i64> = ids.collect();
        let ids = Tensor::<1, Int>::from_data(ids.as_slice(), &model.device).unsqueeze();
        let input = DecoderInput {
            embeddings: decoder.embed(ids),
            padding: &[],
            cache: Some(&mut cache),
            logits: LogitRows::Last,
        };
        decoder.forward(input).into_data().try_into_vec().unwrap()
    };
    forward(3..13);
    forward(13..14)
}

#[test]
fn the_cache_is_f32_beside_bf16_weights_unless_asked() {
    let wide = load(None, None);
    assert_eq!(wide.model.decoder.cache_dtype(), DType::F32);
    let narrow = load(None, Some(CacheDtype::Bf16));
    assert_eq!(narrow.model.decoder.cache_dtype(), DType::BF16);
    let (wide, narrow) = (logits(&wide), logits(&narrow));
    let largest = std::iter::zip(&wide, &narrow)
        .map(|(wide, narrow)| (wide - narrow).abs())
        .fold(0f32, f32::max);
    // Eight bits of a value's fraction: far below the original's own error of bf16 (0.13), but not nothing.
    assert!(largest > 0.0 && largest < 0.05, "{largest}");
}

#[test]
fn the_cache_is_bf16_beside_packed_weights_unless_asked() {
    let narrow = load(Some(WeightDtype::Q8), None);
    assert_eq!(narrow.model.decoder.cache_dtype(), DType::BF16);
    let wide = load(Some(WeightDtype::Q8), Some(CacheDtype::F32));
    assert_eq!(wide.model.decoder.cache_dtype(), DType::F32);
}

#[test]
fn other_devices_and_names_are_refused() {
    let options = LoadOptions {
        device: DeviceName::Cuda(0),
        cache: Some(CacheDtype::Bf16),
        ..LoadOptions::default()
    };
    let message = LoadedModel::load(&golden(), &options)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("for the CPU") && message.contains("cuda:0"),
        "{message}"
    );
    let message = "q8".parse::<CacheDtype>().unwrap_err().to_string();
    assert!(
        message.contains("q8") && message.contains("f32 or bf16"),
        "{message}"
    );
}
