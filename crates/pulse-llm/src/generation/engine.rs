//! Prefill and the decode loop.

use std::ops::ControlFlow;

use burn::tensor::{Int, Tensor, TensorData};

use super::options::{FinishReason, GenerateOptions, GenerationError};
use super::sampler::Sampler;
use crate::decoder::{CausalDecoder, DecoderInput, KvCache, LogitRows};

/// What one sequence of a batch produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedIds {
    /// The new ids, the end-of-sequence id included if it came.
    pub ids: Vec<u32>,
    /// Why it ended.
    pub finish: FinishReason,
}

/// A batch between prefill and the end of generation.
pub struct DecodeState<'a> {
    /// The cache that holds the prompts, extended in place.
    pub cache: &'a mut KvCache,
    /// Per row the number of padding positions on the left; empty means none.
    pub padding: &'a [usize],
    /// Logits of each row's last position.
    pub logits: Vec<Vec<f32>>,
    /// Positions the model's context has.
    pub context: usize,
    /// The id that ends a sequence.
    pub eos: u32,
}

/// Positions that a prefill which can be cancelled computes between two looks at the flag.
const CANCELLABLE_POSITIONS: usize = 256;

/// Runs `[batch, n, hidden]` through the decoder behind what the cache holds and returns the logits
/// of each row's last position.
///
/// # Errors
/// [`GenerationError`] if the logits are not finite or cannot be read.
pub fn prefill<D: CausalDecoder>(
    decoder: &D,
    embeddings: Tensor<3>,
    padding: &[usize],
    cache: &mut KvCache,
) -> Result<Vec<Vec<f32>>, GenerationError> {
    step(decoder, embeddings, padding, cache, 0)
}

/// As [`prefill`] without padding, in pieces between which it looks at the options' flag, so that a
/// cancel does not wait for all of a long prompt. Without a flag it is one piece.
///
/// # Errors
/// [`GenerationError::Cancelled`] if the flag is set, otherwise as [`prefill`].
pub fn prefill_cancellable<D: CausalDecoder>(
    decoder: &D,
    embeddings: Tensor<3>,
    cache: &mut KvCache,
    options: &GenerateOptions,
) -> Result<Vec<Vec<f32>>, GenerationError> {
    let [batch, count, width] = embeddings.dims();
    let piece = match options.cancel {
        Some(_) => CANCELLABLE_POSITIONS,
        None => count,
    };
    let mut first = 0;
    loop {
        if options.is_cancelled() {
            return Err(GenerationError::Cancelled);
        }
        let last = count.min(first + piece);
        let part = embeddings.clone().slice([0..batch, first..last, 0..width]);
        let logits = prefill(decoder, part, &[], cache)?;
        if last == count {
            return Ok(logits);
        }
        first = last;
    }
}

/// Decodes until every row has ended. `observe` sees each new token with its row, before the next
/// is computed, and can end its row.
///
/// # Errors
/// [`GenerationError`] for options out of range, logits that are not finite, or a cancel before the
/// first token; a later cancel ends the rows with what they have.
pub fn generate<D: CausalDecoder>(
    decoder: &D,
    state: DecodeState<'_>,
    options: &GenerateOptions,
    mut observe: impl FnMut(usize, u32) -> ControlFlow<()>,
) -> Result<Vec<GeneratedIds>, GenerationError> {
    options.validate()?;
    let DecodeState {
        cache,
        padding,
        mut logits,
        context,
        eos,
    } = state;
    if options.is_cancelled() {
        return Err(GenerationError::Cancelled);
    }
    let rows = logits.len();
    let device_of = decoder.devices();
    let mut samplers = vec![Sampler::new(options); rows];
    let mut ids: Vec<Vec<u32>> = vec![Vec::new(); rows];
    let mut finish: Vec<Option<FinishReason>> = vec![None; rows];
    loop {
        let mut next = vec![eos; rows];
        for row in 0..rows {
            if finish[row].is_some() {
                continue;
            }
            let id = samplers[row].choose(&logits[row]);
            next[row] = id;
            ids[row].push(id);
            let positions = cache.len() - padding.get(row).copied().unwrap_or(0) + 1;
            let stopped = observe(row, id).is_break();
            finish[row] = if id == eos {
                Some(FinishReason::Stop)
            } else if stopped || options.is_cancelled() {
                Some(FinishReason::Cancelled)
            } else if ids[row].len() == options.max_new_tokens {
                Some(FinishReason::MaxNewTokens)
            } else if positions >= context {
                Some(FinishReason::ContextFull)
            } else {
                None
            };
        }
        if finish.iter().all(Option::is_some) {
            break;
        }
        let next: Vec<i64> = next.into_iter().map(i64::from).collect();
        let next = TensorData::new(next, [rows, 1]);
        let Some(device) = device_of.first() else {
            break;
        };
        let embeddings = decoder.embed(Tensor::<2, Int>::from_data(next, device));
        let done = ids.iter().map(Vec::len).max().unwrap_or(0);
        logits = step(decoder, embeddings, padding, cache, done)?;
    }
    Ok(ids
        .into_iter()
        .zip(finish)
        .map(|(ids, finish)| GeneratedIds {
            ids,
            finish: finish.unwrap_or(FinishReason::Cancelled),
        })
        .collect())
}

/// One pass through the decoder to host logits, one vector per row.
pub(super) fn step<D: CausalDecoder>(
    decoder: &D,
    embeddings: Tensor<3>,
    padding: &[usize],
    cache: &mut KvCache,
    done: usize,
) -> Result<Vec<Vec<f32>>, GenerationError> {
    let input = DecoderInput {
        embeddings,
        padding,
        cache: Some(cache),
        logits: LogitRows::Last,
    };
    let logits = decoder.forward(input);
    let [_, _, vocabulary] = logits.dims();
    let values = host_values(logits)?;
    if values.iter().any(|value| !value.is_finite()) {
        return Err(GenerationError::NotFinite { step: done });
    }
    Ok(values
        .chunks_exact(vocabulary)
        .map(<[f32]>::to_vec)
        .collect())
}

/// The values of a tensor in f32 on the host.
pub(super) fn host_values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, GenerationError> {
    let values = tensor.into_data().try_into_vec();
    values.map_err(|error| GenerationError::Device {
        reason: format!("{error:?}"),
    })
}
