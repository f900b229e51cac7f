//! Rotary position embedding, half-split as in the Hugging Face port of Llama.
//!
//! Dimension `i` of a head is paired with `i + d/2` and turned by `position · theta^(−2i/d)`
//! (Su et al. 2021; `LlamaRotaryEmbedding` and `rotate_half` of transformers 4.37.2).

use burn::tensor::{DType, Device, Tensor, TensorData};
use half::{bf16, f16};
use serde::{Deserialize, Serialize};

/// Whether the tables of cosines and sines are rounded.
///
/// The original builds its model in half precision and with it rounds the tables: to f16 at
/// inference, to bf16 in training. Exact tables are better; rounding exists to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RopeRounding {
    /// Tables in f32.
    #[default]
    None,
    /// Rounded to f16, as the original's inference.
    F16,
    /// Rounded to bf16, as the original's training.
    Bf16,
}

impl RopeRounding {
    fn round(self, value: f32) -> f32 {
        match self {
            Self::None => value,
            Self::F16 => f16::from_f32(value).to_f32(),
            Self::Bf16 => bf16::from_f32(value).to_f32(),
        }
    }
}

/// Cosines and sines for the positions of one forward pass, shared by all layers.
#[derive(Debug, Clone)]
pub struct RotaryTables {
    /// `[batch or 1, 1, n, d/2]`.
    cosines: Tensor<4>,
    /// `[batch or 1, 1, n, d/2]`.
    sines: Tensor<4>,
}

impl RotaryTables {
    /// Tables for `positions`, one list of `n` per row of the batch, or a single list for all.
    /// Angles and tables are computed in f32.
    pub fn new(
        positions: &[Vec<usize>],
        head_dim: usize,
        theta: f64,
        rounding: RopeRounding,
        device: &Device,
    ) -> Self {
        let half = head_dim / 2;
        let frequencies: Vec<f32> = (0..half)
            .map(|i| 1.0 / theta.powf(2.0 * i as f64 / head_dim as f64) as f32)
            .collect();
        let count = positions.first().map_or(0, Vec::len);
        let table = |function: fn(f32) -> f32| {
            let values: Vec<f32> = positions
                .iter()
                .flatten()
                .flat_map(|position| {
                    frequencies
                        .iter()
                        .map(|f| rounding.round(function(*position as f32 * f)))
                })
                .collect();
            let data = TensorData::new(values, [positions.len(), 1, count, half]);
            Tensor::<4>::from_data(data, (device, DType::F32))
        };
        Self {
            cosines: table(f32::cos),
            sines: table(f32::sin),
        }
    }

    /// Turns `[batch, heads, n, d]`, in f32 whatever the type of the heads, which the result has.
    pub fn apply(&self, heads: Tensor<4>) -> Tensor<4> {
        pulse_kernels::rotate(heads, &self.cosines, &self.sines)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_swaps_the_halves() {
        // With head size 2 the only frequency is 1; position 0 leaves a vector as it is and the
        // angle at position 1 is one radian.
        let device = Device::flex();
        let tables = RotaryTables::new(&[vec![0, 1]], 2, 1e4, RopeRounding::None, &device);
        let x = Tensor::<4>::from_data([[[[1.0, 0.0], [1.0, 0.0]]]], &device);
        let turned: Vec<f32> = tables.apply(x).into_data().try_into_vec().unwrap();
        assert_eq!(turned, [1.0, 0.0, 1f32.cos(), 1f32.sin()]);
    }

    #[test]
    fn rounding_keeps_eleven_or_eight_bits() {
        assert_eq!(RopeRounding::None.round(0.1), 0.1);
        assert_eq!(RopeRounding::F16.round(0.1), 0.099_975_586);
        assert_eq!(RopeRounding::Bf16.round(0.1), 0.100_097_656);
    }
}
