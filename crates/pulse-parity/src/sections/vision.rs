//! The vision tower: every hidden state and the selected features.

use burn::tensor::{DType, Tensor, TensorData};
use pulse_llm::{LoadedModel, MergeType};
use pulse_vision::{PageImage, VisualEncoder};

use super::cases::{LOGITS_ABS, MODEL, values};
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let tensors = golden.tensors("micro/vision.safetensors")?;
    let model = models.load(MODEL, MergeType::Flat)?;
    let mut states = Check::within("hidden states: max abs", LOGITS_ABS);
    let mut last = Check::within("last hidden state: max abs", LOGITS_ABS);
    let mut selected = Check::within("selected features: max abs", LOGITS_ABS);
    for name in tensors.names()? {
        let Some(file) = name.strip_suffix(".selected") else {
            continue;
        };
        let Some(picture) = models.picture(file)? else {
            continue;
        };
        let tiles = tiles(&model, &picture)?;
        let encoder = &model.model.encoder;
        let ours = encoder.hidden_states(tiles.clone());
        for (layer, state) in ours.iter().enumerate() {
            let tensor = format!("{file}.hidden_states.{layer}");
            states.values(&tensor, &values(state.clone()), &tensors.f32(&tensor)?);
        }
        if let Some(state) = ours.last() {
            let tensor = format!("{file}.last_hidden_state");
            last.values(&tensor, &values(state.clone()), &tensors.f32(&tensor)?);
        }
        selected.values(file, &values(encoder.encode(tiles)), &tensors.f32(&name)?);
    }
    Ok(vec![states, last, selected])
}

/// A picture's tiles on the device.
pub(super) fn tiles(model: &LoadedModel, picture: &PageImage) -> Result<Tensor<4>, GoldenError> {
    let tiles = model
        .preprocessor
        .preprocess(picture)
        .map_err(|error| GoldenError::pulse("tiles")(error.into()))?;
    let side = tiles.side() as usize;
    let data = TensorData::new(tiles.pixel_values(), [tiles.count(), 3, side, side]);
    Ok(Tensor::from_data(data, (&model.device, DType::F32)))
}
