//! What can be wrong with packed weights.

use super::PackedFormat;

/// Why bytes are no packed matrix, or values cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// A part has another length than the shape asks for.
    #[error(
        "the {part} of a {format} matrix of {outputs} x {inputs} have {found} bytes, expected {expected}; \
         the file is truncated or of another version, quantise the source again",
        format = format.name()
    )]
    Length {
        /// `quants` or `scales`.
        part: &'static str,
        /// The format asked for.
        format: PackedFormat,
        /// Rows of the matrix.
        outputs: usize,
        /// Columns of the matrix.
        inputs: usize,
        /// Bytes that are there.
        found: usize,
        /// Bytes that the shape asks for.
        expected: usize,
    },
    /// A scale is infinite or no number.
    #[error(
        "a scale of the packed matrix is not finite (block {block} of output {output}); the file is \
         damaged, quantise the source again"
    )]
    Scale {
        /// Row of the matrix.
        output: usize,
        /// Block within the row.
        block: usize,
    },
    /// A weight is infinite, no number, or beyond what an f16 scale can express.
    #[error(
        "weight [{output}, {input}] is {value}: only finite weights below 65504 · 7 can be packed; keep \
         this checkpoint in bf16 or f32"
    )]
    Weight {
        /// Row of the matrix.
        output: usize,
        /// Column of the matrix.
        input: usize,
        /// The value, as text.
        value: String,
    },
}
