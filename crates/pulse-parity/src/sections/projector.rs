//! Features in the decoder's width.

use pulse_llm::MergeType;
use pulse_vision::{VisualEncoder, VisualProjector};

use super::cases::{LOGITS_ABS, MODEL, values};
use super::vision::tiles;
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let tensors = golden.tensors("micro/vision.safetensors")?;
    let model = models.load(MODEL, MergeType::Flat)?;
    let mut check = Check::within("projected features: max abs", LOGITS_ABS);
    for name in tensors.names()? {
        let Some(file) = name.strip_suffix(".projected") else {
            continue;
        };
        let Some(picture) = models.picture(file)? else {
            continue;
        };
        let features = model.model.encoder.encode(tiles(&model, &picture)?);
        let ours = values(model.model.projector.project(features));
        check.values(file, &ours, &tensors.f32(&name)?);
    }
    Ok(vec![check])
}
