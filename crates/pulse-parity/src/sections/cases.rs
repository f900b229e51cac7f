//! The decoder's cases, and tensors to host values.

use std::rc::Rc;

use burn::tensor::{DType, Tensor, TensorData};
use pulse_llm::text::{IMAGE_TOKEN_INDEX, PromptIds};
use pulse_llm::{LoadedModel, MergeType, PageImage};
use serde::Deserialize;

use crate::golden::{Golden, GoldenError, fixture};
use crate::models::Models;

/// The model of the decoder's cases.
pub(super) const MODEL: &str = "micro-llava-f32";
/// f32 values of the model: original against transformers, and attention kernels among each other,
/// stay below 6e-6; the README asks for this.
pub(super) const LOGITS_ABS: f64 = 1e-4;

/// One prompt with pictures and what the original made of it.
#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) merge: MergeType,
    pub(super) images: Vec<String>,
    pub(super) prompt: Vec<i32>,
    pub(super) sequence_length: usize,
    pub(super) logits_stored: String,
    pub(super) greedy: Vec<u32>,
    pub(super) greedy_margins: Vec<f32>,
    pub(super) eos_case: Option<EosCase>,
    pub(super) beam: Option<BeamCase>,
}

/// The same run with another end-of-sequence id.
#[derive(Deserialize)]
pub(super) struct EosCase {
    pub(super) eos_token_id: u32,
    pub(super) ids: Vec<u32>,
}

/// A beam search.
#[derive(Deserialize)]
pub(super) struct BeamCase {
    pub(super) num_beams: usize,
    pub(super) max_new_tokens: usize,
    pub(super) sequences: Vec<Vec<u32>>,
    pub(super) scores: Vec<f32>,
}

/// All cases of the folder.
pub(super) fn cases(golden: &Golden) -> Result<Vec<Case>, GoldenError> {
    golden.json("micro/cases.json")
}

/// All cases whose pictures are in the folder, with model and embeddings.
pub(super) fn prepared(
    golden: &Golden,
    models: &Models<'_>,
) -> Result<Vec<(Case, Rc<LoadedModel>, Tensor<3>)>, GoldenError> {
    let mut prepared = Vec::new();
    for case in cases(golden)? {
        let Some(pictures) = pictures(&case.images, models)? else {
            continue;
        };
        let model = models.load(MODEL, case.merge)?;
        let embeddings = embed(golden, &case.name, &case.prompt, &pictures, &model)?;
        prepared.push((case, model, embeddings));
    }
    Ok(prepared)
}

/// The pictures of a case, or `None` if one is not in the folder.
pub(super) fn pictures(
    names: &[String],
    models: &Models<'_>,
) -> Result<Option<Vec<PageImage>>, GoldenError> {
    names.iter().map(|name| models.picture(name)).collect()
}

/// A prompt with its pictures as embeddings `[1, n, hidden]`.
///
/// # Errors
/// [`GoldenError`] for ids outside of the vocabulary, and for pictures that cannot be encoded or do
/// not belong to the prompt.
pub(super) fn embed(
    golden: &Golden,
    name: &str,
    prompt: &[i32],
    pictures: &[PageImage],
    model: &LoadedModel,
) -> Result<Tensor<3>, GoldenError> {
    let vocabulary = model.config.decoder.vocab_size;
    let is_known =
        |id: i32| id == IMAGE_TOKEN_INDEX || usize::try_from(id).is_ok_and(|id| id < vocabulary);
    if prompt.is_empty() || !prompt.iter().all(|id| is_known(*id)) {
        let reason = format!("the ids of {name} are none of a vocabulary of {vocabulary}");
        return Err(fixture(&golden.path(""), reason));
    }
    let tokens = pictures
        .iter()
        .map(|picture| model.encode(picture).map(|encoded| encoded.tokens))
        .collect::<Result<Vec<_>, _>>()
        .map_err(GoldenError::pulse(name))?;
    model
        .model
        .splice(&PromptIds::from_raw(prompt), &tokens, &model.device)
        .map_err(|error| GoldenError::pulse(name)(error.into()))
}

/// A tensor's values on the host.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data: TensorData = tensor.cast(DType::F32).into_data();
    data.try_into_vec().unwrap_or_default()
}
