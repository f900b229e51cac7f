//! Samples on their way into a batch.

use pulse_vision::TilePixels;

use crate::labels::{SampleDefect, TokenizedSample};

/// A sample that can be learnt from.
#[derive(Debug, Clone)]
pub struct PreparedSample {
    /// Its index in the data set.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// Ids and labels, the picture not expanded.
    pub tokens: TokenizedSample,
    /// The picture's tiles as bytes; `None` for a sample without picture.
    pub tiles: Option<TilePixels>,
    /// Positions that the picture becomes in the decoder.
    pub visual_tokens: usize,
}

/// What became of one sample of the data set.
#[derive(Debug, Clone)]
pub enum Prepared {
    /// It is part of its batch.
    Kept(Box<PreparedSample>),
    /// It is left out by the policy, and its batch has one row less.
    Dropped {
        /// Its index in the data set.
        index: usize,
        /// Its id.
        id: String,
        /// Why.
        defect: SampleDefect,
    },
}
