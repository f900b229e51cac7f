//! One pre-norm block of the vision transformer.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::gelu;
use pulse_kernels::{LayerNorm, Linear, Scope, WeightSource, add_branch, quick_gelu};

use super::attention::ClipAttention;
use super::config::{ClipVisionConfig, VisionActivation};

/// `x += attention(norm x); x += mlp(norm x)`.
///
/// Reference: `CLIPEncoderLayer` of transformers 4.37.2.
#[derive(Module, Debug)]
pub(super) struct ClipLayer {
    attention_norm: LayerNorm,
    attention: ClipAttention,
    feed_forward_norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    #[module(skip)]
    activation: VisionActivation,
}

impl ClipLayer {
    pub(super) fn load<S: WeightSource>(
        mut scope: Scope<'_, S>,
        config: &ClipVisionConfig,
    ) -> Self {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let norm = config.layer_norm_eps;
        Self {
            attention_norm: LayerNorm::load(scope.within("layer_norm1"), width, norm),
            attention: ClipAttention::load(
                scope.within("self_attn"),
                width,
                config.num_attention_heads,
            ),
            feed_forward_norm: LayerNorm::load(scope.within("layer_norm2"), width, norm),
            inner: Linear::load(scope.within("mlp.fc1"), width, inner, true),
            outer: Linear::load(scope.within("mlp.fc2"), inner, width, true),
            activation: config.hidden_act,
        }
    }

    /// `[tiles, positions, width]` to the same.
    pub(super) fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let attended = self
            .attention
            .forward(self.attention_norm.forward(input.clone()));
        let middle = add_branch(input, attended);
        let inner = self
            .inner
            .forward(self.feed_forward_norm.forward(middle.clone()));
        let active = match self.activation {
            VisionActivation::QuickGelu => quick_gelu(inner),
            VisionActivation::Gelu => gelu(inner),
        };
        add_branch(middle, self.outer.forward(active))
    }
}
