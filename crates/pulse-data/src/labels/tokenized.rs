//! A sample as ids and labels.

use pulse_llm::text::IMAGE_TOKEN_INDEX;

use super::defect::SampleDefect;

/// The label of a position that is not learnt (`IGNORE_INDEX` of LLaVA).
pub const IGNORE_INDEX: i32 = -100;

/// Ids and labels of one sample, pictures not yet expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedSample {
    /// Token ids; [`IMAGE_TOKEN_INDEX`] stands for a picture.
    pub input_ids: Vec<i32>,
    /// As long as the ids: the id where it is to be predicted, [`IGNORE_INDEX`] elsewhere.
    pub labels: Vec<i32>,
    /// What was wrong with the sample and mended or, by the policy `reference`, left as it is.
    pub defects: Vec<SampleDefect>,
}

impl TokenizedSample {
    /// Number of pictures among the ids.
    pub fn image_count(&self) -> usize {
        let is_image = |id: &&i32| **id == IMAGE_TOKEN_INDEX;
        self.input_ids.iter().filter(is_image).count()
    }

    /// Number of text ids.
    pub fn text_len(&self) -> usize {
        self.input_ids.len() - self.image_count()
    }

    /// Positions in the decoder if every picture becomes `visual_tokens` of them.
    pub fn expanded_len(&self, visual_tokens: usize) -> usize {
        self.text_len() + self.image_count() * visual_tokens
    }

    /// Number of labels that are learnt.
    pub fn supervised(&self) -> usize {
        self.labels
            .iter()
            .filter(|label| **label != IGNORE_INDEX)
            .count()
    }

    /// Leaves off everything behind the first `limit` positions. A picture is kept whole or not at
    /// all. Returns whether all pictures are still there.
    pub(super) fn truncate(&mut self, visual_tokens: usize, limit: usize) -> bool {
        let pictures = self.image_count();
        let mut positions = 0;
        let kept = self
            .input_ids
            .iter()
            .take_while(|id| {
                positions += if **id == IMAGE_TOKEN_INDEX {
                    visual_tokens
                } else {
                    1
                };
                positions <= limit
            })
            .count();
        self.input_ids.truncate(kept);
        self.labels.truncate(kept);
        self.image_count() == pictures
    }
}
