//! Noise of the sensor.

use rand::Rng;
use rayon::prelude::*;

use super::apply::Draw;
use super::random::of_row;
use crate::page::Picture;

/// Standard deviation at strength 1, in 256 grey values: brightness, and each colour by itself.
const BRIGHTNESS: f32 = 14.0;
const COLOUR: f32 = 7.0;
/// Standard deviation of the sum of four even bytes: `sqrt(4 * (256^2 - 1) / 12)`.
const FOUR_BYTES: f32 = 147.8;

/// Adds noise that is close to Gaussian: sums of four random bytes. Whole numbers throughout.
pub(super) fn apply(picture: &mut Picture, draw: Draw) {
    let scale = |deviation: f32| (draw.amount * deviation / FOUR_BYTES * 65536.0) as i32;
    let (brightness, colour) = (scale(BRIGHTNESS), scale(COLOUR));
    let (seed, index) = (draw.seed, draw.index);
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each_init(
        || vec![0_u8; row_bytes / 3 * 8],
        |bytes, (y, line)| {
            of_row(seed, index, y).fill_bytes(bytes);
            for (pixel, bytes) in line.chunks_exact_mut(3).zip(bytes.chunks_exact(8)) {
                let common = centred(bytes[0], bytes[1], bytes[2], bytes[3]) * brightness;
                let own = [
                    centred(bytes[4], bytes[5], bytes[6], bytes[7]),
                    centred(bytes[5], bytes[7], bytes[0], bytes[2]),
                    centred(bytes[6], bytes[4], bytes[3], bytes[1]),
                ];
                for (value, own) in pixel.iter_mut().zip(own) {
                    let change = (common + own * colour + (1 << 15)) >> 16;
                    *value = (i32::from(*value) + change).clamp(0, 255) as u8;
                }
            }
        },
    );
}

/// The sum of four bytes, less its mean.
fn centred(a: u8, b: u8, c: u8, d: u8) -> i32 {
    i32::from(a) + i32::from(b) + i32::from(c) + i32::from(d) - 510
}
