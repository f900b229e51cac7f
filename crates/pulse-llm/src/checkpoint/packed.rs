//! Checkpoints whose linear layers are packed.
//!
//! In place of `NAME` such a file has `NAME.quants` (U8, `[panels, blocks, bytes]`) and
//! `NAME.scales` (F16, `[panels, blocks, 16]`), laid out as `pulse_kernels::PackedFormat` describes.
//! Both are padded, so that the metadata in the file's header says for `NAME` what it is (`q4 4096x11008`).
//! Its `config.json` has a `quantization_config` that says which version wrote it, in which format
//! and from which weights.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use pulse_kernels::{BLOCK, PANEL, PackedError, PackedFormat, PackedMatrix};
use serde::{Deserialize, Serialize};

use super::defects::CheckpointError;
use super::files::WeightFiles;
use super::precision::{TensorDtype, WeightDtype};

/// The version of packed folders that this program reads and writes.
pub const PACKED_VERSION: u32 = 2;

/// The program's name in `quantization_config`.
const METHOD: &str = "pulse";

/// What the configuration of a packed folder says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedFolder {
    quant_method: String,
    version: u32,
    /// Format of the decoder's blocks.
    pub format: PackedFormat,
    /// What the folder was made from.
    pub source: PackedSource,
}

/// What a packed folder was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedSource {
    /// Digest of the weights, as in the provenance of answers.
    pub weights_digest: String,
    /// Names of the weight files.
    pub files: Vec<String>,
    /// Version of the program that quantised.
    pub program: String,
}

impl PackedFolder {
    pub(super) fn new(format: PackedFormat, source: PackedSource) -> Self {
        Self {
            quant_method: METHOD.to_owned(),
            version: PACKED_VERSION,
            format,
            source,
        }
    }

    /// What the folder's `config.json` says; `None` if it is not quantised.
    ///
    /// # Errors
    /// [`CheckpointError::Quantization`] if another program or version quantised it. A configuration that
    /// cannot be read at all is left to [`ModelConfig`](crate::ModelConfig), which reports it.
    pub fn of(folder: &Path) -> Result<Option<Self>, CheckpointError> {
        let path = folder.join("config.json");
        let config = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let Some(found) = config
            .as_ref()
            .and_then(|config| config.get("quantization_config"))
            .filter(|found| !found.is_null())
        else {
            return Ok(None);
        };
        let parsed = serde_json::from_value::<Self>(found.clone()).ok();
        match parsed {
            Some(folder) if folder.quant_method == METHOD && folder.version == PACKED_VERSION => {
                Ok(Some(folder))
            }
            _ => Err(CheckpointError::Quantization {
                path,
                found: found.to_string(),
                expected: PACKED_VERSION,
            }),
        }
    }

    /// The format as a type of weights.
    pub fn dtype(&self) -> WeightDtype {
        match self.format {
            PackedFormat::Q8 => WeightDtype::Q8,
            PackedFormat::Q4 => WeightDtype::Q4,
        }
    }
}

/// A tensor of a packed matrix.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Quants,
    Scales,
}

/// The name of one part of the packed matrix `name`.
pub(super) fn name_of(name: &str, part: Part) -> String {
    match part {
        Part::Quants => format!("{name}.quants"),
        Part::Scales => format!("{name}.scales"),
    }
}

/// Shapes of quants and scales of a matrix in a format.
pub(super) fn shapes_in(format: PackedFormat, [outputs, inputs]: [usize; 2]) -> [Vec<usize>; 2] {
    let (panels, blocks) = (outputs.div_ceil(PANEL), inputs.div_ceil(BLOCK));
    let bytes = match format {
        PackedFormat::Q8 => BLOCK * PANEL,
        PackedFormat::Q4 => BLOCK * PANEL / 2,
    };
    [vec![panels, blocks, bytes], vec![panels, blocks, PANEL]]
}

/// What a file says of a packed matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoredForm {
    pub(super) format: PackedFormat,
    /// Outputs and inputs without padding.
    pub(super) shape: [usize; 2],
}

impl fmt::Display for StoredForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [outputs, inputs] = self.shape;
        write!(out, "{} {outputs}x{inputs}", self.format.name())
    }
}

impl FromStr for StoredForm {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (format, shape) = text.split_once(' ').ok_or(())?;
        let (outputs, inputs) = shape.split_once('x').ok_or(())?;
        Ok(Self {
            format: match format {
                "q8" => PackedFormat::Q8,
                "q4" => PackedFormat::Q4,
                _ => return Err(()),
            },
            shape: [
                outputs.parse().map_err(drop)?,
                inputs.parse().map_err(drop)?,
            ],
        })
    }
}

/// Refuses packed tensors in a folder whose configuration does not speak of them.
///
/// # Errors
/// [`CheckpointError::Undeclared`].
pub(crate) fn check_declared(
    folder: &Path,
    files: &WeightFiles,
    declared: Option<&PackedFolder>,
) -> Result<(), CheckpointError> {
    let is_packed = |name: &&str| {
        let matrix = name.strip_suffix(".quants");
        matrix.is_some_and(|matrix| files.contains(&name_of(matrix, Part::Scales)))
    };
    match files.names().find(is_packed) {
        Some(example) if declared.is_none() => Err(CheckpointError::Undeclared {
            path: folder.join("config.json"),
            example: example.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Packs stored bytes `[outputs, inputs]` on all threads.
pub(super) fn quantize(
    format: PackedFormat,
    shape: [usize; 2],
    bytes: &[u8],
    stored: TensorDtype,
) -> Result<PackedMatrix, PackedError> {
    let row_bytes = shape[1] * stored.size();
    PackedMatrix::quantize(format, shape, |first, rows| {
        let start = first * row_bytes;
        let bytes = &bytes[start..start + rows.len() * stored.size()];
        widen(bytes, stored, rows);
    })
}

/// Stored bytes as f32.
fn widen(bytes: &[u8], stored: TensorDtype, values: &mut [f32]) {
    match stored {
        TensorDtype::F32 => {
            for (value, word) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*word);
            }
        }
        TensorDtype::Bf16 => {
            for (value, word) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = bf16::from_le_bytes(*word).to_f32();
            }
        }
        TensorDtype::F16 => {
            let words = bytes.as_chunks::<2>().0.iter();
            let halves: Vec<f16> = words.map(|word| f16::from_le_bytes(*word)).collect();
            // Uses the processor's conversion where there is one.
            halves.convert_to_f32_slice(values);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn forms_round_trip_and_others_are_none() {
        let form = StoredForm {
            format: PackedFormat::Q4,
            shape: [87, 64],
        };
        assert_eq!(form.to_string(), "q4 87x64");
        assert_eq!("q4 87x64".parse(), Ok(form));
        for other in ["", "q4", "q5 87x64", "q4 87", "q4 -1x64", "q4 87x64x1"] {
            assert_eq!(other.parse::<StoredForm>(), Err(()), "{other}");
        }
    }
}
