//! A black-and-white scan or fax: grey values, hard contrast, specks, at full strength two tones.

use rand::Rng;
use rayon::prelude::*;

use super::apply::Draw;
use super::fading::luma;
use super::random::{between, of_row};
use crate::page::Picture;

/// Specks on a million pixels at strength 1.
const SPECKS_PER_MILLION: f32 = 120.0;

/// Turns the picture grey and steepens its contrast around a threshold.
pub(super) fn apply(picture: &mut Picture, mut draw: Draw) {
    let threshold = between(&mut draw.random, 95.0, 150.0);
    // From plain grey to a step over four grey values.
    let steepness = 1.0 + 30.0 * draw.amount * draw.amount * draw.amount;
    let tones: [u8; 256] = std::array::from_fn(|value| {
        let value = value as f32;
        let around = threshold + (value - threshold) * steepness;
        let mixed = value + (around - value) * draw.amount;
        (mixed + 0.5).clamp(0.0, 255.0) as u8
    });
    let specks = (SPECKS_PER_MILLION * draw.amount / 1e6 * u32::MAX as f32) as u32;
    let (seed, index) = (draw.seed, draw.index);
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each(|(y, line)| {
        let mut random = of_row(seed, index, y);
        for pixel in line.chunks_exact_mut(3) {
            let mut tone = tones[luma(pixel).clamp(0, 255) as usize];
            if random.next_u32() < specks {
                tone /= 3;
            }
            pixel.fill(tone);
        }
    });
}
