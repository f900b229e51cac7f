//! How likely given continuations of prompts are.
//!
//! The prompts lie in a cache and are not computed again: continuations of one or several of them run as one
//! batch behind copies of their rows, padded on the right, where causal attention keeps the padding from being
//! seen.

use burn::tensor::{Int, Tensor, TensorData};

use super::options::GenerationError;
use crate::decoder::{CausalDecoder, DecoderInput, KvCache, LogitRows};

/// Memory that copies of the cache may take at once. Below it continuations run side by side, above it one
/// after the other.
const COPIES_BYTES: usize = 1 << 30;

/// Ids that may follow one of the prompts of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    /// The prompt's row in the batch.
    pub row: usize,
    /// The ids, at least one.
    pub ids: Vec<u32>,
}

/// The natural logarithm of each continuation's probability: the sum over its ids of the log-softmax of the
/// logits, each id given the prompt and the ids before it.
///
/// `cache` holds the prompts and nothing behind them, and so it does afterwards; `logits` are those of each
/// prompt's last position, `padding` the positions on the left of each row (empty: none). The caller sees to
/// it that prompt and continuation fit the model's context.
///
/// # Errors
/// [`GenerationError`] if logits are not finite or cannot be read.
pub fn log_likelihoods<D: CausalDecoder>(
    decoder: &D,
    cache: &mut KvCache,
    padding: &[usize],
    logits: &[Vec<f32>],
    continuations: &[Continuation],
) -> Result<Vec<f64>, GenerationError> {
    let mut sums: Vec<f64> = continuations
        .iter()
        .map(|one| {
            one.ids
                .first()
                .map_or(0.0, |id| log_softmax(&logits[one.row], *id))
        })
        .collect();
    // The last id of each is only predicted, never fed.
    let mut open: Vec<usize> = (0..continuations.len())
        .filter(|at| continuations[*at].ids.len() > 1)
        .collect();
    // Those of a length side by side, so that little is padding.
    open.sort_by_key(|at| continuations[*at].ids.len());
    let longest = continuations
        .iter()
        .map(|one| one.ids.len())
        .max()
        .unwrap_or(0);
    let positions = cache.len() + longest;
    let at_once = (COPIES_BYTES / cache.bytes_per_row(positions).max(1)).max(1);
    for group in open.chunks(at_once) {
        let group: Vec<(usize, &Continuation)> =
            group.iter().map(|at| (*at, &continuations[*at])).collect();
        let prompt = cache.len();
        let found = if group.len() == 1 && cache.rows() == 1 {
            cache.reserve(positions);
            let found = feed(decoder, cache, padding, &group);
            cache.truncate(prompt);
            found?
        } else {
            let rows: Vec<usize> = group.iter().map(|(_, one)| one.row).collect();
            let padding: Vec<usize> = match padding {
                [] => Vec::new(),
                some => rows.iter().map(|row| some[*row]).collect(),
            };
            feed(
                decoder,
                &mut cache.gathered(&rows, positions),
                &padding,
                &group,
            )?
        };
        for ((at, _), more) in group.iter().zip(found) {
            sums[*at] += more;
        }
    }
    Ok(sums)
}

/// Runs one group behind its prompts; returns for each the log-probability of its second to last ids.
fn feed<D: CausalDecoder>(
    decoder: &D,
    cache: &mut KvCache,
    padding: &[usize],
    group: &[(usize, &Continuation)],
) -> Result<Vec<f64>, GenerationError> {
    let fed = |one: &Continuation| one.ids.len() - 1;
    let width = group.iter().map(|(_, one)| fed(one)).max().unwrap_or(0);
    let mut ids: Vec<i64> = Vec::with_capacity(group.len() * width);
    for (_, one) in group {
        ids.extend(one.ids[..fed(one)].iter().map(|id| i64::from(*id)));
        // Any id will do: nobody looks at what follows it.
        ids.resize(ids.len() + width - fed(one), 0);
    }
    let Some(device) = decoder.devices().into_iter().next() else {
        return Ok(vec![0.0; group.len()]);
    };
    let ids = TensorData::new(ids, [group.len(), width]);
    let embeddings = decoder.embed(Tensor::<2, Int>::from_data(ids, &device));
    let logits = decoder.forward(DecoderInput {
        embeddings,
        padding,
        cache: Some(cache),
        logits: LogitRows::All,
    });
    let [_, _, vocabulary] = logits.dims();
    let values: Vec<f32> =
        logits
            .into_data()
            .try_into_vec()
            .map_err(|error| GenerationError::Device {
                reason: format!("{error:?}"),
            })?;
    let rows = values.chunks_exact(width * vocabulary);
    group
        .iter()
        .zip(rows)
        .map(|((_, one), row)| {
            let mut sum = 0.0;
            for (logits, id) in row.chunks_exact(vocabulary).zip(&one.ids[1..]) {
                if logits.iter().any(|value| !value.is_finite()) {
                    return Err(GenerationError::NotFinite { step: 1 });
                }
                sum += log_softmax(logits, *id);
            }
            Ok(sum)
        })
        .collect()
}

/// The natural logarithm of the softmax of `logits` at `id`, summed in f64.
fn log_softmax(logits: &[f32], id: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits
        .iter()
        .map(|logit| f64::from(logit - largest).exp())
        .sum();
    f64::from(logits[id as usize] - largest) - total.ln()
}
