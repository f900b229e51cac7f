//! Packed weights against the f32 weights that they were made from, in the same model.
//!
//! The original has no such weights: what is compared is how far packing moves the logits, and
//! whether it moves the choice where the f32 model is sure of it.

use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};

use super::cases::{MODEL, cases, embed, pictures, values};
use crate::check::{Check, largest_difference};
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// What packing may do to the logits of the micro model, whose logits spread by about 1.
struct Tolerance {
    /// Largest difference of a logit.
    largest: f64,
    /// Mean difference.
    mean: f64,
}

/// 8 bits: half a percent of a weight's size in each of the model's nineteen products, pictures
/// encoded with packed weights too.
const Q8: Tolerance = Tolerance {
    largest: 0.08,
    mean: 0.012,
};
/// 4 bits: eight percent of a weight's size in the blocks of the decoder.
const Q4: Tolerance = Tolerance {
    largest: 1.2,
    mean: 0.2,
};

pub(super) fn run_q8(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    run(golden, models, WeightDtype::Q8, &Q8)
}

pub(super) fn run_q4(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    run(golden, models, WeightDtype::Q4, &Q4)
}

fn run(
    golden: &Golden,
    models: &Models<'_>,
    dtype: WeightDtype,
    tolerance: &Tolerance,
) -> Result<Vec<Check>, GoldenError> {
    let quantity = |what: &str| format!("{dtype} logits to f32 of the same model: {what}");
    let mut largest = Check::within(quantity("max abs"), tolerance.largest);
    let mut mean = Check::within(quantity("mean abs"), tolerance.mean);
    let mut choices = Check::exact(quantity("choice where f32 leads by twice that"));
    for case in cases(golden)? {
        let Some(pictures) = pictures(&case.images, models)? else {
            continue;
        };
        let logits = |dtype| -> Result<(Vec<f32>, usize), GoldenError> {
            let model = models.load_as(MODEL, case.merge, Some(dtype))?;
            let embeddings = embed(golden, &case.name, &case.prompt, &pictures, &model)?;
            let logits = model.model.decoder.forward(DecoderInput {
                embeddings,
                padding: &[],
                cache: None,
                logits: LogitRows::All,
            });
            Ok((values(logits), model.config.decoder.vocab_size))
        };
        let (packed, vocabulary) = logits(dtype)?;
        let (exact, _) = logits(WeightDtype::F32)?;
        largest.difference(&case.name, largest_difference(&packed, &exact));
        let pairs = packed.iter().zip(&exact);
        let total: f64 = pairs.map(|(a, b)| f64::from((a - b).abs())).sum();
        mean.difference(&case.name, total / packed.len().max(1) as f64);
        let rows = exact
            .chunks_exact(vocabulary)
            .zip(packed.chunks_exact(vocabulary));
        for (position, (exact, packed)) in rows.enumerate() {
            let (choice, lead) = leader(exact);
            if f64::from(lead) > 2.0 * tolerance.largest {
                let name = format!("{} position {position}", case.name);
                choices.equal(&name, &leader(packed).0, &choice);
            }
        }
    }
    Ok(vec![largest, mean, choices])
}

/// The largest logit's place and its lead over the second.
fn leader(row: &[f32]) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    let mut second = f32::NEG_INFINITY;
    for (id, value) in row.iter().enumerate() {
        if *value > best.1 {
            second = best.1;
            best = (id, *value);
        } else if *value > second {
            second = *value;
        }
    }
    (best.0, best.1 - second)
}
