//! Random numbers of wear: one stream for each distortion and each row.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of one distortion's parameters. Streams keep distortions apart: adding one to a page does
/// not change what the others draw.
pub(crate) fn of_distortion(seed: u64, index: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(index as u64);
    random
}

/// The generator of one row of a distortion that draws for every pixel.
pub(crate) fn of_row(seed: u64, index: usize, row: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(((index as u64 + 1) << 32) | row as u64);
    random
}

/// Evenly between two numbers; 24 bits, so that the multiplication is exact to `f32`.
pub(crate) fn between(random: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    let share = (random.next_u32() >> 8) as f32 / (1_u32 << 24) as f32;
    low + (high - low) * share
}

/// True for a share of the draws.
pub(crate) fn chance(random: &mut ChaCha8Rng, share: f32) -> bool {
    between(random, 0.0, 1.0) < share
}

/// A whole number from 0 to `count - 1`, or 0.
pub(crate) fn index(random: &mut ChaCha8Rng, count: u32) -> u32 {
    if count == 0 {
        0
    } else {
        random.random_range(0..count)
    }
}

/// Smooth noise over the plane, -1 to 1: values of a lattice, joined by a cubic.
#[derive(Debug, Clone)]
pub(crate) struct SmoothField {
    columns: usize,
    rows: usize,
    step: f32,
    values: Vec<f32>,
    /// Lattice column before each pixel of a row, and the smoothed share behind it.
    across: Vec<(u32, f32)>,
}

impl SmoothField {
    /// A field for a picture of `width` x `height` pixels with hills of about `step` pixels.
    pub(crate) fn new(random: &mut ChaCha8Rng, width: u32, height: u32, step: f32) -> Self {
        // A lattice finer than four pixels would be noise, and costs memory.
        let step = step.max(4.0);
        let columns = (width as f32 / step) as usize + 2;
        let rows = (height as f32 / step) as usize + 2;
        let values = (0..columns * rows)
            .map(|_| between(random, -1.0, 1.0))
            .collect();
        let across = (0..width)
            .map(|x| {
                let (left, share) = split(x as f32, step, columns);
                (left as u32, share)
            })
            .collect();
        Self {
            columns,
            rows,
            step,
            values,
            across,
        }
    }

    /// The value of every pixel of a row, into `line`.
    pub(crate) fn row(&self, y: usize, line: &mut [f32]) {
        let (top, down) = split(y as f32, self.step, self.rows);
        let above = &self.values[top * self.columns..(top + 1) * self.columns];
        let below = &self.values[(top + 1) * self.columns..(top + 2) * self.columns];
        let nodes: Vec<f32> = above
            .iter()
            .zip(below)
            .map(|(above, below)| above + (below - above) * down)
            .collect();
        for (value, &(left, share)) in line.iter_mut().zip(&self.across) {
            let (left, right) = (nodes[left as usize], nodes[left as usize + 1]);
            *value = left + (right - left) * share;
        }
    }
}

/// Lattice index before a pixel and the smoothed share behind it.
fn split(at: f32, step: f32, count: usize) -> (usize, f32) {
    let at = at / step;
    let index = (at as usize).min(count - 2);
    (index, smooth(at - index as f32))
}

/// The cubic from 0 to 1 that is flat at both ends; clamped outside.
pub(crate) fn smooth(share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}
