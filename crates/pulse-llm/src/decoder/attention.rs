//! Causal self-attention with rotary positions and grouped queries.

use burn::module::Module;
use burn::tensor::Tensor;
use pulse_kernels::{
    AttentionShape, Linear, Scope, TreeShape, WeightSource, attention, tree_attention,
};

use super::cache::KvCache;
use super::config::LlamaConfig;
use super::rotary::RotaryTables;

/// What all layers of one forward pass share.
pub(super) struct Step<'a> {
    pub(super) rotary: &'a RotaryTables,
    pub(super) padding: &'a [usize],
    /// How the positions follow each other; `None` means one after the other.
    pub(super) tree: Option<&'a TreeShape<'a>>,
}

/// Reference: `LlamaAttention` of transformers 4.37.2.
#[derive(Module, Debug)]
pub(super) struct LlamaAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    #[module(skip)]
    head_dim: usize,
}

impl LlamaAttention {
    pub(super) fn load<S: WeightSource>(mut scope: Scope<'_, S>, config: &LlamaConfig) -> Self {
        let (width, head_dim) = (config.hidden_size, config.head_dim());
        let narrow = config.key_value_heads() * head_dim;
        Self {
            query: Linear::load(scope.within("q_proj"), width, width, false),
            key: Linear::load(scope.within("k_proj"), width, narrow, false),
            value: Linear::load(scope.within("v_proj"), width, narrow, false),
            output: Linear::load(scope.within("o_proj"), width, width, false),
            head_dim,
        }
    }

    /// `[batch, n, width]` to the same; `layer` is the place in the cache.
    pub(super) fn forward(
        &self,
        input: Tensor<3>,
        step: &Step<'_>,
        cache: Option<(&mut KvCache, usize)>,
    ) -> Tensor<3> {
        let [batch, count, width] = input.dims();
        let split = |projected: Tensor<3>| {
            let [.., wide] = projected.dims();
            projected
                .reshape([batch, count, wide / self.head_dim, self.head_dim])
                .swap_dims(1, 2)
        };
        let queries = step.rotary.apply(split(self.query.forward(input.clone())));
        let keys = step.rotary.apply(split(self.key.forward(input.clone())));
        let values = split(self.value.forward(input));
        let (keys, values, length) = match cache {
            Some((cache, layer)) => {
                let (keys, values) = cache.write(layer, keys, values);
                (keys, values, cache.len() + count)
            }
            None => (keys, values, count),
        };
        let heads = match step.tree {
            Some(tree) => tree_attention(queries, keys, values, tree),
            None => {
                let shape = AttentionShape {
                    length,
                    is_causal: true,
                    padding: step.padding,
                };
                attention(queries, keys, values, shape)
            }
        };
        self.output
            .forward(heads.swap_dims(1, 2).reshape([batch, count, width]))
    }
}
