//! A packed matrix: checked bytes with a shape.

use bytes::Bytes;
use half::f16;
use rayon::prelude::*;

use super::activations::QuantizedRows;
use super::error::PackedError;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::{matrix_vector, product};
use crate::Level;

/// A weight matrix `[outputs, inputs]` in a packed format (see [`PackedFormat`]). Its bytes may be pages of
/// a mapped file.
#[derive(Debug, Clone)]
pub struct PackedMatrix {
    format: PackedFormat,
    outputs: usize,
    inputs: usize,
    quants: Bytes,
    scales: Bytes,
}

impl PackedMatrix {
    /// A matrix from stored bytes, without a copy. Every scale is looked at, the quants are not: any
    /// byte is a weight.
    ///
    /// # Errors
    /// [`PackedError`] if a length is not that of the shape or a scale is not finite.
    pub fn from_bytes(
        format: PackedFormat,
        [outputs, inputs]: [usize; 2],
        quants: Bytes,
        scales: Bytes,
    ) -> Result<Self, PackedError> {
        let quant_bytes = format.quant_bytes(outputs, inputs);
        let scale_bytes = format
            .scale_count(outputs, inputs)
            .and_then(|count| count.checked_mul(2));
        for (part, bytes, expected) in [
            ("quants", &quants, quant_bytes),
            ("scales", &scales, scale_bytes),
        ] {
            let expected = expected.unwrap_or(usize::MAX);
            if bytes.len() != expected {
                return Err(PackedError::Length {
                    part,
                    format,
                    outputs,
                    inputs,
                    found: bytes.len(),
                    expected,
                });
            }
        }
        // All exponent bits set: infinite or no number.
        let is_bad = |bytes: &[u8; 2]| u16::from_le_bytes(*bytes) & 0x7c00 == 0x7c00;
        // Piece by piece without an early end, so that it vectorises: a large model has hundreds of
        // megabytes of scales.
        let is_damaged = scales.par_chunks(1 << 17).any(|piece| {
            let words = piece.as_chunks::<2>().0.iter();
            words.fold(false, |bad, bytes| bad | is_bad(bytes))
        });
        let bad = is_damaged
            .then(|| scales.as_chunks::<2>().0.iter().position(is_bad))
            .flatten();
        if let Some(place) = bad {
            let blocks = inputs.div_ceil(BLOCK);
            return Err(PackedError::Scale {
                output: place / PANEL / blocks * PANEL + place % PANEL,
                block: place / PANEL % blocks,
            });
        }
        Ok(Self {
            format,
            outputs,
            inputs,
            quants,
            scales,
        })
    }

    /// The format.
    pub fn format(&self) -> PackedFormat {
        self.format
    }

    /// Number of rows.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of columns.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The stored integers, in the order that [`PackedFormat`]'s module describes.
    pub fn quants(&self) -> &Bytes {
        &self.quants
    }

    /// The stored scales, f16, little-endian.
    pub fn scales(&self) -> &Bytes {
        &self.scales
    }

    /// Blocks of a row.
    pub(super) fn blocks(&self) -> usize {
        self.inputs.div_ceil(BLOCK)
    }

    /// Panels of the matrix.
    pub(super) fn panels(&self) -> usize {
        self.outputs.div_ceil(PANEL)
    }

    /// Quants and scales of one panel.
    pub(super) fn panel(&self, panel: usize) -> Panel<'_> {
        let blocks = self.blocks();
        let quants = blocks * self.format.block_bytes();
        let scales = blocks * PANEL * 2;
        Panel {
            quants: &self.quants[panel * quants..(panel + 1) * quants],
            scales: &self.scales[panel * scales..(panel + 1) * scales],
        }
    }

    /// The weights as f32, `[outputs, inputs]` in row-major order: for comparisons; the products
    /// never make it.
    pub fn dequantize(&self) -> Vec<f32> {
        let mut values = vec![0f32; self.outputs * self.inputs];
        if self.inputs == 0 {
            return values;
        }
        values
            .par_chunks_mut(PANEL * self.inputs)
            .enumerate()
            .for_each(|(panel, rows)| {
                let panel = self.panel(panel);
                for (lane, row) in rows.chunks_mut(self.inputs).enumerate() {
                    for (k, value) in row.iter_mut().enumerate() {
                        *value = panel.weight(self.format, lane, k);
                    }
                }
            });
        values
    }
}

/// The bytes of sixteen outputs.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a> {
    /// `blocks` times [`PackedFormat::block_bytes`].
    pub(super) quants: &'a [u8],
    /// `blocks` times 16 values of f16.
    pub(super) scales: &'a [u8],
}

impl Panel<'_> {
    /// The blocks behind the first `first`.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn behind(&self, format: PackedFormat, first: usize) -> Self {
        Self {
            quants: &self.quants[first * format.block_bytes()..],
            scales: &self.scales[first * PANEL * 2..],
        }
    }

    /// Whether there are `blocks` blocks or more.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn holds(&self, format: PackedFormat, blocks: usize) -> bool {
        self.quants.len() >= blocks * format.block_bytes()
            && self.scales.len() >= blocks * PANEL * 2
    }

    pub(super) fn scale(&self, block: usize, lane: usize) -> f32 {
        let at = (block * PANEL + lane) * 2;
        f16::from_le_bytes([self.scales[at], self.scales[at + 1]]).to_f32()
    }

    fn weight(&self, format: PackedFormat, lane: usize, k: usize) -> f32 {
        let (block, size) = (k / BLOCK, format.block_bytes());
        let quants = &self.quants[block * size..(block + 1) * size];
        let quant = format.get(quants, lane, k % BLOCK) - format.zero();
        quant as f32 * self.scale(block, lane)
    }
}

impl PackedMatrix {
    /// `activations[rows, inputs] · selfᵀ`, `[rows, outputs]`, on all threads with the best
    /// instructions of this machine.
    ///
    /// # Panics
    /// Panics if the activations are not `rows · inputs`.
    pub fn multiply(&self, activations: &[f32], rows: usize) -> Vec<f32> {
        self.multiply_at(Level::detect(), activations, rows)
    }

    /// As [`multiply`](Self::multiply) with the instructions of a level, which the machine must have: for
    /// tests and benches. A better level than the machine's becomes the machine's.
    ///
    /// # Panics
    /// As [`multiply`](Self::multiply).
    pub fn multiply_at(&self, level: Level, activations: &[f32], rows: usize) -> Vec<f32> {
        assert_eq!(activations.len(), rows * self.inputs, "rows times inputs");
        if rows == 0 || self.inputs == 0 {
            return vec![0.0; rows * self.outputs];
        }
        let level = level.min(Level::detect());
        if rows <= matrix_vector::MOST_ROWS {
            let x = QuantizedRows::new(activations, self.inputs);
            matrix_vector::multiply(level, self, &x)
        } else {
            product::multiply(level, self, activations)
        }
    }
}
