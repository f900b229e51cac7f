//! A picture and a question through everything, with the real vocabulary and tile size.

use std::collections::BTreeMap;

use pulse_llm::{GenerateOptions, LoadedModel, MergeType, PageImage, Pulse};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::cases::{LOGITS_ABS, embed, values};
use super::generation::MARGIN;
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

const MODEL: &str = "tiny32k-llava-bf16";

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    tiles: BTreeMap<String, Tiles>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    merge: MergeType,
    image: String,
    question: String,
    input_ids: Vec<i32>,
    sequence_length: usize,
    greedy: Vec<u32>,
    greedy_margin_min: f32,
    text: String,
}

#[derive(Deserialize)]
struct Tiles {
    tiles: usize,
    sha256_u8_nchw: String,
}

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let fixture: Fixture = golden.json("tiny32k/e2e.json")?;
    let tensors = golden.tensors("tiny32k/e2e.safetensors")?;
    let mut tiles = Check::exact("tiles and their SHA-256");
    let mut lengths = Check::exact("positions of the prompt");
    let mut logits = Check::within("last logits: max abs", LOGITS_ABS);
    let mut ids = Check::exact("greedy ids (cases that differ)");
    let mut texts = Check::exact("answers (cases that differ)");
    for (name, theirs) in &fixture.tiles {
        let Some(picture) = models.picture(name)? else {
            continue;
        };
        let model = models.load(MODEL, MergeType::Flat)?;
        let ours = model
            .preprocessor
            .preprocess(&picture)
            .map_err(|error| GoldenError::pulse(name.as_str())(error.into()))?;
        let hash: String = Sha256::digest(ours.tiles_u8())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        tiles.equal(
            name,
            &(ours.count(), hash),
            &(theirs.tiles, theirs.sha256_u8_nchw.clone()),
        );
    }
    for case in &fixture.cases {
        let Some(picture) = models.picture(&case.image)? else {
            continue;
        };
        let model = models.load(MODEL, case.merge)?;
        let ours = last_logits(case, &picture, &model)?;
        logits.values(
            &case.name,
            &ours,
            &tensors.f32(&format!("{}.last_logits", case.name))?,
        );
        let options = models.options(case.merge, Some(pulse_llm::checkpoint::WeightDtype::F32));
        let folder = golden
            .path(&format!("models/{MODEL}"))
            .to_string_lossy()
            .into_owned();
        let pulse = Pulse::load(&folder, options).map_err(GoldenError::pulse(&case.name))?;
        let options = GenerateOptions {
            max_new_tokens: case.greedy.len(),
            ..GenerateOptions::greedy()
        };
        let answer = pulse
            .ask(&picture, &case.question, options)
            .map_err(GoldenError::pulse(&case.name))?;
        lengths.equal(
            &case.name,
            &answer.usage.prompt_tokens,
            &case.sequence_length,
        );
        if case.greedy_margin_min > MARGIN {
            ids.equal(&case.name, &answer.token_ids, &case.greedy);
            texts.equal(&case.name, answer.text.as_str(), case.text.as_str());
        }
    }
    Ok(vec![tiles, lengths, logits, ids, texts])
}

fn last_logits(
    case: &Case,
    picture: &PageImage,
    model: &LoadedModel,
) -> Result<Vec<f32>, GoldenError> {
    use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
    let embeddings = embed(
        &case.name,
        &case.input_ids,
        std::slice::from_ref(picture),
        model,
    )?;
    Ok(values(model.model.decoder.forward(DecoderInput {
        embeddings,
        padding: &[],
        cache: None,
        logits: LogitRows::Last,
    })))
}
