//! The decoder without cache, with cache, in batches and from the other checkpoint layout.

use burn::tensor::Tensor;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
use pulse_llm::generation::prefill;
use pulse_llm::{LoadedModel, MergeType, pad_left};
use serde::Deserialize;

use super::cases::{LOGITS_ABS, MODEL, cases, embed, pictures, prepared, values};
use crate::check::Check;
use crate::golden::{Golden, GoldenError, Tensors};
use crate::models::Models;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let tensors = golden.tensors("micro/llm.safetensors")?;
    let mut lengths = Check::exact("sequence lengths");
    let mut inputs = Check::within("input embeddings: max abs", LOGITS_ABS);
    let mut states = Check::within("hidden states: max abs", LOGITS_ABS);
    let mut logits = Check::within("logits: max abs", LOGITS_ABS);
    let mut cached = Check::within("logits, prefill in two parts: max abs", LOGITS_ABS);
    for (case, model, embeddings) in prepared(golden, models)? {
        let name = &case.name;
        lengths.equal(name, &embeddings.dims()[1], &case.sequence_length);
        compare_if_stored(
            &tensors,
            &format!("{name}.inputs_embeds"),
            &mut inputs,
            &embeddings,
        )?;
        let stored = format!("{name}.logits");
        let theirs = tensors.f32(&stored)?;
        let vocabulary = model.config.decoder.vocab_size;
        let last = tensors.last(&stored, vocabulary)?;
        let rows = if case.logits_stored == "all" {
            LogitRows::All
        } else {
            LogitRows::Last
        };
        logits.values(
            name,
            &values(forward(&model, embeddings.clone(), rows)),
            &theirs,
        );
        if tensors.has(&format!("{name}.hidden_states.0")) {
            let ours = model.model.decoder.hidden_states(embeddings.clone());
            for (layer, state) in ours.iter().enumerate() {
                let tensor = format!("{name}.hidden_states.{layer}");
                states.values(&tensor, &values(state.clone()), &tensors.f32(&tensor)?);
            }
        }
        cached.values(name, &in_two_parts(&model, embeddings, name)?, &last);
    }
    let mut checks = vec![lengths, inputs, states, logits, cached];
    checks.push(batches(golden, models)?);
    checks.push(other_layout(golden, models, &tensors)?);
    Ok(checks)
}

fn forward(model: &LoadedModel, embeddings: Tensor<3>, logits: LogitRows) -> Tensor<3> {
    model.model.decoder.forward(DecoderInput {
        embeddings,
        padding: &[],
        cache: None,
        logits,
    })
}

fn compare_if_stored(
    tensors: &Tensors,
    name: &str,
    check: &mut Check,
    ours: &Tensor<3>,
) -> Result<(), GoldenError> {
    if tensors.has(name) {
        check.values(name, &values(ours.clone()), &tensors.f32(name)?);
    }
    Ok(())
}

/// The last logits when the cache is filled by two passes instead of one.
fn in_two_parts(
    model: &LoadedModel,
    embeddings: Tensor<3>,
    name: &str,
) -> Result<Vec<f32>, GoldenError> {
    let [_, count, width] = embeddings.dims();
    let decoder = &model.model.decoder;
    // One position more than needed, so that the cache is never exactly full.
    let mut cache = decoder.new_cache(1, count + 1);
    let middle = count / 2;
    let mut logits = Vec::new();
    for part in [0..middle, middle..count] {
        if part.is_empty() {
            // A prompt of one id has no two parts.
            continue;
        }
        let part = embeddings.clone().slice([0..1, part, 0..width]);
        logits = prefill(decoder, part, &[], &mut cache)
            .map_err(|error| GoldenError::pulse(name)(error.into()))?;
    }
    Ok(logits.remove(0))
}

/// A padded batch of the fixture.
#[derive(Deserialize)]
struct Batch {
    name: String,
    merge: MergeType,
    padding_side: String,
    tokenizer_model_max_length: usize,
    text_only_row: Option<usize>,
    images: Vec<String>,
}

/// The last logits of every row of a left-padded batch. Batches that are cut or hold dummy
/// pictures belong to training.
fn batches(golden: &Golden, models: &Models<'_>) -> Result<Check, GoldenError> {
    let mut check = Check::within("logits of left-padded batches: max abs", LOGITS_ABS);
    if !golden.has("micro/batches.json") {
        return Ok(check);
    }
    let batches: Vec<Batch> = golden.json("micro/batches.json")?;
    let tensors = golden.tensors("micro/batches.safetensors")?;
    for batch in batches {
        let Some(pictures) = pictures(&batch.images, models)? else {
            continue;
        };
        let is_plain = batch.padding_side == "left"
            && batch.text_only_row.is_none()
            && batch.tokenizer_model_max_length >= 4096;
        if !is_plain {
            continue;
        }
        let model = models.load(MODEL, batch.merge)?;
        let name = &batch.name;
        let ids = tensors.i64(&format!("{name}.input_ids"))?;
        let mask = tensors.u8(&format!("{name}.attention_mask"))?;
        let columns = match *tensors.shape(&format!("{name}.input_ids"))? {
            [rows, columns] if columns > 0 && rows == pictures.len() && mask.len() == ids.len() => {
                columns
            }
            ref shape => {
                return Err(tensors.malformed(format!(
                    "{name}.input_ids is {shape:?} with a mask of {} and {} pictures, \
                     expected a row with its mask for every picture",
                    mask.len(),
                    pictures.len()
                )));
            }
        };
        if pictures.is_empty() {
            continue;
        }
        let rows = ids
            .chunks_exact(columns)
            .zip(mask.chunks_exact(columns))
            .zip(&pictures)
            .map(|((ids, mask), picture)| {
                let real = ids.iter().zip(mask).filter(|(_, mask)| **mask != 0);
                let prompt: Vec<i32> = real.map(|(id, _)| *id as i32).collect();
                embed(golden, name, &prompt, std::slice::from_ref(picture), &model)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let (embeddings, padding) = pad_left(rows);
        let [batch_size, longest, _] = embeddings.dims();
        let mut cache = model.model.decoder.new_cache(batch_size, longest);
        let logits = prefill(&model.model.decoder, embeddings, &padding, &mut cache)
            .map_err(|error| GoldenError::pulse(name.as_str())(error.into()))?;
        check.values(
            name,
            &logits.concat(),
            &tensors.f32(&format!("{name}.last_logits"))?,
        );
    }
    Ok(check)
}

/// The same weights in the layout of transformers give the same logits, where the two conventions
/// of tile geometry do not differ.
fn other_layout(
    golden: &Golden,
    models: &Models<'_>,
    tensors: &Tensors,
) -> Result<Check, GoldenError> {
    const LAYOUT: &str = "micro-hf-bf16";
    let mut check = Check::within("logits from the llava-next layout: max abs", LOGITS_ABS);
    if !golden.has(&format!("models/{LAYOUT}")) {
        return Ok(check);
    }
    for case in cases(golden)? {
        if case.merge != MergeType::SpatialUnpad || case.images.is_empty() {
            continue;
        }
        let Some(pictures) = pictures(&case.images, models)? else {
            continue;
        };
        let model = models.load(LAYOUT, case.merge)?;
        let original = models.load(MODEL, case.merge)?;
        let same_grid = pictures.iter().all(|picture| {
            let grid = |model: &LoadedModel| {
                model
                    .preprocessor
                    .preprocess(picture)
                    .ok()
                    .and_then(|tiles| tiles.plan().map(|plan| (plan.canvas(), plan.unpadded(4))))
            };
            grid(&model) == grid(&original)
        });
        if same_grid {
            let embeddings = embed(golden, &case.name, &case.prompt, &pictures, &model)?;
            let ours = values(forward(&model, embeddings, LogitRows::Last));
            let theirs = tensors.last(&format!("{}.logits", case.name), ours.len())?;
            check.values(&case.name, &ours, &theirs);
        }
    }
    Ok(check)
}
