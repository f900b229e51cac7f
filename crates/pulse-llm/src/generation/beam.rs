//! Beam search over one prompt.
//!
//! Rules of transformers 4.37.2 (`beam_search`, `BeamSearchScorer`) with length penalty 1 and no
//! early stopping: a hypothesis scores the sum of its log-probabilities divided by its length, and
//! the search ends when no open beam can still beat the worst of the kept ones.

use burn::tensor::{Int, Tensor, TensorData};

use super::engine::{DecodeState, step};
use super::options::{FinishReason, GenerateOptions, GenerationError};
use crate::decoder::CausalDecoder;

/// One result of a beam search.
#[derive(Debug, Clone, PartialEq)]
pub struct BeamHypothesis {
    /// The new ids, the end-of-sequence id included if it came.
    pub ids: Vec<u32>,
    /// Mean log-probability of the ids.
    pub score: f32,
    /// Why it ended.
    pub finish: FinishReason,
}

/// An unfinished sequence.
#[derive(Clone)]
struct Beam {
    ids: Vec<u32>,
    sum: f32,
}

/// Searches with `options.num_beams` beams; the best hypotheses, best first, as many as beams.
/// `state` holds one row, whose cache becomes the beams' own.
///
/// # Errors
/// [`GenerationError`] for options out of range or logits that are not finite.
pub fn beam_search<D: CausalDecoder>(
    decoder: &D,
    state: DecodeState<'_>,
    options: &GenerateOptions,
) -> Result<Vec<BeamHypothesis>, GenerationError> {
    options.validate()?;
    let DecodeState {
        cache,
        padding,
        logits,
        context,
        eos,
    } = state;
    let width = options.num_beams;
    let padding: Vec<usize> = padding
        .iter()
        .take(1)
        .cycle()
        .take(width)
        .copied()
        .collect();
    let padding = if padding.len() == width {
        padding
    } else {
        Vec::new()
    };
    let device_of = decoder.devices();
    cache.select_rows(&vec![0; width]);
    let mut logits = vec![logits.into_iter().next().unwrap_or_default(); width];
    // All beams but the first start out of reach, so that the first step spreads over one.
    let mut beams: Vec<Beam> = (0..width)
        .map(|index| Beam {
            ids: Vec::new(),
            sum: if index == 0 { 0.0 } else { -1e9 },
        })
        .collect();
    let mut kept: Vec<BeamHypothesis> = Vec::new();
    let room = context
        .saturating_sub(cache.len())
        .min(options.max_new_tokens);
    let end = |cancelled: bool| {
        if cancelled {
            FinishReason::Cancelled
        } else if room == options.max_new_tokens {
            FinishReason::MaxNewTokens
        } else {
            FinishReason::ContextFull
        }
    };
    for length in 1..=room {
        let candidates = best_continuations(&beams, &logits, 2 * width);
        let best_sum = candidates
            .first()
            .map_or(f32::NEG_INFINITY, |(_, _, sum)| *sum);
        let mut parents = Vec::with_capacity(width);
        let mut next = Vec::with_capacity(width);
        for (rank, (parent, id, sum)) in candidates.into_iter().enumerate() {
            let mut ids = beams[parent].ids.clone();
            ids.push(id);
            if id == eos {
                if rank < width {
                    let score = sum / length as f32;
                    keep(
                        &mut kept,
                        width,
                        BeamHypothesis {
                            ids,
                            score,
                            finish: FinishReason::Stop,
                        },
                    );
                }
                continue;
            }
            parents.push(parent);
            next.push(Beam { ids, sum });
            if next.len() == width {
                break;
            }
        }
        beams = next;
        let worst = kept
            .iter()
            .map(|one| one.score)
            .fold(f32::INFINITY, f32::min);
        if kept.len() == width && worst >= best_sum / length as f32 {
            return Ok(sorted(kept));
        }
        if length == room || options.is_cancelled() {
            let finish = end(options.is_cancelled());
            for beam in beams {
                let score = beam.sum / beam.ids.len() as f32;
                keep(
                    &mut kept,
                    width,
                    BeamHypothesis {
                        ids: beam.ids,
                        score,
                        finish,
                    },
                );
            }
            return Ok(sorted(kept));
        }
        cache.select_rows(&parents);
        let last: Vec<i64> = beams
            .iter()
            .map(|beam| beam.ids.last().map_or(0, |id| i64::from(*id)))
            .collect();
        let Some(device) = device_of.first() else {
            break;
        };
        let last = Tensor::<2, Int>::from_data(TensorData::new(last, [width, 1]), device);
        logits = step(decoder, decoder.embed(last), &padding, cache, length)?;
    }
    Ok(sorted(kept))
}

/// The `count` best pairs of beam and next id with the sum they lead to, best first.
fn best_continuations(beams: &[Beam], logits: &[Vec<f32>], count: usize) -> Vec<(usize, u32, f32)> {
    let mut all: Vec<(usize, u32, f32)> = Vec::new();
    for (index, (beam, logits)) in beams.iter().zip(logits).enumerate() {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        let normaliser = largest + total.ln();
        all.extend(
            logits
                .iter()
                .enumerate()
                .map(|(id, logit)| (index, id as u32, logit - normaliser + beam.sum)),
        );
    }
    let better = |a: &(usize, u32, f32), b: &(usize, u32, f32)| {
        b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)).then(a.1.cmp(&b.1))
    };
    let count = count.min(all.len());
    if count > 0 {
        all.select_nth_unstable_by(count - 1, better);
        all.truncate(count);
        all.sort_unstable_by(better);
    }
    all
}

/// Adds a hypothesis and drops the worst if there are too many.
fn keep(kept: &mut Vec<BeamHypothesis>, width: usize, hypothesis: BeamHypothesis) {
    kept.push(hypothesis);
    if kept.len() > width {
        let worst = (0..kept.len()).min_by(|a, b| kept[*a].score.total_cmp(&kept[*b].score));
        if let Some(worst) = worst {
            kept.remove(worst);
        }
    }
}

fn sorted(mut kept: Vec<BeamHypothesis>) -> Vec<BeamHypothesis> {
    kept.sort_by(|a, b| b.score.total_cmp(&a.score));
    kept
}
