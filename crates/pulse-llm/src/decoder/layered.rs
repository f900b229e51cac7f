//! A decoder in parts, for training.
//!
//! Training keeps the input of every block and computes the rest of it again in the backward pass,
//! one block at a time; gradients of a block are complete and can be reduced before the next block
//! starts. For that the blocks have to be seen from outside, which inference has no use for.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use pulse_kernels::{Linear, RmsNorm};

use super::attention::Step;
use super::layer::LlamaLayer;
use super::{CausalDecoder, LlamaDecoder, RotaryTables};

/// A decoder whose forward pass is `embedding`, then every block in order, then norm and head.
pub trait LayeredDecoder: CausalDecoder {
    /// One block.
    type Block: Module;

    /// The embedding table, `[vocabulary, hidden]`.
    fn embedding(&self) -> &Param<Tensor<2>>;

    /// The blocks in order.
    fn blocks(&self) -> &[Self::Block];

    /// What all blocks need to know about the positions `0..count`.
    fn positions(&self, count: usize, device: &Device) -> RotaryTables;

    /// One block on whole sequences that start at position 0: `[batch, n, hidden]` to the same. A
    /// block moved to an autodiff graph records itself there.
    fn run_block(block: &Self::Block, hidden: Tensor<3>, positions: &RotaryTables) -> Tensor<3>;

    /// The norm behind the last block.
    fn final_norm(&self) -> &RmsNorm;

    /// Normalised hidden states to logits.
    fn head(&self) -> &Linear;
}

impl LayeredDecoder for LlamaDecoder {
    type Block = LlamaLayer;

    fn embedding(&self) -> &Param<Tensor<2>> {
        &self.embedding
    }

    fn blocks(&self) -> &[LlamaLayer] {
        &self.layers
    }

    fn positions(&self, count: usize, device: &Device) -> RotaryTables {
        let config = self.config();
        RotaryTables::new(
            &[(0..count).collect()],
            config.head_dim(),
            config.rope_theta,
            self.rope_rounding,
            device,
        )
    }

    fn run_block(block: &LlamaLayer, hidden: Tensor<3>, positions: &RotaryTables) -> Tensor<3> {
        let step = Step {
            rotary: positions,
            padding: &[],
            tree: None,
        };
        block.forward(hidden, &step, None)
    }

    fn final_norm(&self) -> &RmsNorm {
        &self.norm
    }

    fn head(&self) -> &Linear {
        &self.head
    }
}
