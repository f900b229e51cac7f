//! What can be wrong with a checkpoint.

use std::fmt;
use std::path::PathBuf;

use pulse_kernels::MapError;

/// Why a checkpoint cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// There are no weights in the folder.
    #[error("no weights in {}: expected model.safetensors or model.safetensors.index.json; {advice}", folder.display())]
    NoWeights {
        /// The folder.
        folder: PathBuf,
        /// What to do, depending on what lies there instead.
        advice: &'static str,
    },
    /// The index of a sharded checkpoint cannot be used.
    #[error("{} cannot be used: {reason}; download the checkpoint again", path.display())]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be mapped.
    #[error(transparent)]
    Map(#[from] MapError),
    /// A file is not a sound safetensors file.
    #[error("{} is not a sound safetensors file: {reason}; it is truncated or damaged, download it again", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// No known layout has these tensor names.
    #[error(
        "the tensors follow no known layout (found for example {example:?}); expected {expected}"
    )]
    UnknownLayout {
        /// A tensor of the file.
        example: String,
        /// The vision tower's prefix in each known layout.
        expected: String,
    },
    /// Tensors are missing, unknown, or not as the configuration says.
    #[error("the checkpoint does not fit its config.json:\n{0}")]
    Defects(Defects),
}

/// Everything that is wrong with the tensors of a checkpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Defects {
    /// Tensors that are needed and not there.
    pub missing: Vec<String>,
    /// Tensors that nothing asked for.
    pub unknown: Vec<String>,
    /// Tensors of another shape: name, shape found, shape expected.
    pub shapes: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Tensors of a type that is no weight: name, type found.
    pub types: Vec<(String, String)>,
}

impl Defects {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Defects {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.missing {
            writeln!(out, "  missing: {name}")?;
        }
        for (name, found, expected) in &self.shapes {
            writeln!(out, "  shape: {name} is {found:?}, expected {expected:?}")?;
        }
        for (name, found) in &self.types {
            writeln!(out, "  type: {name} is {found}, expected F32, F16 or BF16")?;
        }
        for name in &self.unknown {
            writeln!(out, "  unknown: {name}")?;
        }
        let count = self.missing.len() + self.unknown.len() + self.shapes.len() + self.types.len();
        write!(
            out,
            "  {count} in all; use the config.json and weights of one checkpoint"
        )
    }
}
