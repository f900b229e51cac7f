//! Tiles of a picture as one sequence, for each merge type.

use pulse_llm::MergeType;

use super::cases::{LOGITS_ABS, MODEL, values};
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let tensors = golden.tensors("micro/merge.safetensors")?;
    let mut count = Check::exact("visual tokens");
    let mut check = Check::within("visual tokens: max abs", LOGITS_ABS);
    for merge in [MergeType::Flat, MergeType::Spatial, MergeType::SpatialUnpad] {
        let model = models.load(MODEL, merge)?;
        for (tensor, file) in tensors.below(&format!("{merge}."))? {
            let Some(picture) = models.picture(&file)? else {
                continue;
            };
            let encoded = model
                .encode(&picture)
                .map_err(GoldenError::pulse(tensor.clone()))?;
            let ours = encoded.tokens.embeddings;
            count.equal(&tensor, &ours.dims().to_vec(), &tensors.shape(&tensor)?);
            check.values(&tensor, &values(ours), &tensors.f32(&tensor)?);
        }
    }
    Ok(vec![count, check])
}
