//! A batch on a device.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use pulse_vision::{PixelSize, TilePlan};

use super::host::HostBatch;
use crate::labels::SampleReport;
use crate::sampler::Cursor;

/// The tensors of a [`HostBatch`], and what of it stays on the host.
#[derive(Debug, Clone)]
pub struct TrainingBatch {
    /// `[rows, width]`: ids, −200 for a picture, the padding id behind the end.
    pub input_ids: Tensor<2, Int>,
    /// `[rows, width]`: the id where it is learnt, −100 elsewhere.
    pub labels: Tensor<2, Int>,
    /// `[rows, width]`: whether the position is part of the row.
    pub attention_mask: Tensor<2, Bool>,
    /// `[tiles, 3, side, side]` normalised values of all pictures in the order of the rows; `None`
    /// if no row has a picture.
    pub pixel_values: Option<Tensor<4>>,
    /// Tiles of each row; 0 for a row without picture.
    pub tile_counts: Vec<usize>,
    /// Size of each row's picture before preprocessing.
    pub image_sizes: Vec<Option<PixelSize>>,
    /// The anyres plan of each row's picture, for merging its tiles.
    pub plans: Vec<Option<TilePlan>>,
    /// The sample's id of each row.
    pub ids: Vec<String>,
    /// What became of the batch's samples, those left out included.
    pub report: SampleReport,
    /// The place behind this batch; `None` if it does not come from a [`Loader`](super::Loader).
    pub next: Option<Cursor>,
}

impl TrainingBatch {
    /// Moves a batch to a device. A batch without rows has tensors of `[0, 0]`.
    pub fn new(batch: HostBatch, device: &Device) -> Self {
        let shape = [batch.rows, batch.width];
        let tiles = batch.tiles();
        let side = batch.tile_side;
        let pixel_values = (tiles > 0).then(|| {
            Tensor::from_data(
                TensorData::new(batch.pixel_values, [tiles, 3, side, side]),
                device,
            )
        });
        Self {
            input_ids: Tensor::from_data(TensorData::new(batch.input_ids, shape), device),
            labels: Tensor::from_data(TensorData::new(batch.labels, shape), device),
            attention_mask: Tensor::from_data(TensorData::new(batch.attention_mask, shape), device),
            pixel_values,
            tile_counts: batch.tile_counts,
            image_sizes: batch.image_sizes,
            plans: batch.plans,
            ids: batch.ids,
            report: batch.report,
            next: batch.next,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }
}
