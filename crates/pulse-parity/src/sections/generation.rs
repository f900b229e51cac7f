//! Greedy decoding with a cache, other end ids, beam search and the sampler's distribution.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use pulse_llm::decoder::CausalDecoder;
use pulse_llm::generation::{
    BeamHypothesis, DecodeState, GenerationError, Sampler, beam_search, generate, prefill,
};
use pulse_llm::{GenerateOptions, LoadedModel};
use serde::Deserialize;

use super::cases::{BeamCase, prepared};
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// Ids must be equal as long as the two best logits of every step so far are further apart than
/// this (golden README).
pub(super) const MARGIN: f32 = 1e-3;
/// Beam scores (golden README).
const SCORE_ABS: f64 = 1e-4;
/// Probabilities of one logit vector, in f32 as in the fixture.
const PROBABILITY_ABS: f64 = 1e-6;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let mut greedy = Check::exact("greedy ids (cases that differ)");
    let mut end = Check::exact("ids with another end id (cases that differ)");
    let mut beams = Check::exact("beam sequences (cases that differ)");
    let mut scores = Check::within("beam scores: max abs", SCORE_ABS);
    for (case, model, embeddings) in prepared(golden, models)? {
        let failed = |error: GenerationError| GoldenError::pulse(case.name.as_str())(error.into());
        let eos = model.config.decoder.eos_token_id;
        let ours =
            greedy_ids(&model, embeddings.clone(), case.greedy.len(), eos).map_err(failed)?;
        let sure = sure_steps(&case.greedy_margins);
        // Where already the first id is not sure there is nothing to compare.
        if sure > 0 {
            greedy.equal(&case.name, first(&ours, sure), first(&case.greedy, sure));
        }
        if let Some(other) = case.eos_case.as_ref().filter(|_| sure > 0) {
            let ours = greedy_ids(
                &model,
                embeddings.clone(),
                case.greedy.len(),
                other.eos_token_id,
            )
            .map_err(failed)?;
            end.equal(&case.name, first(&ours, sure), first(&other.ids, sure));
        }
        if let Some(beam) = &case.beam {
            let ours = search(&model, embeddings, beam, eos).map_err(failed)?;
            let ids: Vec<Vec<u32>> = ours
                .iter()
                .take(beam.sequences.len())
                .map(|one| one.ids.clone())
                .collect();
            beams.equal(&case.name, &ids, &beam.sequences);
            let found: Vec<f32> = ours
                .iter()
                .take(beam.scores.len())
                .map(|one| one.score)
                .collect();
            scores.values(&case.name, &found, &beam.scores);
        }
    }
    Ok(vec![greedy, end, beams, scores, sampling(golden)?])
}

/// Steps until the margin is too small to be sure.
pub(super) fn sure_steps(margins: &[f32]) -> usize {
    margins
        .iter()
        .take_while(|margin| **margin > MARGIN)
        .count()
}

pub(super) fn first(ids: &[u32], count: usize) -> &[u32] {
    &ids[..ids.len().min(count)]
}

/// Greedy ids behind embeddings.
pub(super) fn greedy_ids(
    model: &LoadedModel,
    embeddings: Tensor<3>,
    max_new_tokens: usize,
    eos: u32,
) -> Result<Vec<u32>, GenerationError> {
    let options = GenerateOptions {
        max_new_tokens,
        ..GenerateOptions::greedy()
    };
    let decoder = &model.model.decoder;
    let [_, count, _] = embeddings.dims();
    let mut cache = decoder.new_cache(1, count + max_new_tokens);
    let logits = prefill(decoder, embeddings, &[], &mut cache)?;
    let context = model.config.context;
    let state = DecodeState {
        cache: &mut cache,
        padding: &[],
        logits,
        context,
        eos,
    };
    let mut rows = generate(decoder, state, &options, |_, _| ControlFlow::Continue(()))?;
    Ok(rows.remove(0).ids)
}

fn search(
    model: &LoadedModel,
    embeddings: Tensor<3>,
    case: &BeamCase,
    eos: u32,
) -> Result<Vec<BeamHypothesis>, GenerationError> {
    let options = GenerateOptions {
        num_beams: case.num_beams,
        max_new_tokens: case.max_new_tokens,
        ..GenerateOptions::greedy()
    };
    let decoder = &model.model.decoder;
    let [_, count, _] = embeddings.dims();
    let mut cache = decoder.new_cache(1, count + case.max_new_tokens);
    let logits = prefill(decoder, embeddings, &[], &mut cache)?;
    let context = model.config.context;
    let state = DecodeState {
        cache: &mut cache,
        padding: &[],
        logits,
        context,
        eos,
    };
    beam_search(decoder, state, &options)
}

#[derive(Deserialize)]
struct SamplingCase {
    name: String,
    temperature: f32,
    top_k: usize,
    top_p: Option<f32>,
    kept: usize,
}

fn sampling(golden: &Golden) -> Result<Check, GoldenError> {
    let mut check = Check::within("sampling probabilities: max abs", PROBABILITY_ABS);
    if !golden.has("micro/sampling.json") {
        return Ok(check);
    }
    let tensors = golden.tensors("micro/sampling.safetensors")?;
    let logits = tensors.f32("logits")?;
    for case in golden.json::<Vec<SamplingCase>>("micro/sampling.json")? {
        let SamplingCase {
            temperature,
            top_k,
            top_p,
            ..
        } = case;
        let options = GenerateOptions {
            temperature,
            top_k,
            top_p,
            ..GenerateOptions::default()
        };
        let ours = Sampler::new(&options).probabilities(&logits);
        let kept = ours
            .iter()
            .filter(|probability| **probability > 0.0)
            .count();
        if kept == case.kept {
            check.values(&case.name, &ours, &tensors.f32(&case.name)?);
        } else {
            check.difference(&format!("{} keeps {kept}", case.name), f64::INFINITY);
        }
    }
    Ok(check)
}
