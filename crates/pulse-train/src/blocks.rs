//! The decoder's blocks, backward one block at a time.
//!
//! With recomputation the forward pass runs the kernels of inference outside of any graph and keeps
//! only the input of each block. The backward pass takes the blocks in reverse, computes each once more
//! inside a graph of its own and drops that graph with its activations before the next: memory is one
//! block's activations and `blocks x positions x hidden`, whatever the depth, for one more forward pass of
//! arithmetic. Without it every block keeps its graph from the forward pass.

use burn::module::Module;
use burn::tensor::Tensor;
use pulse_kernels::training::inject_gradient;
use pulse_llm::decoder::{LayeredDecoder, RotaryTables};

use crate::gradients::{GradientStore, of_leaf};

/// One block inside a graph of its own.
struct BlockGraph<B> {
    block: B,
    input: Tensor<3>,
    output: Tensor<3>,
}

impl<B: Module> BlockGraph<B> {
    fn record<D: LayeredDecoder<Block = B>>(
        block: &B,
        input: Tensor<3>,
        positions: &RotaryTables,
    ) -> Self {
        let block = block.clone().train();
        let input = Tensor::from_inner(input).require_grad();
        let output = D::run_block(&block, input.clone(), positions);
        Self {
            block,
            input,
            output,
        }
    }

    /// From the gradient of the output to that of the input.
    fn backward(self, gradient: Tensor<3>, store: &mut GradientStore) -> Tensor<3> {
        let mut gradients = inject_gradient(self.output, gradient).backward();
        store.collect(&self.block, &mut gradients);
        of_leaf(&self.input, &mut gradients)
    }
}

/// What the forward pass keeps of the blocks.
enum Kept<B> {
    Inputs(Vec<Tensor<3>>),
    Graphs(Vec<BlockGraph<B>>),
}

/// A forward pass through all blocks.
pub(crate) struct BlocksForward<B> {
    kept: Kept<B>,
    /// `[rows, width, hidden]`, outside of any graph.
    pub(crate) output: Tensor<3>,
}

/// Runs all blocks on embeddings `[rows, width, hidden]`.
pub(crate) fn forward<D: LayeredDecoder>(
    decoder: &D,
    embeddings: Tensor<3>,
    positions: &RotaryTables,
    recompute: bool,
) -> BlocksForward<D::Block> {
    let mut hidden = embeddings;
    let kept = if recompute {
        let mut inputs = Vec::with_capacity(decoder.blocks().len());
        for block in decoder.blocks() {
            inputs.push(hidden.clone());
            hidden = D::run_block(block, hidden, positions);
        }
        Kept::Inputs(inputs)
    } else {
        let mut graphs = Vec::with_capacity(decoder.blocks().len());
        for block in decoder.blocks() {
            let graph = BlockGraph::record::<D>(block, hidden, positions);
            hidden = graph.output.clone().inner();
            graphs.push(graph);
        }
        Kept::Graphs(graphs)
    };
    BlocksForward {
        kept,
        output: hidden,
    }
}

/// From the gradient of the output to the gradient of the embeddings, gradients of the blocks'
/// parameters going to the store. Frozen parameters have none.
pub(crate) fn backward<D: LayeredDecoder>(
    decoder: &D,
    forward: BlocksForward<D::Block>,
    gradient: Tensor<3>,
    positions: &RotaryTables,
    store: &mut GradientStore,
) -> Tensor<3> {
    let BlocksForward { kept, output } = forward;
    drop(output);
    match kept {
        Kept::Inputs(inputs) => {
            let blocks = decoder.blocks().iter().rev().zip(inputs.into_iter().rev());
            blocks.fold(gradient, |gradient, (block, input)| {
                BlockGraph::record::<D>(block, input, positions).backward(gradient, store)
            })
        }
        Kept::Graphs(graphs) => graphs
            .into_iter()
            .rev()
            .fold(gradient, |gradient, graph| graph.backward(gradient, store)),
    }
}
