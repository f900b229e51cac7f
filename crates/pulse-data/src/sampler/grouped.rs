//! Samples of similar length into the same batch.
//!
//! Reference: `get_length_grouped_indices` and `split_to_even_chunks` of LLaVA
//! (`llava_trainer.py`; specification, section 5.5). The permutation is given, so that the same one
//! gives the same indices.

use super::error::SamplerError;

/// Cuts `permutation` into megabatches of `world * batch`, sorts each by length, longest first, and
/// deals it to `world` chunks of even total length.
///
/// `world` is ranks times accumulation steps, as in the original.
///
/// # Errors
/// [`SamplerError`] for a batch or world of 0, or a list that is no permutation of the lengths.
pub fn length_grouped(
    lengths: &[i64],
    batch: usize,
    world: usize,
    permutation: &[usize],
) -> Result<Vec<usize>, SamplerError> {
    let megabatch = megabatch(batch, world)?;
    check_permutation("the permutation", permutation, lengths.len())?;
    let mut indices = Vec::with_capacity(permutation.len());
    for chunk in permutation.chunks(megabatch) {
        let mut sorted = chunk.to_vec();
        // Stable: equal lengths stay in the order of the permutation.
        sorted.sort_by_key(|index| std::cmp::Reverse(lengths[*index]));
        for chunk in split_to_even_chunks(&sorted, lengths, world)? {
            indices.extend(chunk);
        }
    }
    Ok(indices)
}

/// Deals indices to `chunks` lists of even total length. If their number is not a multiple of
/// `chunks`, every list takes each `chunks`-th of them; otherwise each index goes to the list with
/// the smallest total, the first on ties, until the lists are full.
///
/// # Errors
/// [`SamplerError::Zero`] for no chunks, [`SamplerError::NoPermutation`] for an index without
/// length.
pub fn split_to_even_chunks(
    indices: &[usize],
    lengths: &[i64],
    chunks: usize,
) -> Result<Vec<Vec<usize>>, SamplerError> {
    if chunks == 0 {
        return Err(SamplerError::Zero { name: "chunks" });
    }
    if indices.iter().any(|index| *index >= lengths.len()) {
        return Err(SamplerError::NoPermutation {
            name: "the list of indices",
            length: lengths.len(),
        });
    }
    if !indices.len().is_multiple_of(chunks) {
        let strided = |first| {
            indices
                .iter()
                .skip(first)
                .step_by(chunks)
                .copied()
                .collect()
        };
        return Ok((0..chunks).map(strided).collect());
    }
    let full = indices.len() / chunks;
    let mut lists = vec![Vec::with_capacity(full); chunks];
    let mut totals = vec![0i64; chunks];
    for index in indices {
        let shortest = (0..chunks)
            .filter(|list| lists[*list].len() < full)
            .min_by_key(|list| totals[*list]);
        // There is always one that is not full: they hold as many as there are indices.
        if let Some(list) = shortest {
            lists[list].push(*index);
            totals[list] += lengths[*index];
        }
    }
    Ok(lists)
}

/// Samples of one megabatch.
pub(super) fn megabatch(batch: usize, world: usize) -> Result<usize, SamplerError> {
    for (name, value) in [("the batch size", batch), ("the world size", world)] {
        if value == 0 {
            return Err(SamplerError::Zero { name });
        }
    }
    Ok(batch.saturating_mul(world))
}

pub(super) fn check_permutation(
    name: &'static str,
    permutation: &[usize],
    length: usize,
) -> Result<(), SamplerError> {
    let mut seen = vec![false; length];
    let is_new = |index: &usize| {
        seen.get_mut(*index)
            .is_some_and(|seen| !std::mem::replace(seen, true))
    };
    if permutation.len() == length && permutation.iter().all(is_new) {
        return Ok(());
    }
    Err(SamplerError::NoPermutation { name, length })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn even_chunks_of_the_specification() {
        let lengths = [9, 7, 7, 5, 4, 3, 2, 1];
        let all: Vec<usize> = (0..8).collect();
        assert_eq!(
            split_to_even_chunks(&all, &lengths, 4).unwrap(),
            [[0, 7], [1, 5], [2, 6], [3, 4]]
        );
        assert_eq!(
            split_to_even_chunks(&all[..7], &lengths, 4).unwrap(),
            [vec![0, 4], vec![1, 5], vec![2, 6], vec![3]]
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(length_grouped(&[1, 2], 0, 1, &[0, 1]).is_err());
        assert!(length_grouped(&[1, 2], 1, 0, &[0, 1]).is_err());
        for permutation in [&[0, 0][..], &[0], &[0, 2], &[0, 1, 1]] {
            assert!(length_grouped(&[1, 2], 1, 1, permutation).is_err());
        }
        assert!(split_to_even_chunks(&[5], &[1], 1).is_err());
    }
}
