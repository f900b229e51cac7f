//! Uneven light, and the shadow of a hand or a head.

use rayon::prelude::*;

use super::apply::Draw;
use super::random::{between, chance, smooth};
use super::to_byte::to_byte;
use crate::page::Picture;

/// Share of the light that is lost at strength 1: towards the far side, and in the shadow.
const FALL_OFF: f32 = 0.3;
const CAST: f32 = 0.45;

/// Darkens the picture along a slope and beyond a soft, slightly curved edge.
pub(super) fn apply(picture: &mut Picture, mut draw: Draw) {
    let size = picture.size();
    let (width, height) = (size.width as f32, size.height as f32);
    let random = &mut draw.random;
    let slope = (between(random, -1.0, 1.0), between(random, -1.0, 1.0));
    let fall_off = FALL_OFF * draw.amount;
    let cast = CAST * draw.amount * between(random, 0.6, 1.0);
    // The edge: a line through the picture, bent by a parabola.
    let upright = chance(random, 0.7);
    let side = if chance(random, 0.5) { 1.0 } else { -1.0 };
    let edge = between(random, 0.15, 0.85);
    let lean = between(random, -0.5, 0.5);
    let bend = between(random, -0.4, 0.4);
    let softness = between(random, 0.02, 0.18);
    let shares: Vec<f32> = (0..size.width).map(|x| (x as f32 + 0.5) / width).collect();
    let sharpness = 0.5 / softness;
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each_init(
        || vec![0.0_f32; size.width as usize],
        |lights, (y, line)| {
            let down = (y as f32 + 0.5) / height;
            // Light first and pixels after it: the compiler makes vectors of either.
            for (light, &across) in lights.iter_mut().zip(&shares) {
                let (along, off) = if upright {
                    (down, across)
                } else {
                    (across, down)
                };
                let middle = along - 0.5;
                let beyond = side * (off - edge - lean * middle - bend * middle * middle);
                let hidden = smooth(beyond * sharpness + 0.5);
                let sloped =
                    smooth(0.5 + 0.5 * (slope.0 * (across - 0.5) + slope.1 * (down - 0.5)));
                *light = (1.0 - fall_off * sloped) * (1.0 - cast * hidden);
            }
            let (pixels, _) = line.as_chunks_mut::<3>();
            for (pixel, &light) in pixels.iter_mut().zip(lights.iter()) {
                // Shadows are lit by the sky: blue is lost less.
                let cool = 1.0 - (1.0 - light) * 0.9;
                for (value, light) in pixel.iter_mut().zip([light, light, cool]) {
                    *value = to_byte(f32::from(*value) * light);
                }
            }
        },
    );
}
