//! Batches of samples with a picture and batches without, each grouped by length.
//!
//! Reference: `get_modality_length_grouped_indices` of LLaVA (`llava_trainer.py`; specification,
//! section 5.5). Lengths of samples without a picture are negative.

use super::error::SamplerError;
use super::grouped::{check_permutation, length_grouped, megabatch};

/// The permutations that the grouping asks for.
#[derive(Debug, Clone, Copy)]
pub struct ModalityPermutations<'a> {
    /// Of all samples; used if there is only one kind.
    pub all: &'a [usize],
    /// Of the samples with a picture.
    pub images: &'a [usize],
    /// Of the samples without.
    pub text: &'a [usize],
    /// Of the whole megabatches of both kinds, those with pictures first.
    pub megabatches: &'a [usize],
}

impl ModalityPermutations<'_> {
    /// How long the permutations must be: of pictures, texts and megabatches.
    pub(super) fn lengths(lengths: &[i64], megabatch: usize) -> [usize; 3] {
        let images = lengths.iter().filter(|length| **length > 0).count();
        let text = lengths.len() - images;
        // The last megabatch of each kind is set aside, whether it is whole or not.
        let whole = |samples: usize| samples.div_ceil(megabatch).saturating_sub(1);
        [images, text, whole(images) + whole(text)]
    }
}

/// Groups each modality by length, shuffles the megabatches of both and appends what is left of
/// both, in the order of the data set.
///
/// With only one kind of sample this is [`length_grouped`] of the lengths as they are: text alone
/// then comes shortest first, as in the original.
///
/// # Errors
/// [`SamplerError`] for a length of 0 or lists that are no permutations.
pub fn modality_grouped(
    lengths: &[i64],
    batch: usize,
    world: usize,
    permutations: ModalityPermutations<'_>,
) -> Result<Vec<usize>, SamplerError> {
    let megabatch = megabatch(batch, world)?;
    if let Some(index) = lengths.iter().position(|length| *length == 0) {
        return Err(SamplerError::ZeroLength { index });
    }
    let (images, text): (Vec<usize>, Vec<usize>) =
        (0..lengths.len()).partition(|index| lengths[*index] > 0);
    if images.is_empty() || text.is_empty() {
        return length_grouped(lengths, batch, world, permutations.all);
    }
    let grouped = |indices: &[usize], permutation| {
        let absolute: Vec<i64> = indices.iter().map(|index| lengths[*index].abs()).collect();
        let order = length_grouped(&absolute, batch, world, permutation)?;
        Ok(order.into_iter().map(|place| indices[place]).collect())
    };
    let images: Vec<usize> = grouped(&images, permutations.images)?;
    let text: Vec<usize> = grouped(&text, permutations.text)?;
    let mut left = Vec::new();
    let mut megabatches = Vec::new();
    for order in [&images, &text] {
        let mut chunks: Vec<&[usize]> = order.chunks(megabatch).collect();
        left.extend(chunks.pop().unwrap_or_default());
        megabatches.extend(chunks);
    }
    let name = "the permutation of the megabatches";
    check_permutation(name, permutations.megabatches, megabatches.len())?;
    left.sort_unstable();
    let shuffled = permutations.megabatches.iter();
    Ok(shuffled
        .flat_map(|place| megabatches[*place].iter().copied())
        .chain(left)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_without_words_is_named() {
        let none = ModalityPermutations {
            all: &[0, 1],
            images: &[],
            text: &[],
            megabatches: &[],
        };
        let error = modality_grouped(&[3, 0], 1, 1, none);
        assert_eq!(error, Err(SamplerError::ZeroLength { index: 1 }));
        // Only text: lengths as they are, so the shortest comes first.
        assert_eq!(modality_grouped(&[-9, -2], 2, 1, none), Ok(vec![1, 0]));
    }
}
