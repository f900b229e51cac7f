//! A batch in host memory.

use pulse_vision::{PixelSize, TilePlan};

use crate::labels::SampleReport;
use crate::sampler::Cursor;

/// Rows of a batch, padded on the right to the longest, and the tiles of all pictures one after the
/// other. Samples that a policy left out are no rows: a batch can have fewer than its size, even
/// none. A trainer counts an empty batch as a step without tokens, so that ranks stay together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostBatch {
    /// Number of rows.
    pub rows: usize,
    /// Length of a row.
    pub width: usize,
    /// `[rows, width]`: ids, −200 for a picture, the padding id behind the end.
    pub input_ids: Vec<i32>,
    /// `[rows, width]`: the id where it is learnt, −100 elsewhere.
    pub labels: Vec<i32>,
    /// `[rows, width]`: whether the position is part of the row.
    pub attention_mask: Vec<bool>,
    /// `[tiles, 3, side, side]` normalised values of all pictures, in the order of the rows.
    pub pixel_values: Vec<f32>,
    /// Side of a tile in pixels; 0 if there are none.
    pub tile_side: usize,
    /// Tiles of each row; 0 for a row without picture.
    pub tile_counts: Vec<usize>,
    /// Size of each row's picture before preprocessing.
    pub image_sizes: Vec<Option<PixelSize>>,
    /// The anyres plan of each row's picture, for merging its tiles.
    pub plans: Vec<Option<TilePlan>>,
    /// The sample's id of each row.
    pub ids: Vec<String>,
    /// The sample's index in the data set of each row.
    pub indices: Vec<usize>,
    /// What became of the batch's samples, those left out included.
    pub report: SampleReport,
    /// The place behind this batch: saved with a checkpoint, the run goes on with the next sample.
    /// `None` if the batch does not come from a loader.
    pub next: Option<Cursor>,
}

impl HostBatch {
    /// Whether no sample is left in it.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Number of tiles of all rows.
    pub fn tiles(&self) -> usize {
        self.tile_counts.iter().sum()
    }

    /// One row of the ids.
    pub fn row_ids(&self, row: usize) -> Option<&[i32]> {
        self.input_ids.chunks_exact(self.width.max(1)).nth(row)
    }

    /// One row of the labels.
    pub fn row_labels(&self, row: usize) -> Option<&[i32]> {
        self.labels.chunks_exact(self.width.max(1)).nth(row)
    }
}
