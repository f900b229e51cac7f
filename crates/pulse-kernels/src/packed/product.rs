//! Many rows times a packed matrix: the shape of a prefill.
//!
//! With VNNI the sums of a block are integers, as in the matrix-vector product, and the result is
//! the same to the last bit. Elsewhere panels are widened to f32 and multiplied as any other weights.

#[cfg(target_arch = "x86_64")]
use std::cell::Cell;

#[cfg(target_arch = "x86_64")]
use rayon::prelude::*;

#[cfg(target_arch = "x86_64")]
use super::format::PackedFormat;
use super::format::{BLOCK, PANEL};
use super::matrix::PackedMatrix;
#[cfg(target_arch = "x86_64")]
use super::tiled_rows::{TILE_ROWS, TiledRows};
use crate::Level;
#[cfg(target_arch = "x86_64")]
use crate::columns::{Columns, Stripe};
use crate::dense::{self, PanelSource};

/// Columns of one tile.
#[cfg(target_arch = "x86_64")]
const TILE_COLUMNS: usize = 2 * PANEL;
/// Blocks of one stretch of inputs: the unpacked weights of a tile, 2 KiB a block, stay in the first cache while all
/// rows pass over them.
#[cfg(target_arch = "x86_64")]
const STRETCH: usize = 12;
/// Rows that all stretches of a stripe pass over before the next rows: their totals, and a stretch of them, stay in
/// the second cache. Unpacking a stripe once more for other rows costs a hundredth of multiplying.
#[cfg(target_arch = "x86_64")]
const PASS_ROWS: usize = 96 * TILE_ROWS;
/// Tiles of a stripe, for which activations are read from memory once.
#[cfg(target_arch = "x86_64")]
const STRIPE_TILES: usize = 8;

/// `activations[rows, inputs] · matrixᵀ`.
pub(super) fn multiply(level: Level, matrix: &PackedMatrix, activations: &[f32]) -> Vec<f32> {
    #[cfg(target_arch = "x86_64")]
    if level == Level::Avx512Vnni {
        return multiply_integers(matrix, activations);
    }
    dense::multiply(level, activations, matrix)
}

/// With VNNI.
#[cfg(target_arch = "x86_64")]
fn multiply_integers(matrix: &PackedMatrix, activations: &[f32]) -> Vec<f32> {
    Level::Avx512Vnni.require();
    let x = TiledRows::new(activations, matrix.inputs());
    let (blocks, outputs) = (matrix.blocks(), matrix.outputs());
    let mut output = vec![0f32; x.rows() * outputs];
    // Stripes enough for every thread to have several.
    let tiles = outputs.div_ceil(TILE_COLUMNS);
    let most = tiles.div_ceil(4 * rayon::current_num_threads());
    let width = STRIPE_TILES.min(most).max(1) * TILE_COLUMNS;
    let columns = Columns::of(&mut output, outputs);
    (0..outputs.div_ceil(width))
        .into_par_iter()
        .for_each(|task| {
            let first = task * width;
            // SAFETY: tasks have different columns.
            let mut stripe = unsafe { columns.stripe(first..first + width) };
            let mut unpacked = UNPACKED.take();
            for row in (0..x.rows()).step_by(PASS_ROWS) {
                let rows = row..x.rows().min(row + PASS_ROWS);
                for block in (0..blocks).step_by(STRETCH) {
                    let count = STRETCH.min(blocks - block);
                    unpacked.fill(matrix, first / PANEL, stripe.width(), block, count);
                    unpacked.multiply(&x, rows.clone(), block, &mut stripe);
                }
            }
            UNPACKED.set(unpacked);
        });
    output
}

#[cfg(target_arch = "x86_64")]
thread_local! {
    /// Less than a megabyte that a thread keeps from one task to the next: memory that comes and goes costs page
    /// faults.
    static UNPACKED: Cell<Unpacked> = const { Cell::new(Unpacked::new()) };
}

/// A stretch of the inputs of some tiles, unpacked.
#[cfg(target_arch = "x86_64")]
#[derive(Default)]
struct Unpacked {
    /// Blocks of the stretch.
    count: usize,
    /// `[tiles, count * 16 pairs, 32]`.
    weights: Vec<i32>,
    /// `[tiles, count, 32]`.
    scales: Vec<f32>,
    /// Totals of the rows of a pass, `[tiles, PASS_ROWS, 32]`: in the result they would lie a row apart, where those
    /// of a wide layer push each other out of the caches.
    totals: Vec<f32>,
}

#[cfg(target_arch = "x86_64")]
impl Unpacked {
    const fn new() -> Self {
        Self {
            count: 0,
            weights: Vec::new(),
            scales: Vec::new(),
            totals: Vec::new(),
        }
    }

    /// Unpacks `count` blocks from `block` on of the panels from `panel` on, `columns` outputs of them.
    fn fill(
        &mut self,
        matrix: &PackedMatrix,
        panel: usize,
        columns: usize,
        block: usize,
        count: usize,
    ) {
        use super::avx512::unpack;
        let tiles = columns.div_ceil(TILE_COLUMNS);
        self.count = count;
        // What is behind the last panel of an odd number of them is multiplied too and not kept.
        let size = tiles * count * TILE_COLUMNS;
        self.weights.resize(size * BLOCK / 2, 0);
        self.scales.resize(size, 0.0);
        self.totals.resize(tiles * PASS_ROWS * TILE_COLUMNS, 0.0);
        for place in 0..columns.div_ceil(PANEL) {
            let (tile, side) = (place / 2, place % 2 * PANEL);
            let panel = matrix.panel(panel + place).behind(matrix.format(), block);
            let weights = &mut self.weights[tile * count * BLOCK / 2 * TILE_COLUMNS + side..];
            let scales = &mut self.scales[tile * count * TILE_COLUMNS + side..];
            let last = |rows: usize| (rows - 1) * TILE_COLUMNS + PANEL;
            assert!(weights.len() >= last(count * BLOCK / 2) && scales.len() >= last(count));
            assert!(panel.holds(matrix.format(), count));
            // SAFETY: `multiply_integers` has found the instructions; the panel has the blocks and the targets are long
            // enough by the lines above.
            unsafe {
                match matrix.format() {
                    PackedFormat::Q8 => {
                        unpack::<false>(count, panel, weights, scales, TILE_COLUMNS);
                    }
                    PackedFormat::Q4 => {
                        unpack::<true>(count, panel, weights, scales, TILE_COLUMNS);
                    }
                }
            }
        }
    }

    /// The rows of a pass, of which the stretch begins at `block`, times all tiles; into the stripe with the last
    /// stretch.
    fn multiply(
        &mut self,
        x: &TiledRows,
        rows: std::ops::Range<usize>,
        block: usize,
        stripe: &mut Stripe<'_>,
    ) {
        for tile in 0..stripe.width().div_ceil(TILE_COLUMNS) {
            for row in rows.clone().step_by(TILE_ROWS) {
                let place = Place {
                    tile,
                    row,
                    kept: (tile * PASS_ROWS + row - rows.start) * TILE_COLUMNS,
                    block,
                };
                match rows.end - row {
                    1 => self.tile::<1>(x, place, stripe),
                    2 => self.tile::<2>(x, place, stripe),
                    3 => self.tile::<3>(x, place, stripe),
                    4 => self.tile::<4>(x, place, stripe),
                    5 => self.tile::<5>(x, place, stripe),
                    _ => self.tile::<6>(x, place, stripe),
                }
            }
        }
    }

    fn tile<const ROWS: usize>(&mut self, x: &TiledRows, place: Place, stripe: &mut Stripe<'_>) {
        use super::avx512::{Totals, tile};
        let (count, block) = (self.count, place.block);
        let rows = x.tile(place.row, block, count);
        assert_eq!(rows.scales.len(), count * ROWS);
        let size = count * TILE_COLUMNS;
        let number = place.tile;
        let weights = &self.weights[number * size * BLOCK / 2..(number + 1) * size * BLOCK / 2];
        let scales = &self.scales[number * size..(number + 1) * size];
        let kept = &mut self.totals[place.kept..][..ROWS * TILE_COLUMNS];
        let column = number * TILE_COLUMNS;
        let result = if block + count == x.blocks() {
            Totals::Out {
                out: stripe.rows(place.row, ROWS, column),
                stride: stripe.stride(),
                columns: (stripe.width() - column).min(TILE_COLUMNS),
            }
        } else {
            Totals::Kept
        };
        // SAFETY: `multiply_integers` has found the instructions, weights, scales and rows were cut to `count` blocks
        // by the lines above, and the stripe has these rows and columns.
        unsafe {
            tile::<ROWS>(count, weights, scales, rows, kept, block > 0, result);
        }
    }
}

/// Where a tile lies.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Place {
    /// Number of the tile in the stripe.
    tile: usize,
    /// First row.
    row: usize,
    /// Where its totals are kept.
    kept: usize,
    /// First block of the stretch.
    block: usize,
}

impl PanelSource for PackedMatrix {
    fn outputs(&self) -> usize {
        Self::outputs(self)
    }

    fn inputs(&self) -> usize {
        Self::inputs(self)
    }

    fn widen(&self, _: Level, first: [usize; 2], inputs: usize, panel: &mut [f32], width: usize) {
        let [output, input] = first;
        let (format, size) = (self.format(), self.format().block_bytes());
        for place in 0..width / PANEL {
            let number = output / PANEL + place;
            if number >= self.panels() {
                return;
            }
            let source = self.panel(number);
            for k in 0..inputs {
                let block = (input + k) / BLOCK;
                let quants = &source.quants[block * size..(block + 1) * size];
                let target = &mut panel[k * width + place * PANEL..][..PANEL];
                for (lane, value) in target.iter_mut().enumerate() {
                    let quant = format.get(quants, lane, (input + k) % BLOCK) - format.zero();
                    *value = quant as f32 * source.scale(block, lane);
                }
            }
        }
    }
}
