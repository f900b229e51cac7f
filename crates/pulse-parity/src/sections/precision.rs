//! Weights of 16 bits against the original in that precision and in f32.

use std::rc::Rc;

use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
use pulse_llm::{DeviceName, LoadedModel, MergeType};
use serde::Deserialize;

use super::cases::{LOGITS_ABS, MODEL, cases, embed, pictures, values};
use super::f16_copy::F16Copy;
use crate::check::{Check, largest_difference};
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// bf16 arithmetic of the original against f32 is off by 0.13 (golden README: ask for).
const BF16_ABS: f64 = 0.25;
/// The mean of the same.
const BF16_MEAN: f64 = 0.03;
/// f16 arithmetic of the original against f32 is off by 0.018 (golden README: ask for).
const F16_ABS: f64 = 0.04;

#[derive(Deserialize)]
struct Order {
    order: Vec<String>,
}

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let mut largest = Check::within("bf16 logits to the original's bf16: max abs", BF16_ABS);
    let mut mean = Check::within("bf16 logits to the original's bf16: mean abs", BF16_MEAN);
    // The weights of the fixture are exact in bf16, so with f32 activations, which only the CPU has with
    // them, nothing may be lost.
    let tolerance = if models.device() == DeviceName::Cpu {
        LOGITS_ABS
    } else {
        BF16_ABS
    };
    let mut to_f32 = Check::within("bf16 logits to the original's f32: max abs", tolerance);
    let (mut total, mut count) = (0.0, 0);
    let load = |merge| models.load_as(MODEL, merge, Some(WeightDtype::Bf16));
    for row in rows(golden, models, "bf16_last_logits", load)? {
        let case = &row.case;
        largest.difference(case, largest_difference(&row.ours, &row.same_precision));
        to_f32.difference(case, largest_difference(&row.ours, &row.exact));
        let pairs = row.ours.iter().zip(&row.same_precision);
        total += pairs.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>();
        count += row.ours.len();
    }
    if count > 0 {
        mean.difference("all cases", total / count as f64);
    }

    let mut f16 = Check::within("f16 file, logits to the original's f16: max abs", F16_ABS);
    let mut f16_to_f32 = Check::within("f16 file, logits to the original's f32: max abs", F16_ABS);
    let copy = F16Copy::of(&golden.path(&format!("models/{MODEL}")))?;
    let load = |merge| copy.load(models, merge);
    for row in rows(golden, models, "f16_last_logits", load)? {
        f16.difference(
            &row.case,
            largest_difference(&row.ours, &row.same_precision),
        );
        f16_to_f32.difference(&row.case, largest_difference(&row.ours, &row.exact));
    }
    Ok(vec![largest, mean, to_f32, f16, f16_to_f32])
}

/// The last logits of a case.
struct Row {
    case: String,
    ours: Vec<f32>,
    /// The original in the same precision.
    same_precision: Vec<f32>,
    /// The original in f32.
    exact: Vec<f32>,
}

/// The cases that the folder has in a precision; none if it lacks the tensor.
fn rows(
    golden: &Golden,
    models: &Models<'_>,
    tensor: &str,
    load: impl Fn(MergeType) -> Result<Rc<LoadedModel>, GoldenError>,
) -> Result<Vec<Row>, GoldenError> {
    let order: Order = golden.json("micro/low_precision.json")?;
    let stored = golden.tensors("micro/low_precision.safetensors")?;
    let exact = golden.tensors("micro/llm.safetensors")?;
    let mut rows = Vec::new();
    if !stored.has(tensor) {
        return Ok(rows);
    }
    for case in cases(golden)? {
        let Some(place) = order.order.iter().position(|name| *name == case.name) else {
            continue;
        };
        let Some(pictures) = pictures(&case.images, models)? else {
            continue;
        };
        let model = load(case.merge)?;
        let embeddings = embed(golden, &case.name, &case.prompt, &pictures, &model)?;
        let ours = values(model.model.decoder.forward(DecoderInput {
            embeddings,
            padding: &[],
            cache: None,
            logits: LogitRows::Last,
        }));
        rows.push(Row {
            same_precision: stored.row(tensor, place, ours.len())?,
            exact: exact.last(&format!("{}.logits", case.name), ours.len())?,
            case: case.name,
            ours,
        });
    }
    Ok(rows)
}
