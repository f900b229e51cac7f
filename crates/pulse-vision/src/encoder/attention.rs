//! Self-attention of the vision transformer: every patch sees every patch.

use burn::module::Module;
use burn::tensor::Tensor;
use pulse_kernels::{AttentionShape, Linear, Scope, WeightSource, attention};

/// Multi-head self-attention with biases.
///
/// Reference: `CLIPAttention` of transformers 4.37.2.
#[derive(Module, Debug)]
pub(super) struct ClipAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    #[module(skip)]
    heads: usize,
}

impl ClipAttention {
    pub(super) fn load<S: WeightSource>(
        mut scope: Scope<'_, S>,
        width: usize,
        heads: usize,
    ) -> Self {
        let mut linear = |name| Linear::load(scope.within(name), width, width, true);
        Self {
            query: linear("q_proj"),
            key: linear("k_proj"),
            value: linear("v_proj"),
            output: linear("out_proj"),
            heads,
        }
    }

    /// `[tiles, positions, width]` to the same.
    pub(super) fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let [tiles, positions, width] = input.dims();
        let split = |projected: Tensor<3>| {
            projected
                .reshape([tiles, positions, self.heads, width / self.heads])
                .swap_dims(1, 2)
        };
        let shape = AttentionShape {
            length: positions,
            is_causal: false,
            padding: &[],
        };
        let heads = attention(
            split(self.query.forward(input.clone())),
            split(self.key.forward(input.clone())),
            split(self.value.forward(input)),
            shape,
        );
        self.output
            .forward(heads.swap_dims(1, 2).reshape([tiles, positions, width]))
    }
}
