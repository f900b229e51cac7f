//! How long samples are, for grouping.

use crate::instruct::InstructFile;
use crate::labels::word_count;
use crate::sample::Sample;

/// What a picture adds to a length (`lengths` of LLaVA's data set).
const IMAGE_WORDS: i64 = 128;

/// Lengths of a data set in words, as the original measures them: cheap, and close enough to sort
/// by. Collected from the samples in order, or taken from the index of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SampleLengths {
    words: Vec<i64>,
    has_image: Vec<bool>,
}

impl SampleLengths {
    /// The lengths of an indexed file, which its index knows: no conversation is read. Items that are no
    /// conversations count as one word: a policy may leave them out later.
    pub fn of_file(file: &InstructFile) -> Self {
        let (words, has_image) = file.lengths().unzip();
        Self { words, has_image }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Words of all messages, 128 more with a picture.
    pub fn total(&self) -> Vec<i64> {
        self.both(|words, has_image| words + if has_image { IMAGE_WORDS } else { 0 })
    }

    /// Words of all messages, negative without a picture.
    pub fn by_modality(&self) -> Vec<i64> {
        self.both(|words, has_image| if has_image { words } else { -words })
    }

    fn both(&self, length: impl Fn(i64, bool) -> i64) -> Vec<i64> {
        let pairs = self.words.iter().zip(&self.has_image);
        pairs
            .map(|(words, has_image)| length(*words, *has_image))
            .collect()
    }
}

impl<'a> Extend<&'a Sample> for SampleLengths {
    fn extend<T: IntoIterator<Item = &'a Sample>>(&mut self, samples: T) {
        for sample in samples {
            let messages = sample.conversations.iter();
            let words: usize = messages.map(|message| word_count(&message.value)).sum();
            self.words.push(words as i64);
            self.has_image.push(sample.image.is_some());
        }
    }
}

impl<'a> FromIterator<&'a Sample> for SampleLengths {
    fn from_iter<T: IntoIterator<Item = &'a Sample>>(samples: T) -> Self {
        let mut lengths = Self::default();
        lengths.extend(samples);
        lengths
    }
}
