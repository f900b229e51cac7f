//! Warm lamp or cold daylight.

use rayon::prelude::*;

use super::apply::Draw;
use super::random::{between, chance};
use crate::page::Picture;

/// Gains of red, green and blue at strength 1: a lamp of about 3000 K seen by a camera set to daylight,
/// and open shade, both after the camera's own correction has done half the work.
const WARM: [f32; 3] = [1.04, 0.93, 0.72];
const COLD: [f32; 3] = [0.78, 0.94, 1.05];

/// Multiplies the channels, by table.
pub(super) fn apply(picture: &mut Picture, mut draw: Draw) {
    let random = &mut draw.random;
    let target = if chance(random, 0.65) { WARM } else { COLD };
    let tint = between(random, -0.03, 0.03) * draw.amount;
    let gains = [0, 1, 2].map(|channel: usize| {
        let gain = 1.0 + (target[channel] - 1.0) * draw.amount;
        if channel == 1 { gain + tint } else { gain }
    });
    let tables: [[u8; 256]; 3] = gains.map(|gain| {
        std::array::from_fn(|value| (value as f32 * gain + 0.5).clamp(0.0, 255.0) as u8)
    });
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes);
    rows.for_each(|line| {
        for pixel in line.chunks_exact_mut(3) {
            for (value, table) in pixel.iter_mut().zip(&tables) {
                *value = table[usize::from(*value)];
            }
        }
    });
}
