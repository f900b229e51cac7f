//! One block of the decoder.

use burn::module::Module;
use burn::tensor::Tensor;
use pulse_kernels::{RmsNorm, Scope, WeightSource, add_branch};

use super::attention::{LlamaAttention, Step};
use super::cache::KvCache;
use super::config::LlamaConfig;
use super::feed_forward::FeedForward;

/// `x += attention(norm x); x += mlp(norm x)` (`LlamaDecoderLayer` of transformers 4.37.2).
#[derive(Module, Debug)]
pub struct LlamaLayer {
    attention_norm: RmsNorm,
    attention: LlamaAttention,
    feed_forward_norm: RmsNorm,
    feed_forward: FeedForward,
}

impl LlamaLayer {
    pub(super) fn load<S: WeightSource>(mut scope: Scope<'_, S>, config: &LlamaConfig) -> Self {
        let (width, epsilon) = (config.hidden_size, config.rms_norm_eps);
        Self {
            attention_norm: RmsNorm::load(scope.within("input_layernorm"), width, epsilon),
            attention: LlamaAttention::load(scope.within("self_attn"), config),
            feed_forward_norm: RmsNorm::load(
                scope.within("post_attention_layernorm"),
                width,
                epsilon,
            ),
            feed_forward: FeedForward::load(scope.within("mlp"), config),
        }
    }

    /// `[batch, n, width]` to the same.
    pub(super) fn forward(
        &self,
        input: Tensor<3>,
        step: &Step<'_>,
        cache: Option<(&mut KvCache, usize)>,
    ) -> Tensor<3> {
        let normalised = self.attention_norm.forward(input.clone());
        let middle = add_branch(input, self.attention.forward(normalised, step, cache));
        let normalised = self.feed_forward_norm.forward(middle.clone());
        add_branch(middle, self.feed_forward.forward(normalised))
    }
}
