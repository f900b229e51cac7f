//! Rotary positions on the heads of queries and keys.

use burn::tensor::{DType, Tensor};

/// Turns `[batch, heads, n, d]` by the angles whose cosines and sines are `[batch or 1, 1, n, d/2]`
/// in f32: dimension `i` with dimension `i + d/2` (half-split as in the Hugging Face port of Llama).
/// Computed in f32 whatever the type of the heads, which the result has.
pub fn rotate(heads: Tensor<4>, cosines: &Tensor<4>, sines: &Tensor<4>) -> Tensor<4> {
    let dtype = heads.dtype();
    if dtype != DType::F32 {
        return rotate(heads.cast(DType::F32), cosines, sines).cast(dtype);
    }
    #[cfg(feature = "training")]
    if let Some(turned) = crate::training::rotate(&heads, cosines, sines) {
        return turned;
    }
    let [batch, count, n, dim] = heads.dims();
    let half = dim / 2;
    let low = heads.clone().slice([0..batch, 0..count, 0..n, 0..half]);
    let high = heads.slice([0..batch, 0..count, 0..n, half..dim]);
    Tensor::cat(
        vec![
            low.clone() * cosines.clone() - high.clone() * sines.clone(),
            high * cosines.clone() + low * sines.clone(),
        ],
        3,
    )
}
