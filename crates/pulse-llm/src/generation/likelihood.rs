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
    if continuations.is_empty() {
        return Ok(Vec::new());
    }
    let first: Vec<Distribution<'_>> = logits.iter().map(|row| Distribution::of(row)).collect();
    let mut sums: Vec<f64> = continuations
        .iter()
        .map(|one| {
            let id = one.ids.first();
            id.map_or(0.0, |id| first[one.row].log_probability(*id))
        })
        .collect();
    let mut passes = passes(continuations);
    // Those of a length side by side, so that little is padding.
    passes.sort_by_key(|pass| pass.fed.len());
    let longest = passes.iter().map(|pass| pass.fed.len()).max().unwrap_or(0);
    let positions = cache.len() + longest;
    let at_once = (COPIES_BYTES / cache.bytes_per_row(positions).max(1)).max(1);
    for group in passes.chunks(at_once) {
        let prompt = cache.len();
        if group.len() == 1 && cache.rows() == 1 {
            cache.reserve(positions);
            let result = feed(decoder, cache, padding, group, continuations, &mut sums);
            cache.truncate(prompt);
            result?;
        } else {
            let rows: Vec<usize> = group.iter().map(|pass| pass.row).collect();
            let padding: Vec<usize> = match padding {
                [] => Vec::new(),
                some => rows.iter().map(|row| some[*row]).collect(),
            };
            let mut copy = cache.gathered(&rows, positions);
            feed(
                decoder,
                &mut copy,
                &padding,
                group,
                continuations,
                &mut sums,
            )?;
        }
    }
    Ok(sums)
}

/// Ids that go through the decoder behind one prompt, and the continuations that are read off from it.
struct Pass<'a> {
    row: usize,
    fed: &'a [u32],
    members: Vec<usize>,
}

/// One pass for each continuation that is no beginning of another. The last id of each is only predicted, never
/// fed.
fn passes(continuations: &[Continuation]) -> Vec<Pass<'_>> {
    let fed = |at: usize| {
        let ids = &continuations[at].ids;
        &ids[..ids.len().saturating_sub(1)]
    };
    let mut open: Vec<usize> = (0..continuations.len())
        .filter(|at| !fed(*at).is_empty())
        .collect();
    open.sort_by_key(|at| (continuations[*at].row, fed(*at)));
    let mut passes: Vec<Pass<'_>> = Vec::new();
    // Backwards, where each is met behind all that it is a beginning of.
    for at in open.into_iter().rev() {
        let row = continuations[at].row;
        match passes.last_mut() {
            Some(pass) if pass.row == row && pass.fed.starts_with(fed(at)) => {
                pass.members.push(at);
            }
            _ => passes.push(Pass {
                row,
                fed: fed(at),
                members: vec![at],
            }),
        }
    }
    passes
}

/// Runs one group behind its prompts and adds to the sums of its continuations the log-probabilities of their
/// second to last ids.
fn feed<D: CausalDecoder>(
    decoder: &D,
    cache: &mut KvCache,
    padding: &[usize],
    group: &[Pass<'_>],
    continuations: &[Continuation],
    sums: &mut [f64],
) -> Result<(), GenerationError> {
    let width = group.iter().map(|pass| pass.fed.len()).max().unwrap_or(0);
    let mut ids: Vec<i64> = Vec::with_capacity(group.len() * width);
    for pass in group {
        ids.extend(pass.fed.iter().map(|id| i64::from(*id)));
        // Any id will do: nobody looks at what follows it.
        ids.resize(ids.len() + width - pass.fed.len(), 0);
    }
    let Some(device) = decoder.devices().into_iter().next() else {
        return Ok(());
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
    for (pass, row) in group.iter().zip(values.chunks_exact(width * vocabulary)) {
        for (position, logits) in row
            .chunks_exact(vocabulary)
            .take(pass.fed.len())
            .enumerate()
        {
            if logits.iter().any(|value| !value.is_finite()) {
                return Err(GenerationError::NotFinite { step: position + 1 });
            }
            let distribution = Distribution::of(logits);
            for member in &pass.members {
                if let Some(id) = continuations[*member].ids.get(position + 1) {
                    sums[*member] += distribution.log_probability(*id);
                }
            }
        }
    }
    Ok(())
}

/// The softmax of logits.
struct Distribution<'a> {
    logits: &'a [f32],
    log_total: f64,
}

impl<'a> Distribution<'a> {
    fn of(logits: &'a [f32]) -> Self {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = logits
            .iter()
            .map(|logit| f64::from(logit - largest).exp())
            .sum();
        Self {
            logits,
            log_total: f64::from(largest) + total.ln(),
        }
    }

    fn log_probability(&self, id: u32) -> f64 {
        f64::from(self.logits[id as usize]) - self.log_total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_ride_on_longer_continuations_of_their_prompt() {
        let of = |row: usize, ids: &[u32]| Continuation {
            row,
            ids: ids.to_vec(),
        };
        let all = [
            of(0, &[5, 2]),
            of(0, &[5, 7, 8, 2]),
            of(0, &[5, 7, 9, 2]),
            of(0, &[6]),
            of(1, &[5, 2]),
            of(0, &[5, 7, 2]),
        ];
        let mut found: Vec<(usize, Vec<u32>, Vec<usize>)> = passes(&all)
            .into_iter()
            .map(|pass| {
                let mut members = pass.members;
                members.sort_unstable();
                (pass.row, pass.fed.to_vec(), members)
            })
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                (0, vec![5, 7, 8], vec![0, 1, 5]),
                (0, vec![5, 7, 9], vec![2]),
                (1, vec![5], vec![4]),
            ]
        );
    }
}
