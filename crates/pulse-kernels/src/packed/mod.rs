//! Weight matrices of 8 and 4 bits, multiplied as they lie.
//!
//! Weights are cut into blocks of 32 along the inputs, each with a scale in f16. Sixteen outputs
//! lie beside each other (a panel), so that one register holds the same inputs of sixteen outputs:
//! no sum across a register is ever needed, and a panel is one stream from memory.
//!
//! Activations meet them as 16-bit integers, with an f32 scale for every block of 32. The sums
//! of a block are exact integers, the same on every instruction set that has a kernel for them (many
//! rows without VNNI are multiplied in f32 instead), and the
//! rounding of activations (2⁻¹⁶ of the largest value of a block) disappears behind that of the
//! weights.

mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod error;
mod format;
mod matrix;
mod matrix_vector;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod product;
mod quantize;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod tiled_rows;

pub use error::PackedError;
pub use format::{BLOCK, PANEL, PackedFormat};
pub use matrix::PackedMatrix;
