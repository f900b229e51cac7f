//! Thermal paper fades, ribbons run dry: dark ink becomes lighter, unevenly.

use rayon::prelude::*;

use super::apply::Draw;
use super::random::SmoothField;
use crate::page::Picture;

/// Share of the contrast that is lost at strength 1, and how much of that varies over the page.
const MOST: f32 = 0.72;
const UNEVEN: f32 = 0.35;
/// Hills of the unevenness in millimetres.
const HILLS_MM: f64 = 35.0;

/// Lifts dark pixels towards white. Pale grid lines lose less than ink.
pub(super) fn apply(picture: &mut Picture, mut draw: Draw) {
    let size = picture.size();
    let step = (HILLS_MM * picture.pixels_per_mm()) as f32;
    let field = SmoothField::new(&mut draw.random, size.width, size.height, step);
    let loss = draw.amount * MOST;
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each_init(
        || vec![0.0_f32; size.width as usize],
        |hills, (y, line)| {
            field.row(y, hills);
            for (pixel, hill) in line.chunks_exact_mut(3).zip(hills.iter()) {
                let luma = luma(pixel);
                if luma >= 235 {
                    continue;
                }
                let darkness = ((235 - luma) as f32 / 160.0).min(1.0);
                let share = (loss * (1.0 + UNEVEN * hill) * darkness).clamp(0.0, 0.95);
                for value in pixel {
                    let lifted = f32::from(*value) + (238.0 - f32::from(*value)) * share;
                    *value = (lifted + 0.5).clamp(0.0, 255.0) as u8;
                }
            }
        },
    );
}

/// Brightness of a pixel, 0 to 255 (ITU-R BT.601 weights in 1/256).
pub(super) fn luma(pixel: &[u8]) -> i32 {
    (77 * i32::from(pixel[0]) + 150 * i32::from(pixel[1]) + 29 * i32::from(pixel[2]) + 128) >> 8
}
