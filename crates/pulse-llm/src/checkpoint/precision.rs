//! Types of weights at run time.

use std::fmt;
use std::str::FromStr;

use burn::tensor::DType;
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
}

/// A name of a type that this version cannot run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("--dtype {found} is not available in this version: expected f32 or bf16{note}")]
pub struct WeightDtypeError {
    found: String,
    note: &'static str,
}

impl FromStr for WeightDtype {
    type Err = WeightDtypeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            "q8" | "q4" => Err(WeightDtypeError {
                found: name.to_owned(),
                note: "; packed weights (q8, q4) are not built yet",
            }),
            other => Err(WeightDtypeError {
                found: other.to_owned(),
                note: "",
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
        })
    }
}

impl From<WeightDtype> for DType {
    fn from(dtype: WeightDtype) -> Self {
        match dtype {
            WeightDtype::F32 => Self::F32,
            WeightDtype::Bf16 => Self::BF16,
            WeightDtype::F16 => Self::F16,
        }
    }
}

impl WeightDtype {
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
