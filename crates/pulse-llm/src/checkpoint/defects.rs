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
    #[error("{} is not a sound safetensors file: {reason}; it is truncated or damaged, {advice}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
        /// What to do.
        advice: &'static str,
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
    /// The folder was quantised by another program or version.
    #[error(
        "{} says quantization_config {found}: expected quant_method \"pulse\", version {expected} and format \
         \"q8\" or \"q4\"; quantise the original again with this version, or use the original", path.display()
    )]
    Quantization {
        /// The configuration.
        path: PathBuf,
        /// What it says.
        found: String,
        /// The version that this program reads and writes.
        expected: u32,
    },
    /// Packed tensors in a folder that does not say so.
    #[error(
        "{} has no quantization_config, but the weights hold packed tensors (for example {example}): \
         quantise the original again and keep the config.json that is written with its weights", path.display()
    )]
    Undeclared {
        /// The configuration.
        path: PathBuf,
        /// A packed tensor.
        example: String,
    },
    /// The folder is packed in one format and another was asked for.
    #[error(
        "the checkpoint is packed as {found} and cannot be loaded as {asked}; leave --dtype out, or use the \
         original checkpoint"
    )]
    PackedAs {
        /// Format of the folder.
        found: &'static str,
        /// Type asked for.
        asked: String,
    },
    /// Weights to be packed for a device other than the CPU.
    #[error(
        "packed weights ({dtype}) run on the CPU only, not on {device}; use --device cpu, bf16 weights, or a \
         folder that is packed already: its weights are widened there"
    )]
    PackedDevice {
        /// The packed type.
        dtype: String,
        /// The device asked for.
        device: String,
    },
    /// A type of the cache was asked for on a device that takes that of the activations.
    #[error(
        "--cache-dtype is for the CPU; on {device} the cache has the type of the activations: leave it out"
    )]
    CacheDevice {
        /// The device asked for.
        device: String,
    },
    /// A quantised checkpoint cannot be written.
    #[error("cannot write {}: {source}; check that the folder is new and the disk has room", path.display())]
    Write {
        /// File or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Tensors are missing, unknown, or not as the configuration says.
    #[error("the checkpoint does not fit its config.json:\n{0}")]
    Defects(Box<Defects>),
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
    /// Packed tensors that cannot be used, or weights that cannot be packed: name, reason.
    pub packed: Vec<(String, String)>,
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
        for (name, reason) in &self.packed {
            writeln!(out, "  packed: {name}: {reason}")?;
        }
        for name in &self.unknown {
            writeln!(out, "  unknown: {name}")?;
        }
        let count = self.missing.len()
            + self.unknown.len()
            + self.shapes.len()
            + self.types.len()
            + self.packed.len();
        write!(
            out,
            "  {count} in all; use the config.json and weights of one checkpoint"
        )
    }
}
