//! The decoder's blocks: forward without a graph, backward one block at a time.
//!
//! The forward pass runs the kernels of inference and keeps only the input of each block. The
//! backward pass takes the blocks in reverse, computes each once more inside a graph of its own and
//! drops that graph with its activations before the next: memory is one block's activations and
//! `blocks x positions x hidden`, whatever the depth, for one more forward pass of arithmetic.

use burn::module::Module;
use burn::tensor::Tensor;
use pulse_kernels::training::inject_gradient;
use pulse_llm::decoder::{LayeredDecoder, RotaryTables};

use crate::gradients::GradientStore;

/// Inputs of all blocks, and the output of the last.
pub(crate) struct BlocksForward {
    inputs: Vec<Tensor<3>>,
    pub(crate) output: Tensor<3>,
}

/// Runs all blocks on embeddings `[rows, width, hidden]` outside of any graph.
pub(crate) fn forward<D: LayeredDecoder>(
    decoder: &D,
    embeddings: Tensor<3>,
    positions: &RotaryTables,
) -> BlocksForward {
    let mut inputs = Vec::with_capacity(decoder.blocks().len());
    let mut hidden = embeddings;
    for block in decoder.blocks() {
        inputs.push(hidden.clone());
        hidden = D::run_block(block, hidden, positions);
    }
    BlocksForward {
        inputs,
        output: hidden,
    }
}

/// From the gradient of the output to the gradient of the embeddings, gradients of the blocks'
/// parameters going to the store. Frozen parameters have none.
pub(crate) fn backward<D: LayeredDecoder>(
    decoder: &D,
    forward: BlocksForward,
    gradient: Tensor<3>,
    positions: &RotaryTables,
    store: &mut GradientStore,
) -> Tensor<3> {
    let BlocksForward { inputs, output } = forward;
    drop(output);
    let blocks = decoder.blocks().iter().rev();
    blocks
        .zip(inputs.into_iter().rev())
        .fold(gradient, |gradient, (block, input)| {
            let block = block.clone().train();
            let input = Tensor::from_inner(input).require_grad();
            let output = D::run_block(&block, input.clone(), positions);
            let mut gradients = inject_gradient(output, gradient.clone()).backward();
            store.collect(&block, &mut gradients);
            // The input is a leaf of the graph and always gets its gradient.
            input.grad_remove(&mut gradients).unwrap_or(gradient)
        })
}
