//! How likely given continuations of prompts are.
//!
//! The prompts lie in a cache and are neither computed again nor copied. The continuations of each prompt are
//! merged to a tree of ids, and one pass goes over all nodes of the tree; see [`CausalDecoder::forward_tree`].

use burn::tensor::{Device, Int, Tensor, TensorData};
use pulse_kernels::log_softmax_at;

use super::engine::host_values;
use super::options::GenerationError;
use super::token_tree::TokenTree;
use crate::decoder::{CausalDecoder, KvCache, TreeInput};

/// Most ids that one pass reads for a prompt, unless a single continuation has more.
const MOST_IDS: usize = 512;
/// Memory that logits may take at once.
const LOGITS_BYTES: usize = 16 << 20;

/// Ids that may follow one of the prompts of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    /// The prompt's row in the batch.
    pub row: usize,
    /// The ids, at least one.
    pub ids: Vec<u32>,
}

/// Continuations of the prompts of a batch, merged where they begin alike.
#[derive(Debug)]
pub struct ContinuationTrees {
    /// For each pass and row of the batch the tree, empty where a row has fewer.
    passes: Vec<Vec<TokenTree>>,
    continuations: usize,
}

impl ContinuationTrees {
    /// Trees of continuations of `rows` prompts.
    ///
    /// # Panics
    /// Panics if a continuation is of a prompt that is not there: it would be in no tree, and its logarithm would
    /// stay 0, which is certainty.
    pub fn new(rows: usize, continuations: &[Continuation]) -> Self {
        assert!(
            continuations.iter().all(|one| one.row < rows),
            "continuations of {rows} prompts"
        );
        Self::in_passes(rows, continuations, MOST_IDS)
    }

    fn in_passes(rows: usize, continuations: &[Continuation], most: usize) -> Self {
        let mut of_rows: Vec<_> = (0..rows)
            .map(|row| TokenTree::of_row(row, continuations, most).into_iter())
            .collect();
        let count = of_rows.iter().map(ExactSizeIterator::len).max();
        let mut pass = || -> Vec<TokenTree> {
            let next = of_rows.iter_mut().map(Iterator::next);
            next.map(Option::unwrap_or_default).collect()
        };
        Self {
            passes: (0..count.unwrap_or(0)).map(|_| pass()).collect(),
            continuations: continuations.len(),
        }
    }

    /// Positions that a cache needs behind the prompts.
    pub fn positions(&self) -> usize {
        let widths = self.passes.iter().map(|trees| width(trees));
        widths.max().unwrap_or(0)
    }

    /// The natural logarithm of each continuation's probability, in the order given: the sum over its ids of the
    /// log-softmax of the logits, each id given the prompt and the ids before it.
    ///
    /// `cache` holds the prompts and nothing behind them, and so it does afterwards; it grows if it has no
    /// [room](Self::positions). `logits` are those of each prompt's last position, `padding` the positions on the
    /// left of each row (empty: none). The caller sees to it that prompt and continuation fit the model's context.
    ///
    /// # Errors
    /// [`GenerationError`] if logits are not finite or cannot be read, or if a decoder without weights has no device
    /// to compute on.
    ///
    /// # Panics
    /// Panics if an id is not in the vocabulary.
    pub fn log_likelihoods<D: CausalDecoder>(
        &self,
        decoder: &D,
        cache: &mut KvCache,
        padding: &[usize],
        logits: &[Vec<f32>],
    ) -> Result<Vec<f64>, GenerationError> {
        cache.reserve(cache.len() + self.positions());
        let mut found = vec![0.0; self.continuations];
        for trees in &self.passes {
            let states = read(decoder, cache, padding, trees)?;
            for (row, tree) in trees.iter().enumerate() {
                // A beginning that nobody sets would not pass for certainty.
                let mut logarithms = vec![f32::NAN; tree.beginnings.len()];
                first(&logits[row], tree, &mut logarithms)?;
                if let Some(states) = &states {
                    let [_, _, hidden] = states.dims();
                    let of_row = states
                        .clone()
                        .slice([row..row + 1, 0..tree.ids.len(), 0..hidden]);
                    let of_row = of_row.reshape([tree.ids.len(), hidden]);
                    later(decoder, of_row, tree, logits[row].len(), &mut logarithms)?;
                }
                let mut sums: Vec<f64> = Vec::with_capacity(logarithms.len());
                for (one, logarithm) in tree.beginnings.iter().zip(logarithms) {
                    let before = one.before.map_or(0.0, |before| sums[before]);
                    sums.push(before + f64::from(logarithm));
                }
                for (continuation, end) in &tree.ends {
                    found[*continuation] = sums[*end];
                }
            }
        }
        Ok(found)
    }
}

fn width(trees: &[TokenTree]) -> usize {
    let widths = trees.iter().map(|tree| tree.ids.len());
    widths.max().unwrap_or(0)
}

/// Hidden states `[rows, n, hidden]` of the ids to read, none if there are none. Rows with fewer ids have nodes
/// without meaning behind them.
fn read<D: CausalDecoder>(
    decoder: &D,
    cache: &mut KvCache,
    padding: &[usize],
    trees: &[TokenTree],
) -> Result<Option<Tensor<3>>, GenerationError> {
    let width = width(trees);
    if width == 0 {
        return Ok(None);
    }
    let device = first_device(decoder.devices())?;
    let mut ids: Vec<i64> = Vec::with_capacity(trees.len() * width);
    let mut parents = Vec::with_capacity(trees.len());
    for tree in trees {
        ids.extend(tree.ids.iter().map(|id| i64::from(*id)));
        ids.resize(ids.len() + width - tree.ids.len(), 0);
        let mut of_row = tree.parents.clone();
        of_row.resize(width, None);
        parents.push(of_row);
    }
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [trees.len(), width]), &device);
    Ok(Some(decoder.forward_tree(TreeInput {
        embeddings: decoder.embed(ids),
        padding,
        cache,
        parents: &parents,
    })))
}

/// The device of a module's weights.
fn first_device(devices: Vec<Device>) -> Result<Device, GenerationError> {
    let none = || {
        GenerationError::Device {
        reason: "the decoder has no weights on any device, so continuations cannot be read; load a checkpoint"
            .to_owned(),
    }
    };
    devices.into_iter().next().ok_or_else(none)
}

/// The logarithms of beginnings of one id, from the logits behind the prompt.
fn first(logits: &[f32], tree: &TokenTree, logarithms: &mut [f32]) -> Result<(), GenerationError> {
    let shape = [1, logits.len()];
    let logits = Tensor::from_data(TensorData::new(logits.to_vec(), shape), &Device::flex());
    let places = places(tree, |read| read.is_none().then_some(0));
    set(logits, tree, &places, logarithms)
}

/// The logarithms of longer beginnings, from the hidden states of the ids before their last, `[ids, hidden]`.
fn later<D: CausalDecoder>(
    decoder: &D,
    states: Tensor<2>,
    tree: &TokenTree,
    vocabulary: usize,
    logarithms: &mut [f32],
) -> Result<(), GenerationError> {
    let [count, hidden] = states.dims();
    let rows = (LOGITS_BYTES / (vocabulary * size_of::<f32>()).max(1)).max(1);
    for start in (0..count).step_by(rows) {
        let part = start..count.min(start + rows);
        let logits = decoder.logits(states.clone().slice([part.clone(), 0..hidden]));
        let places = places(tree, |read| {
            read.filter(|read| part.contains(read))
                .map(|read| read - start)
        });
        set(logits, tree, &places, logarithms)?;
    }
    Ok(())
}

/// For the beginnings that `row_of` gives a row of logits, by the id that is read before their last: their number,
/// the row and their last id.
fn places(
    tree: &TokenTree,
    row_of: impl Fn(Option<usize>) -> Option<usize>,
) -> Vec<(usize, (usize, usize))> {
    let of = |(at, one)| {
        let row = row_of(tree.reads_before(one))?;
        Some((at, (row, one.id as usize)))
    };
    tree.beginnings.iter().enumerate().filter_map(of).collect()
}

/// Reads the log-softmax at places and writes each to its beginning.
fn set(
    logits: Tensor<2>,
    tree: &TokenTree,
    places: &[(usize, (usize, usize))],
    logarithms: &mut [f32],
) -> Result<(), GenerationError> {
    if places.is_empty() {
        return Ok(());
    }
    let at: Vec<(usize, usize)> = places.iter().map(|(_, place)| *place).collect();
    let values = host_values(log_softmax_at(logits, &at))?;
    for ((beginning, _), value) in places.iter().zip(values) {
        if !value.is_finite() {
            let step = tree.ids_before(*beginning);
            return Err(GenerationError::NotFinite { step });
        }
        logarithms[*beginning] = value;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::decoder::{DecoderInput, LogitRows};
    use crate::generation::prefill;
    use crate::{LoadOptions, Pulse, pad_left};

    /// The log-probability from one pass over prompt and continuation, without a cache.
    fn alone<D: CausalDecoder>(decoder: &D, prompt: &Tensor<3>, ids: &[u32]) -> f64 {
        let [_, past, _] = prompt.dims();
        let fed: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        let fed = TensorData::new(fed, [1, ids.len()]);
        let fed = decoder.embed(Tensor::<2, Int>::from_data(fed, &prompt.device()));
        let logits = decoder.forward(DecoderInput {
            embeddings: Tensor::cat(vec![prompt.clone(), fed], 1),
            padding: &[],
            cache: None,
            logits: LogitRows::All,
        });
        let [_, _, vocabulary] = logits.dims();
        let values = host_values(logits).unwrap();
        let rows = values.chunks_exact(vocabulary).skip(past - 1);
        rows.zip(ids)
            .map(|(row, id)| {
                let total: f64 = row.iter().map(|value| f64::from(*value).exp()).sum();
                f64::from(row[*id as usize]) - total.ln()
            })
            .sum()
    }

    /// Prompts of several lengths in a batch, continuations that share beginnings, are beginnings of others, end
    /// with the end of the answer, are given twice or have one id; in one pass and in pieces.
    #[test]
    fn trees_equal_continuations_one_by_one() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/pulse-random");
        let pulse = Pulse::load(folder, LoadOptions::default()).unwrap();
        let (decoder, eos) = (&pulse.model().model.decoder, pulse.tokenizer().eos_id());
        let width = decoder.config().hidden_size;
        let prompts: Vec<Tensor<3>> = [7, 4, 30]
            .map(|count| {
                let normal = Distribution::Normal(0.0, 0.5);
                Tensor::random([1, count, width], normal, &Device::flex())
            })
            .to_vec();
        let long: Vec<u32> = (40..60).collect();
        let continuations: Vec<Continuation> = [
            (0, vec![10, 11, eos]),
            (0, vec![10, 11, 12, 13, eos]),
            (0, vec![10, 11, 12, 14]),
            (0, vec![10, 11]),
            (0, vec![20]),
            (0, vec![10, 11]),
            (2, vec![10, 11, eos]),
            (2, long),
            (2, vec![40, 41, 9]),
            (0, vec![eos]),
        ]
        .into_iter()
        .map(|(row, ids)| Continuation { row, ids })
        .collect();
        let (embeddings, padding) = pad_left(prompts.clone());
        let [rows, longest, _] = embeddings.dims();
        for (most, capacity) in [(MOST_IDS, 100), (4, 100), (MOST_IDS, longest)] {
            let mut cache = decoder.new_cache(rows, capacity);
            let logits = prefill(decoder, embeddings.clone(), &padding, &mut cache).unwrap();
            let next = |cache: &mut KvCache| {
                let ids = Tensor::<2, Int>::full([rows, 1], 33, &Device::flex());
                let logits = prefill(decoder, decoder.embed(ids), &padding, cache).unwrap();
                cache.truncate(longest);
                logits
            };
            cache.reserve(longest + 1);
            let before = next(&mut cache);
            let trees = ContinuationTrees::in_passes(rows, &continuations, most);
            assert_eq!(trees.passes.len() > 1, most == 4);
            let found = trees.log_likelihoods(decoder, &mut cache, &padding, &logits);
            for (one, found) in continuations.iter().zip(found.unwrap()) {
                let expected = alone(decoder, &prompts[one.row], &one.ids);
                // f32 noise of up to 20 logarithms.
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{one:?}: {found} {expected}"
                );
            }
            assert_eq!(cache.len(), longest);
            assert_eq!(next(&mut cache), before, "the prompts are untouched");
        }
    }

    #[test]
    fn nothing_to_weigh_and_damaged_logits() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/pulse-random");
        let pulse = Pulse::load(folder, LoadOptions::default()).unwrap();
        let decoder = &pulse.model().model.decoder;
        let mut cache = decoder.new_cache(1, 4);
        let none = ContinuationTrees::new(1, &[]);
        assert_eq!(none.positions(), 0);
        let found = none.log_likelihoods(decoder, &mut cache, &[], &[vec![0.0; 4]]);
        assert!(found.unwrap().is_empty());
        let one = [Continuation {
            row: 0,
            ids: vec![1],
        }];
        let damaged = [vec![0.0, 1.0, f32::NAN]];
        let found = ContinuationTrees::new(1, &one);
        let found = found.log_likelihoods(decoder, &mut cache, &[], &damaged);
        assert!(matches!(found, Err(GenerationError::NotFinite { step: 0 })));
        let nowhere = first_device(Vec::new());
        assert!(matches!(nowhere, Err(GenerationError::Device { .. })));
    }
}
