//! How packed weights lie in memory.
//!
//! A matrix `[outputs, inputs]` is padded to whole panels of 16 outputs and whole blocks of 32
//! inputs. `quants` holds panel after panel, in a panel block after block, in a block group after
//! group of 64 bytes: one 32-bit word for each of the 16 outputs. `scales` holds, in the same
//! order, 16 values of f16 for each block.
//!
//! | format | inputs of a word | weight |
//! | --- | --- | --- |
//! | `q8` | 4, as bytes `k0 k2 k1 k3` | `(byte − 128) · scale` |
//! | `q4` | 8, as nibbles `k0 k2 k4 k6 k1 k3 k5 k7`, the lowest first | `(nibble − 8) · scale` |
//!
//! The orders are those in which a mask and a shift give pairs of neighbouring inputs as 16-bit
//! halves, which is what the integer multiply-add of every x86 level takes.

use serde::{Deserialize, Serialize};

/// Inputs that share a scale.
pub const BLOCK: usize = 32;
/// Outputs that lie beside each other.
pub const PANEL: usize = 16;

/// A packed type of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackedFormat {
    /// 8 bits a weight and an f16 scale for 32 of them: 8.5 bits.
    Q8,
    /// 4 bits a weight, symmetric, and an f16 scale for 32 of them: 4.5 bits. An offset beside the
    /// scale would make the error 9 % smaller on normally distributed weights and the matrix 11 %
    /// larger; half a bit more in the weights themselves would buy 29 %.
    Q4,
}

impl PackedFormat {
    /// A name for reports and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        }
    }

    /// Bits of a weight without its share of the scale.
    #[inline(always)]
    pub(super) fn bits(self) -> usize {
        match self {
            Self::Q8 => 8,
            Self::Q4 => 4,
        }
    }

    /// The stored integer that means zero.
    #[inline(always)]
    pub(super) fn zero(self) -> i32 {
        match self {
            Self::Q8 => 128,
            Self::Q4 => 8,
        }
    }

    /// Bytes of the quants of one block of a panel.
    #[inline(always)]
    pub(super) fn block_bytes(self) -> usize {
        BLOCK * PANEL * self.bits() / 8
    }

    /// Bytes of `quants` of a matrix, or `None` if its size overflows.
    pub fn quant_bytes(self, outputs: usize, inputs: usize) -> Option<usize> {
        padded_blocks(outputs, inputs)?.checked_mul(self.block_bytes())
    }

    /// Values of `scales` of a matrix, or `None` if its size overflows.
    pub fn scale_count(self, outputs: usize, inputs: usize) -> Option<usize> {
        padded_blocks(outputs, inputs)?.checked_mul(PANEL)
    }

    /// The stored integer of output `lane`, input `k` of one block.
    #[inline(always)]
    pub(super) fn get(self, block: &[u8], lane: usize, k: usize) -> i32 {
        match self {
            Self::Q8 => i32::from(block[(k / 4 * PANEL + lane) * 4 + Q8_BYTE[k % 4]]),
            Self::Q4 => {
                let nibble = Q4_NIBBLE[k % 8];
                let byte = block[(k / 8 * PANEL + lane) * 4 + nibble / 2];
                i32::from(byte >> (nibble % 2 * 4) & 15)
            }
        }
    }

    /// Sets the stored integer of output `lane`, input `k` of one block that was zero.
    #[inline(always)]
    pub(super) fn set(self, block: &mut [u8], lane: usize, k: usize, quant: u8) {
        match self {
            Self::Q8 => block[(k / 4 * PANEL + lane) * 4 + Q8_BYTE[k % 4]] = quant,
            Self::Q4 => {
                let nibble = Q4_NIBBLE[k % 8];
                block[(k / 8 * PANEL + lane) * 4 + nibble / 2] |= quant << (nibble % 2 * 4);
            }
        }
    }
}

/// Byte of a word that holds input `k % 4`.
const Q8_BYTE: [usize; 4] = [0, 2, 1, 3];
/// Nibble of a word that holds input `k % 8`.
const Q4_NIBBLE: [usize; 8] = [0, 4, 1, 5, 2, 6, 3, 7];

/// Blocks of all panels.
fn padded_blocks(outputs: usize, inputs: usize) -> Option<usize> {
    outputs.div_ceil(PANEL).checked_mul(inputs.div_ceil(BLOCK))
}
