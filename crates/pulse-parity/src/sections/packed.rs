//! Packed weights against the same model with weights in bf16, as PULSE was published.
//!
//! The original has no such weights: what is compared is how far packing moves the logits and how
//! often it moves the choice. That the kernels compute what the packed weights say is the matter of
//! the tests of `pulse-kernels`.

use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};

use super::cases::{MODEL, cases, embed, pictures, values};
use crate::check::{Check, largest_difference};
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// What packing may do to the logits of the micro model. Its weights are random, so that nothing
/// damps an error: bf16 arithmetic of the original moves them by up to 0.13 and by 0.017 in the mean
/// (section `precision`). Packing is the same on every machine and only sums are rounded otherwise, so that
/// each value is what was measured and a sixth more.
struct Tolerance {
    /// Largest difference of a logit.
    largest: f64,
    /// Mean difference of a case.
    mean: f64,
    /// Share of positions that choose another token.
    choices: f64,
}

/// 8 bits lose 0.5 % of a weight's size, bf16 0.17 % of weights and activations each. Measured: 0.33,
/// 0.039, 0.035 of the positions.
const Q8: Tolerance = Tolerance {
    largest: 0.39,
    mean: 0.046,
    choices: 0.041,
};
/// 4 bits lose 8 %, sixteen times as much, in the blocks of the decoder; that a third of the
/// choices change says how close the logits of random weights lie, not what a trained model loses. Measured: 3.1, 0.43, 0.31.
const Q4: Tolerance = Tolerance {
    largest: 3.6,
    mean: 0.5,
    choices: 0.36,
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
    let quantity = |what: &str| format!("{dtype} logits to bf16 weights of the same model: {what}");
    let mut largest = Check::within(quantity("max abs"), tolerance.largest);
    let mut mean = Check::within(quantity("mean abs"), tolerance.mean);
    let mut choices = Check::within(quantity("share of other choices"), tolerance.choices);
    let (mut positions, mut moved) = (0usize, 0usize);
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
        let (exact, _) = logits(WeightDtype::Bf16)?;
        largest.difference(&case.name, largest_difference(&packed, &exact));
        let pairs = packed.iter().zip(&exact);
        let total: f64 = pairs.map(|(a, b)| f64::from((a - b).abs())).sum();
        mean.difference(&case.name, total / packed.len().max(1) as f64);
        let rows = exact
            .chunks_exact(vocabulary)
            .zip(packed.chunks_exact(vocabulary));
        for (exact, packed) in rows {
            positions += 1;
            moved += usize::from(choice(exact) != choice(packed));
        }
    }
    if positions > 0 {
        choices.difference("all positions", moved as f64 / positions as f64);
    }
    Ok(vec![largest, mean, choices])
}

/// The place of the largest logit.
fn choice(row: &[f32]) -> Option<usize> {
    let places = row.iter().enumerate();
    places.max_by(|a, b| a.1.total_cmp(b.1)).map(|(id, _)| id)
}
