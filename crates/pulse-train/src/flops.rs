//! Arithmetic of a step, for the utilisation of the machine.

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use pulse_llm::ModelConfig;

use crate::step::StepOutcome;
use crate::trainable::Tune;

/// Sizes that the count depends on.
#[derive(Debug, Clone, Copy)]
pub struct ModelFlops {
    /// Weights of the blocks.
    block_weights: f64,
    layers: f64,
    attention_width: f64,
    head_weights: f64,
    tower_weights: f64,
    projector_weights: f64,
    tune: Tune,
}

impl ModelFlops {
    /// Sizes of a model.
    pub fn of(config: &ModelConfig, tune: Tune) -> Self {
        let (text, vision) = (&config.decoder, &config.vision);
        let (width, inner) = (text.hidden_size as f64, text.intermediate_size as f64);
        let narrow = (text.key_value_heads() * text.head_dim()) as f64;
        let layers = text.num_hidden_layers as f64;
        let (tower, mlp) = (vision.hidden_size as f64, vision.intermediate_size as f64);
        Self {
            block_weights: layers
                * (2.0 * width * width + 2.0 * width * narrow + 3.0 * width * inner),
            layers,
            attention_width: width,
            head_weights: width * text.vocab_size as f64,
            tower_weights: vision.num_hidden_layers as f64
                * (4.0 * tower * tower + 2.0 * tower * mlp),
            projector_weights: tower * width + width * width,
            tune,
        }
    }

    /// Operations of a step, multiplications and additions counted as two. As is usual (Chowdhery et
    /// al. 2022, appendix B) recomputation does not count: per weight and position 2 forward, 2 for the
    /// gradient of the input, 2 for that of the weight where it is trained; attention 4 · width per pair
    /// of positions and layer forward, twice that backward, half of the pairs being causal.
    pub fn of_step(&self, outcome: &StepOutcome) -> f64 {
        let passes = |is_trained: bool| if is_trained { 6.0 } else { 4.0 };
        outcome
            .micro
            .iter()
            .map(|micro| {
                let positions = micro.computed as f64;
                let width = positions / (micro.rows.max(1)) as f64;
                let blocks = passes(self.tune.decoder) * self.block_weights * positions;
                let attention = 6.0 * self.layers * self.attention_width * positions * width;
                let head = passes(self.tune.decoder) * self.head_weights * micro.learnt as f64;
                let features = micro.visual as f64;
                let projector = if self.tune.projector { 6.0 } else { 2.0 };
                let tower = if self.tune.encoder { 6.0 } else { 2.0 };
                blocks
                    + attention
                    + head
                    + features * projector * self.projector_weights
                    + features * tower * self.tower_weights
            })
            .sum()
    }
}

/// Operations a second of a large f32 product on a device: the best of three.
pub fn measured_peak(device: &Device) -> f64 {
    let side = 1024usize;
    let random = || Tensor::<2>::random([side, side], Distribution::Default, device);
    let (a, b) = (random(), random());
    (0..3)
        .map(|_| {
            let start = Instant::now();
            let product = a.clone().matmul(b.clone());
            // Reading one value waits for devices that work behind the caller's back.
            let _ = product.slice([0..1, 0..1]).into_data();
            2.0 * (side as f64).powi(3) / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}
