//! Types of weights at run time.

use std::fmt;
use std::str::FromStr;

use burn::tensor::DType;
use pulse_kernels::PackedFormat;
use serde::{Deserialize, Serialize};

/// The type that matrices are kept in. Sums are f32 in every case; so are activations on the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightDtype {
    /// 32-bit floats.
    F32,
    /// bfloat16.
    Bf16,
    /// IEEE half precision: only as stored, it cannot be asked for.
    F16,
    /// 8 bits and a scale for 32 weights; on the CPU only.
    Q8,
    /// 4 bits and a scale for 32 weights in the decoder's blocks, [`Q8`](Self::Q8) in its head, the
    /// projector and the vision tower; on the CPU only.
    Q4,
}

/// A name of a type that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no --dtype {found}: expected f32, bf16, q8 or q4")]
pub struct WeightDtypeError {
    found: String,
}

impl FromStr for WeightDtype {
    type Err = WeightDtypeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            "q8" => Ok(Self::Q8),
            "q4" => Ok(Self::Q4),
            other => Err(WeightDtypeError {
                found: other.to_owned(),
            }),
        }
    }
}

impl fmt::Display for WeightDtype {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        })
    }
}

impl WeightDtype {
    /// Whether linear layers are packed.
    pub fn is_packed(self) -> bool {
        matches!(self, Self::Q8 | Self::Q4)
    }

    /// The packed format of the linear layer called `name` in the LLaVA layout, if it is packed.
    ///
    /// Under `q4` the blocks of the decoder, nearly all of the weights, take 4 bits; what every
    /// token or every picture passes through once, head, projector and vision tower, keeps 8.
    pub fn format_of(self, name: &str) -> Option<PackedFormat> {
        match self {
            Self::Q8 => Some(PackedFormat::Q8),
            Self::Q4 if name.starts_with("model.layers.") => Some(PackedFormat::Q4),
            Self::Q4 => Some(PackedFormat::Q8),
            _ => None,
        }
    }

    /// The type of matrices that are no linear layers, the table of embeddings: with packed layers
    /// 16 bits, as stored where it is stored so.
    pub(super) fn of_tables(self, stored: TensorDtype) -> TensorDtype {
        match (self, stored) {
            (Self::F32, _) => TensorDtype::F32,
            (Self::Bf16, _) | (Self::Q8 | Self::Q4, TensorDtype::F32) => TensorDtype::Bf16,
            (Self::F16, _) => TensorDtype::F16,
            (Self::Q8 | Self::Q4, stored) => stored,
        }
    }
}

/// The type that keys and values of earlier positions are kept in on the CPU. Scores and sums are f32 with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheDtype {
    /// 32-bit floats: 1 GiB for 1,024 positions of a 7B Llama.
    F32,
    /// bfloat16: half of that, and half the bytes that a step reads of it.
    Bf16,
}

/// A name of a cache type that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no --cache-dtype {found}: expected f32 or bf16")]
pub struct CacheDtypeError {
    found: String,
}

impl FromStr for CacheDtype {
    type Err = CacheDtypeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            other => Err(CacheDtypeError {
                found: other.to_owned(),
            }),
        }
    }
}

impl From<CacheDtype> for TensorDtype {
    fn from(dtype: CacheDtype) -> Self {
        match dtype {
            CacheDtype::F32 => Self::F32,
            CacheDtype::Bf16 => Self::Bf16,
        }
    }
}

/// The type of a tensor on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorDtype {
    /// 32-bit floats.
    F32,
    /// bfloat16.
    Bf16,
    /// IEEE half precision.
    F16,
}

impl From<TensorDtype> for DType {
    fn from(dtype: TensorDtype) -> Self {
        match dtype {
            TensorDtype::F32 => Self::F32,
            TensorDtype::Bf16 => Self::BF16,
            TensorDtype::F16 => Self::F16,
        }
    }
}

impl TensorDtype {
    /// The type of a stored tensor, if it is one of weights.
    pub(super) fn of_stored(dtype: safetensors::Dtype) -> Option<Self> {
        match dtype {
            safetensors::Dtype::F32 => Some(Self::F32),
            safetensors::Dtype::BF16 => Some(Self::Bf16),
            safetensors::Dtype::F16 => Some(Self::F16),
            _ => None,
        }
    }

    /// Bytes of one value.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 | Self::F16 => 2,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_list_what_there_is() {
        for name in ["f32", "bf16", "q8", "q4"] {
            assert_eq!(name.parse::<WeightDtype>().unwrap().to_string(), name);
        }
        for name in ["", "f16", "int8", "Q4"] {
            let message = name.parse::<WeightDtype>().unwrap_err().to_string();
            assert!(message.contains("f32, bf16, q8 or q4"), "{message}");
        }
    }

    #[test]
    fn four_bits_are_for_the_blocks_of_the_decoder() {
        let four = |name| WeightDtype::Q4.format_of(name).unwrap();
        assert_eq!(four("model.layers.3.mlp.up_proj.weight"), PackedFormat::Q4);
        for name in ["lm_head.weight", "model.mm_projector.0.weight"] {
            assert_eq!(four(name), PackedFormat::Q8);
        }
        assert_eq!(WeightDtype::Bf16.format_of("lm_head.weight"), None);
    }
}
