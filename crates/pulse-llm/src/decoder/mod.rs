//! Embeddings to logits: the trait and the Llama decoder.

mod attention;
mod cache;
mod config;
mod feed_forward;
mod layer;
mod layered;
mod llama;
mod rotary;

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Int, Tensor};

pub use cache::KvCache;
pub use config::{DecoderConfigError, LlamaConfig};
pub use layer::LlamaLayer;
pub use layered::LayeredDecoder;
pub use llama::LlamaDecoder;
pub use rotary::{RopeRounding, RotaryTables};

/// Which positions of the input get logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogitRows {
    /// The last position only: what generation needs.
    Last,
    /// Every position.
    All,
}

/// One call of a decoder.
pub struct DecoderInput<'a> {
    /// `[batch, n, hidden]`; continues after what the cache already holds.
    pub embeddings: Tensor<3>,
    /// Per row of the batch the number of padding positions on the left of the whole sequence;
    /// empty means none. Positions count from the first real one.
    pub padding: &'a [usize],
    /// The cache to read and extend, or `None` to see only this input.
    pub cache: Option<&'a mut KvCache>,
    /// Which positions get logits.
    pub logits: LogitRows,
}

/// Positions that continue what a cache holds in several ways at once: for each row of the batch a tree, all with
/// the same number of nodes.
pub struct TreeInput<'a> {
    /// `[batch, n, hidden]`, one position for each node.
    pub embeddings: Tensor<3>,
    /// As [`DecoderInput::padding`].
    pub padding: &'a [usize],
    /// The cache, with room for `n` positions behind what it holds. It holds the same afterwards.
    pub cache: &'a mut KvCache,
    /// For each row and node the node before it, which has a smaller number; `None` follows the cache. A node sees
    /// what the cache holds, its ancestors and itself, and its position is that of the end of this sequence.
    pub parents: &'a [Vec<Option<usize>>],
}

/// A causal language model over embeddings. It never sees a picture or a string.
pub trait CausalDecoder: Module + ModuleDisplay {
    /// Token ids `[batch, n]` to embeddings `[batch, n, hidden]`, in the type of the activations.
    fn embed(&self, ids: Tensor<2, Int>) -> Tensor<3>;

    /// Logits in f32, `[batch, n or 1, vocabulary]`.
    fn forward(&self, input: DecoderInput<'_>) -> Tensor<3>;

    /// The hidden states of trees behind a cache, `[batch, n, hidden]`, for [`logits`](Self::logits).
    fn forward_tree(&self, input: TreeInput<'_>) -> Tensor<3>;

    /// Logits in f32 of hidden states `[n, hidden]` that [`forward_tree`](Self::forward_tree) returned,
    /// `[n, vocabulary]`.
    fn logits(&self, states: Tensor<2>) -> Tensor<2>;

    /// An empty cache for `batch` sequences of up to `capacity` positions.
    fn new_cache(&self, batch: usize, capacity: usize) -> KvCache;
}
