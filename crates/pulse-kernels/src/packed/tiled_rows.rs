//! Activations as 16-bit integers in the order in which the tiles of a prefill take them.

use rayon::prelude::*;

use super::activations::QuantizedRows;
use super::format::BLOCK;

/// Rows of one tile: with two panels its sums and totals fill 24 of 32 registers.
pub(super) const TILE_ROWS: usize = 6;
/// Pairs of inputs of one block.
const PAIRS: usize = BLOCK / 2;

/// Rows of activations, six beside each other, so that a tile reads one stream: rows a power of two apart would
/// push each other out of the first cache.
pub(super) struct TiledRows {
    rows: usize,
    /// Blocks of a row.
    blocks: usize,
    /// Tile after tile `[blocks * 16 pairs, rows of the tile]`, two neighbouring 16-bit integers in each word.
    pairs: Vec<i32>,
    /// Tile after tile `[blocks, rows of the tile]`.
    scales: Vec<f32>,
}

/// Some blocks of the rows of one tile.
#[derive(Clone, Copy)]
pub(super) struct RowTile<'a> {
    /// `[blocks * 16 pairs, rows]`.
    pub(super) pairs: &'a [i32],
    /// `[blocks, rows]`.
    pub(super) scales: &'a [f32],
}

impl TiledRows {
    /// Rows `[rows, inputs]`; the last block is filled up with zeros.
    pub(super) fn new(activations: &[f32], inputs: usize) -> Self {
        let rows = activations.len() / inputs.max(1);
        let blocks = inputs.div_ceil(BLOCK);
        let mut pairs = vec![0i32; rows * blocks * PAIRS];
        let mut scales = vec![0f32; rows * blocks];
        activations
            .par_chunks((TILE_ROWS * inputs).max(1))
            .zip(pairs.par_chunks_mut((TILE_ROWS * blocks * PAIRS).max(1)))
            .zip(scales.par_chunks_mut((TILE_ROWS * blocks).max(1)))
            .for_each(|((activations, pairs), scales)| {
                let quantized = QuantizedRows::new(activations, inputs);
                let rows = quantized.rows();
                for m in 0..rows {
                    let row = quantized.row(m);
                    let words = row.values.as_chunks::<2>().0.iter();
                    for (target, [low, high]) in pairs[m..].iter_mut().step_by(rows).zip(words) {
                        *target = i32::from(*low) & 0xffff | i32::from(*high) << 16;
                    }
                    for (target, scale) in scales[m..].iter_mut().step_by(rows).zip(row.scales) {
                        *target = *scale;
                    }
                }
            });
        Self {
            rows,
            blocks,
            pairs,
            scales,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Blocks of a row.
    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// `count` blocks from `first` on of the tile that begins at `row`, a multiple of [`TILE_ROWS`].
    ///
    /// # Panics
    /// Panics if they do not exist.
    pub(super) fn tile(&self, row: usize, first: usize, count: usize) -> RowTile<'_> {
        let rows = TILE_ROWS.min(self.rows - row);
        let start = row * self.blocks + first * rows;
        RowTile {
            pairs: &self.pairs[start * PAIRS..(start + count * rows) * PAIRS],
            scales: &self.scales[start..start + count * rows],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_hold_the_quantised_rows() {
        let (rows, inputs) = (8, 70);
        let x: Vec<f32> = (0..rows * inputs)
            .map(|i| ((i * 37) % 101) as f32 - 50.0)
            .collect();
        let (plain, tiled) = (QuantizedRows::new(&x, inputs), TiledRows::new(&x, inputs));
        assert_eq!(tiled.rows(), rows);
        for row in [0, TILE_ROWS] {
            let count = TILE_ROWS.min(rows - row);
            for block in 0..3 {
                let tile = tiled.tile(row, block, 1);
                for m in 0..count {
                    let expected = plain.row(row + m);
                    assert_eq!(tile.scales[m], expected.scales[block]);
                    for pair in 0..PAIRS {
                        let word = tile.pairs[pair * count + m];
                        let at = block * BLOCK + pair * 2;
                        let values = [expected.values[at], expected.values[at + 1]];
                        assert_eq!([word as i16, (word >> 16) as i16], values);
                    }
                }
            }
        }
    }
}
