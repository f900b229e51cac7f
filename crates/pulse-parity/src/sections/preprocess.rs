//! Pictures to tiles, bytes and normalised values.

use pulse_llm::{LoadedModel, MergeType};
use pulse_vision::{AspectMode, Preprocessor, PreprocessorConfig};

use super::pillow::unequal;
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// f32 after rescale and normalise (golden README).
const NORMALISED_ABS: f64 = 1e-6;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let tensors = golden.tensors("micro/preprocess.safetensors")?;
    let model = models.load("micro-llava-f32", MergeType::Flat)?;
    let mut bytes = Check::exact("tiles as bytes: bytes that differ");
    let mut values = Check::within("normalised tiles: max abs", NORMALISED_ABS);
    for (name, mode) in [("anyres", AspectMode::Anyres), ("pad", AspectMode::Pad)] {
        let preprocessor = with_mode(&model, mode)?;
        for (tensor, file) in tensors.below(&format!("u8.{name}."))? {
            let Some(picture) = models.picture(&file)? else {
                continue;
            };
            let ours = preprocessor
                .preprocess(&picture)
                .map_err(|error| GoldenError::pulse(file.clone())(error.into()))?;
            let case = format!("{name} {file}");
            bytes.difference(&case, unequal(ours.tiles_u8(), &tensors.u8(&tensor)?));
            let normalised = format!("{name}.{file}");
            if tensors.has(&normalised) {
                values.values(&case, &ours.pixel_values(), &tensors.f32(&normalised)?);
            }
        }
    }
    Ok(vec![bytes, values])
}

fn with_mode(model: &LoadedModel, mode: AspectMode) -> Result<Preprocessor, GoldenError> {
    let config = PreprocessorConfig {
        mode,
        ..model.preprocessor.config().clone()
    };
    Preprocessor::new(config).map_err(|error| GoldenError::pulse("preprocessor")(error.into()))
}
