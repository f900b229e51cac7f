//! A picture and a question through everything, with the real vocabulary and tile size.

use std::collections::BTreeMap;

use pulse_llm::{GenerateOptions, LoadedModel, MergeType, PageImage, Pulse};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::cases::{LOGITS_ABS, embed, values};
use super::generation::{MARGIN, first, sure_steps};
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
    /// The smallest margin of all steps.
    greedy_margin_min: f32,
    /// The margin of every step, in folders that have them.
    greedy_margins: Option<Vec<f32>>,
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
        let ours = last_logits(golden, case, &picture, &model)?;
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
        let sure = sure_ids(golden, case, &picture, &model)?;
        if sure > 0 {
            let (ours, theirs) = (first(&answer.token_ids, sure), first(&case.greedy, sure));
            ids.equal(&case.name, ours, theirs);
        }
        if sure == case.greedy.len() {
            texts.equal(&case.name, answer.text.as_str(), case.text.as_str());
        }
    }
    Ok(vec![tiles, lengths, logits, ids, texts])
}

/// Ids that must be equal: those before the first step with too small a margin. Where the folder has
/// the smallest margin only, the step is found from our own logits behind the ids of the folder; as
/// these may differ by the tolerance, a margin counts as small a little earlier.
fn sure_ids(
    golden: &Golden,
    case: &Case,
    picture: &PageImage,
    model: &LoadedModel,
) -> Result<usize, GoldenError> {
    use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
    if let Some(margins) = &case.greedy_margins {
        return Ok(sure_steps(margins));
    }
    if case.greedy_margin_min > MARGIN {
        return Ok(case.greedy.len());
    }
    let mut ids = case.input_ids.clone();
    ids.extend(case.greedy.iter().map(|id| *id as i32));
    let embeddings = embed(
        golden,
        &case.name,
        &ids,
        std::slice::from_ref(picture),
        model,
    )?;
    let decoder = &model.model.decoder;
    let [_, count, width] = embeddings.dims();
    let prompt = count - case.greedy.len();
    let mut cache = decoder.new_cache(1, count);
    let mut margins = Vec::new();
    // The logits of the prompt's end choose the first id, those of each id the next.
    for (part, logits) in [
        (0..prompt, LogitRows::Last),
        (prompt..count, LogitRows::All),
    ] {
        if part.is_empty() {
            continue;
        }
        let rows = decoder.forward(DecoderInput {
            embeddings: embeddings.clone().slice([0..1, part, 0..width]),
            padding: &[],
            cache: Some(&mut cache),
            logits,
        });
        let vocabulary = rows.dims()[2];
        margins.extend(values(rows).chunks(vocabulary).map(margin));
    }
    let allowance = 2.0 * LOGITS_ABS as f32;
    let sure = margins.iter().map(|margin| margin - allowance);
    Ok(sure_steps(&sure.collect::<Vec<_>>()).min(case.greedy.len()))
}

/// The distance of the two largest values.
fn margin(logits: &[f32]) -> f32 {
    let (mut best, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for value in logits {
        if *value > best {
            (best, second) = (*value, best);
        } else if *value > second {
            second = *value;
        }
    }
    best - second
}

fn last_logits(
    golden: &Golden,
    case: &Case,
    picture: &PageImage,
    model: &LoadedModel,
) -> Result<Vec<f32>, GoldenError> {
    use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
    let embeddings = embed(
        golden,
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

#[cfg(test)]
mod tests {
    use super::margin;

    #[test]
    fn the_margin_is_between_the_two_best() {
        assert_eq!(margin(&[0.5, 3.0, 1.0, 2.5]), 0.5);
        assert_eq!(margin(&[3.0, 3.0]), 0.0);
        assert_eq!(margin(&[-1.0, -4.0]), 3.0);
    }
}
