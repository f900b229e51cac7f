//! Encoder, projector and decoder composed.
//!
//! The three parts know nothing of each other; what joins them is here: tiles to visual tokens,
//! and visual tokens spliced between the embeddings of text.

use burn::module::{Module, Param};
use burn::tensor::{DType, Int, Tensor, TensorData};
use pulse_vision::{
    ClipVisionEncoder, EncoderGeometry, MergeError, MergeType, MlpProjector, TilePixels,
    VisualEncoder, VisualProjector, VisualTokens, merge_tiles,
};

use crate::decoder::{CausalDecoder, LlamaDecoder};
use crate::text::{PromptIds, PromptSegment};

/// A vision encoder, a projector and a decoder that together answer questions about pictures.
#[derive(Module, Debug)]
pub struct MultimodalModel<V: VisualEncoder, P: VisualProjector, D: CausalDecoder> {
    /// Tiles to features.
    pub encoder: V,
    /// Features to the decoder's width.
    pub projector: P,
    /// Embeddings to logits.
    pub decoder: D,
    /// `[hidden]`, the row end of `spatial_unpad`; absent in some checkpoints, unused in PULSE-7B.
    pub image_newline: Option<Param<Tensor<1>>>,
    /// How the tiles of a picture become a sequence.
    #[module(skip)]
    pub merge: MergeType,
}

/// PULSE: CLIP ViT-L/14-336, a two-layer projector and Vicuna-7B.
pub type PulseModel = MultimodalModel<ClipVisionEncoder, MlpProjector, LlamaDecoder>;

/// Why a prompt and its pictures cannot be joined.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the prompt has {marks} picture marks and {pictures} pictures were given; \
     give exactly one picture for every <image>"
)]
pub struct SpliceError {
    /// Picture marks in the prompt.
    pub marks: usize,
    /// Pictures given.
    pub pictures: usize,
}

impl<V: VisualEncoder, P: VisualProjector, D: CausalDecoder> MultimodalModel<V, P, D> {
    /// One picture's tiles to its visual tokens.
    ///
    /// # Errors
    /// [`MergeError`] if the merge type needs what the checkpoint does not have.
    pub fn encode_picture(
        &self,
        tiles: &TilePixels,
        activations: DType,
        device: &burn::tensor::Device,
    ) -> Result<VisualTokens, MergeError> {
        let EncoderGeometry {
            patches_per_side, ..
        } = self.encoder.geometry();
        let side = tiles.side() as usize;
        let data = TensorData::new(tiles.pixel_values(), [tiles.count(), 3, side, side]);
        let pixels = Tensor::<4>::from_data(data, (device, DType::F32)).cast(activations);
        let features = self.projector.project(self.encoder.encode(pixels));
        let newline = self.image_newline.as_ref().map(Param::val);
        merge_tiles(
            features,
            tiles.plan(),
            self.merge,
            patches_per_side,
            newline,
        )
    }

    /// Token ids and visual tokens to embeddings `[1, n, hidden]`, in the order of the prompt.
    ///
    /// # Errors
    /// [`SpliceError`] unless there is one picture for every mark.
    pub fn splice(
        &self,
        prompt: &PromptIds,
        pictures: &[VisualTokens],
        device: &burn::tensor::Device,
    ) -> Result<Tensor<3>, SpliceError> {
        let marks = prompt.image_count();
        if marks != pictures.len() {
            return Err(SpliceError {
                marks,
                pictures: pictures.len(),
            });
        }
        let mut pictures = pictures.iter();
        let parts: Vec<Tensor<3>> = prompt
            .segments()
            .filter_map(|segment| match segment {
                PromptSegment::Text(ids) => Some(self.embed_ids(ids, device)),
                PromptSegment::Image => pictures
                    .next()
                    .map(|tokens| tokens.embeddings.clone().unsqueeze()),
            })
            .collect();
        Ok(Tensor::cat(parts, 1))
    }

    /// Ids of one sequence to embeddings `[1, n, hidden]`.
    pub fn embed_ids(&self, ids: &[u32], device: &burn::tensor::Device) -> Tensor<3> {
        let ids: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        let count = ids.len();
        self.decoder.embed(Tensor::<2, Int>::from_data(
            TensorData::new(ids, [1, count]),
            device,
        ))
    }
}
