//! The gated feed-forward block.

use burn::module::Module;
use burn::tensor::Tensor;
use pulse_kernels::{Linear, Scope, WeightSource, silu_gate};

use super::config::LlamaConfig;

/// `down(silu(gate x) · up x)` (Shazeer 2020, SwiGLU; `LlamaMLP` of transformers 4.37.2).
#[derive(Module, Debug)]
pub(super) struct FeedForward {
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl FeedForward {
    pub(super) fn load<S: WeightSource>(mut scope: Scope<'_, S>, config: &LlamaConfig) -> Self {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        Self {
            gate: Linear::load(scope.within("gate_proj"), width, inner, false),
            up: Linear::load(scope.within("up_proj"), width, inner, false),
            down: Linear::load(scope.within("down_proj"), inner, width, false),
        }
    }

    /// `[batch, n, width]` to the same.
    pub(super) fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        self.down.forward(silu_gate(
            self.gate.forward(input.clone()),
            self.up.forward(input),
        ))
    }
}
