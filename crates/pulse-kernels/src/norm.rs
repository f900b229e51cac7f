//! Normalisation layers, computed in f32.

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use crate::{Scope, WeightSource};

/// Root-mean-square normalisation: `w · x / sqrt(mean(x²) + ε)` over the last axis.
///
/// The mean is taken in f32, the quotient is rounded to the input's type and only then multiplied
/// by the weight, in the order of the reference (`LlamaRMSNorm` of transformers 4.37.2).
#[derive(Module, Debug)]
pub struct RmsNorm {
    weight: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl RmsNorm {
    /// Takes `weight` `[width]` from the scope.
    pub fn load<S: WeightSource>(mut scope: Scope<'_, S>, width: usize, epsilon: f64) -> Self {
        Self {
            weight: Param::from_tensor(scope.values("weight", [width])),
            epsilon,
        }
    }

    /// `[…, width]` to `[…, width]`.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let dtype = input.dtype();
        let wide = widen(input);
        let mean = wide.clone().powi_scalar(2).mean_dim(D - 1);
        let normalised = wide * (mean + self.epsilon).sqrt().recip();
        narrow(normalised, dtype) * self.weight.val().unsqueeze()
    }
}

/// Layer normalisation over the last axis: `w · (x − mean) / sqrt(var + ε) + b`, biased variance.
#[derive(Module, Debug)]
pub struct LayerNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// Takes `weight` and `bias` `[width]` from the scope.
    pub fn load<S: WeightSource>(mut scope: Scope<'_, S>, width: usize, epsilon: f64) -> Self {
        Self {
            weight: Param::from_tensor(scope.values("weight", [width])),
            bias: Param::from_tensor(scope.values("bias", [width])),
            epsilon,
        }
    }

    /// `[…, width]` to `[…, width]`.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let dtype = input.dtype();
        let wide = widen(input);
        let centred = wide.clone() - wide.mean_dim(D - 1);
        let variance = centred.clone().powi_scalar(2).mean_dim(D - 1);
        let normalised = centred * (variance + self.epsilon).sqrt().recip();
        let weight = widen(self.weight.val()).unsqueeze();
        let bias = widen(self.bias.val()).unsqueeze();
        narrow(normalised * weight + bias, dtype)
    }
}

fn widen<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.dtype() == DType::F32 {
        tensor
    } else {
        tensor.cast(DType::F32)
    }
}

fn narrow<const D: usize>(tensor: Tensor<D>, dtype: DType) -> Tensor<D> {
    if tensor.dtype() == dtype {
        tensor
    } else {
        tensor.cast(dtype)
    }
}
