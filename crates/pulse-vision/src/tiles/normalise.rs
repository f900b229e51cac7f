//! Bytes to the numbers the vision tower expects.

use super::preprocess::PreprocessError;

/// For each channel and byte the normalised value: `(f32(byte · factor) − mean) / std`, the product
/// in f64, the rest in f32, as `CLIPImageProcessor` computes it. A table is exact, as there are
/// only 768 different inputs.
#[derive(Debug, Clone)]
pub(super) struct NormalisationTable([[f32; 256]; 3]);

impl NormalisationTable {
    pub(super) fn new(
        factor: f64,
        mean: [f64; 3],
        deviation: [f64; 3],
    ) -> Result<Self, PreprocessError> {
        for (name, value, is_good) in [
            ("rescale_factor", factor, factor.is_finite() && factor > 0.0),
            (
                "image_mean",
                mean[0],
                mean.iter().all(|value| value.is_finite()),
            ),
            (
                "image_std",
                deviation[0],
                deviation.iter().all(|v| v.is_finite() && *v > 0.0),
            ),
        ] {
            if !is_good {
                return Err(PreprocessError::Normalisation {
                    name,
                    found: value.to_string(),
                });
            }
        }
        let table = std::array::from_fn(|channel| {
            std::array::from_fn(|byte| {
                let scaled = (byte as f64 * factor) as f32;
                (scaled - mean[channel] as f32) / deviation[channel] as f32
            })
        });
        Ok(Self(table))
    }

    /// `[tiles, 3, side, side]` bytes to values of the same shape.
    pub(super) fn apply(&self, bytes: &[u8], plane: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(bytes.len());
        self.extend(bytes, plane, &mut values);
        values
    }

    /// As [`apply`](Self::apply), behind the values that are there.
    pub(super) fn extend(&self, bytes: &[u8], plane: usize, values: &mut Vec<f32>) {
        for (index, plane) in bytes.chunks_exact(plane).enumerate() {
            let table = &self.0[index % 3];
            values.extend(plane.iter().map(|byte| table[usize::from(*byte)]));
        }
    }
}
