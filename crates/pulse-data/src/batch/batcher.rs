//! Samples to a batch.

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::Device;

use super::host::HostBatch;
use super::prepared::{Prepared, PreparedSample};
use super::tensors::TrainingBatch;
use crate::labels::{IGNORE_INDEX, LabelPolicy, Labeller, SampleReport};

/// Pads and joins samples (`DataCollatorForSupervisedDataset` of LLaVA). Rows with and without a
/// picture may be mixed; the original fails at that.
#[derive(Debug, Clone)]
pub struct TrainingBatcher {
    pad: i32,
    max_length: usize,
    /// Whether every padding id is masked, also one in the middle of a row.
    masks_by_id: bool,
}

impl TrainingBatcher {
    /// The batcher for a labeller's samples: pads with the tokenizer's `<unk>` as the original does
    /// and cuts at the labeller's longest sequence. Under the policy `reference` a literal `<unk>`
    /// in a text is masked like padding.
    pub fn new(labeller: &Labeller) -> Self {
        let options = labeller.options();
        Self {
            pad: i32::try_from(labeller.tokenizer().unk_id()).unwrap_or(0),
            max_length: options.max_length,
            masks_by_id: options.policy == LabelPolicy::Reference,
        }
    }

    /// Joins samples in their order. What was left out is counted in the batch's report.
    pub fn collate(&self, samples: Vec<Prepared>) -> HostBatch {
        let mut report = SampleReport::default();
        let mut kept = Vec::with_capacity(samples.len());
        for sample in samples {
            match sample {
                Prepared::Kept(sample) => {
                    report.keep(&sample.id, &sample.tokens.defects);
                    kept.push(*sample);
                }
                Prepared::Dropped { id, defect, .. } => report.drop(&id, &defect),
            }
        }
        let longest = kept
            .iter()
            .map(|sample| sample.tokens.input_ids.len())
            .max();
        let width = longest.unwrap_or(0).min(self.max_length);
        let values = kept
            .iter()
            .filter_map(|sample| Some(sample.tiles.as_ref()?.len()));
        let mut batch = HostBatch {
            rows: kept.len(),
            width,
            pixel_values: Vec::with_capacity(values.sum()),
            report,
            ..HostBatch::default()
        };
        for sample in kept {
            self.push(&mut batch, sample);
        }
        batch
    }

    fn push(&self, batch: &mut HostBatch, sample: PreparedSample) {
        let end = (batch.ids.len() + 1) * batch.width;
        let kept = sample.tokens.input_ids.len().min(batch.width);
        let ids = &sample.tokens.input_ids[..kept];
        batch.input_ids.extend(ids);
        batch.labels.extend(&sample.tokens.labels[..kept]);
        let is_real = |id: &i32| !self.masks_by_id || *id != self.pad;
        batch.attention_mask.extend(ids.iter().map(is_real));
        batch.input_ids.resize(end, self.pad);
        batch.labels.resize(end, IGNORE_INDEX);
        batch.attention_mask.resize(end, false);
        let tiles = sample.tiles.as_ref();
        if let Some(tiles) = tiles {
            tiles.extend_pixel_values(&mut batch.pixel_values);
            batch.tile_side = tiles.side() as usize;
        }
        batch
            .tile_counts
            .push(tiles.map_or(0, |tiles| tiles.count()));
        batch.image_sizes.push(tiles.map(|tiles| tiles.picture()));
        batch
            .plans
            .push(tiles.and_then(|tiles| tiles.plan().copied()));
        batch.ids.push(sample.id);
        batch.indices.push(sample.index);
    }
}

impl Batcher<Prepared, TrainingBatch> for TrainingBatcher {
    fn batch(&self, items: Vec<Prepared>, device: &Device) -> TrainingBatch {
        TrainingBatch::new(self.collate(items), device)
    }
}
