//! Pictures and text to the decoder's embeddings.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use pulse_data::batch::HostBatch;
use pulse_kernels::training::{inject_gradient, sum_rows};
use pulse_llm::MultimodalModel;
use pulse_llm::decoder::LayeredDecoder;
use pulse_vision::{VisualEncoder, VisualProjector, VisualTokens, merge_tiles};

use crate::error::TrainError;
use crate::findings::{Supervised, pixels};
use crate::gradients::{GradientStore, of_leaf};
use crate::sequence::SequencePlan;
use crate::trainable::Tune;

/// The parts in front of the blocks, those that are trained inside a graph.
pub(crate) struct Front<V, P> {
    encoder: Option<V>,
    projector: P,
    newline: Option<Param<Tensor<1>>>,
    table: Param<Tensor<2>>,
    trains_table: bool,
}

/// The decoder's input.
pub(crate) struct Assembled {
    /// `[rows, width, hidden]`.
    pub(crate) embeddings: Tensor<3>,
    /// The rows of the table in it, `[text ids, hidden]`, if the table is trained: a leaf of the graph, so
    /// that no gradient of the table's size is made inside.
    text: Option<Tensor<2>>,
}

impl<V: VisualEncoder, P: VisualProjector> Front<V, P> {
    /// Takes the parts of a model. A frozen encoder stays outside of the graph and runs the kernels
    /// of inference.
    pub(crate) fn of<D: LayeredDecoder>(model: &MultimodalModel<V, P, D>, tune: Tune) -> Self {
        let table = model.decoder.embedding().clone();
        let newline = model.image_newline.clone();
        Self {
            encoder: tune.encoder.then(|| model.encoder.clone().train()),
            projector: if tune.projector {
                model.projector.clone().train()
            } else {
                model.projector.clone()
            },
            newline: if tune.decoder {
                newline.train()
            } else {
                newline
            },
            table,
            trains_table: tune.decoder,
        }
    }

    /// The tower's features of a batch's tiles, `[tiles, features_per_tile, width]`; `None` without pictures.
    pub(crate) fn features<D: LayeredDecoder>(
        &self,
        model: &MultimodalModel<V, P, D>,
        batch: &HostBatch,
        device: &Device,
    ) -> Option<Tensor<3>> {
        (batch.tiles() > 0).then(|| {
            let pixels = pixels(batch, device);
            match &self.encoder {
                Some(encoder) => encoder.encode(Tensor::from_inner(pixels)),
                None => model.encoder.encode(pixels),
            }
        })
    }

    /// The visual tokens of a batch's pictures, in the order of the rows, from their features.
    pub(crate) fn visual_tokens<D: LayeredDecoder>(
        &self,
        model: &MultimodalModel<V, P, D>,
        batch: &HostBatch,
        features: Option<Tensor<3>>,
    ) -> Result<Vec<VisualTokens>, TrainError> {
        let Some(features) = features else {
            return Ok(Vec::new());
        };
        let projected = self.projector.project(features);
        let [_, per_tile, hidden] = projected.dims();
        let side = model.encoder.geometry().patches_per_side;
        let mut first = 0;
        let mut pictures = Vec::new();
        for (count, plan) in batch.tile_counts.iter().zip(&batch.plans) {
            if *count == 0 {
                continue;
            }
            let range = [first..first + count, 0..per_tile, 0..hidden];
            first += count;
            let newline = self.newline.as_ref().map(Param::val);
            pictures.push(merge_tiles(
                projected.clone().slice(range),
                plan.as_ref(),
                model.merge,
                side,
                newline,
            )?);
        }
        Ok(pictures)
    }

    /// `[rows, width, hidden]` as the plan says.
    pub(crate) fn assemble(
        &self,
        plan: &SequencePlan,
        pictures: Vec<VisualTokens>,
        device: &Device,
    ) -> Assembled {
        let table = self.table.val();
        let [_, hidden] = table.dims();
        let mut text = None;
        let mut parts = Vec::with_capacity(pictures.len() + 2);
        if !plan.text_ids.is_empty() {
            let rows = table.select(0, indices(&plan.text_ids, device));
            let rows = rows.cast(DType::F32);
            let rows = if self.trains_table {
                text.insert(Tensor::from_inner(rows).require_grad()).clone()
            } else {
                rows
            };
            parts.push(rows);
        }
        parts.extend(pictures.into_iter().map(|picture| picture.embeddings));
        parts.push(Tensor::zeros([1, hidden], (device, DType::F32)));
        let sources = Tensor::cat(parts, 0);
        let embeddings = sources
            .select(0, indices(&plan.sources, device))
            .reshape([plan.rows, plan.width, hidden]);
        Assembled { embeddings, text }
    }

    /// Sends the gradient of the embeddings back to the trained parts.
    pub(crate) fn backward(
        &self,
        Assembled { embeddings, text }: Assembled,
        plan: &SequencePlan,
        gradient: Tensor<3>,
        supervised: Option<Supervised>,
        store: &mut GradientStore,
    ) {
        let of_words = embeddings
            .is_tracked()
            .then(|| inject_gradient(embeddings, gradient));
        let (of_head, head) = match supervised {
            Some(Supervised { start, head, .. }) => (Some(start), Some(head)),
            None => (None, None),
        };
        // One pass through the tower for both.
        let Some(start) = of_words.into_iter().chain(of_head).reduce(|a, b| a + b) else {
            return;
        };
        let mut gradients = start.backward();
        if let Some(head) = &head {
            store.collect(head, &mut gradients);
        }
        if let Some(encoder) = &self.encoder {
            store.collect(encoder, &mut gradients);
        }
        store.collect(&self.projector, &mut gradients);
        store.collect(&self.newline, &mut gradients);
        if let Some(text) = text {
            let [count, _] = self.table.val().dims();
            let rows = of_leaf(&text, &mut gradients);
            store.add(self.table.id, sum_rows(rows, &plan.text_ids, count));
        }
    }
}

/// Indices on a device.
pub(crate) fn indices(values: &[i64], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}
