//! Folds and wrinkles: streaks of light and shade across the page.

use rayon::prelude::*;

use super::apply::Draw;
use super::random::{SmoothField, between, chance, smooth};
use super::to_byte::to_byte;
use crate::page::Picture;

/// A fold: a straight line with a bright flank, a dark flank and a worn ridge.
struct Fold {
    /// Unit normal and distance of the line from the top left corner.
    normal: (f32, f32),
    distance: f32,
    /// Pixels to which the shade reaches.
    reach: f32,
    /// Brightness that is taken off on one side and added on the other.
    depth: f32,
    /// Width of the worn ridge in pixels.
    ridge: f32,
}

/// Wrinkles of the whole sheet, in millimetres.
const WRINKLE_MM: f64 = 14.0;
/// Brightness they change at strength 1.
const WRINKLE_DEPTH: f32 = 16.0;

/// Shades the picture.
pub(super) fn apply(picture: &mut Picture, mut draw: Draw) {
    let size = picture.size();
    let px_per_mm = picture.pixels_per_mm() as f32;
    let folds = folds(&mut draw, size.width as f32, size.height as f32, px_per_mm);
    let step = WRINKLE_MM as f32 * px_per_mm;
    let field = SmoothField::new(&mut draw.random, size.width, size.height, step);
    let wrinkles = draw.amount * WRINKLE_DEPTH;
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each_init(
        || vec![0.0_f32; size.width as usize],
        |light, (y, line)| {
            field.row(y, light);
            for value in light.iter_mut() {
                // Only the steep parts of a wrinkle are seen.
                *value = *value * value.abs() * wrinkles;
            }
            for fold in &folds {
                fold.shade(y as f32 + 0.5, light);
            }
            for (pixel, light) in line.chunks_exact_mut(3).zip(light.iter()) {
                for value in pixel {
                    *value = to_byte(f32::from(*value) + light);
                }
            }
        },
    );
}

fn folds(draw: &mut Draw, width: f32, height: f32, px_per_mm: f32) -> Vec<Fold> {
    let count = 1 + (draw.amount * 5.0) as usize;
    (0..count)
        .map(|_| {
            let random = &mut draw.random;
            // Sheets are folded along or across, seldom aslant.
            let slope = between(random, -0.06, 0.06);
            let length = (1.0 + slope * slope).sqrt();
            let upright = chance(random, 0.6);
            let normal = if upright {
                (1.0 / length, slope / length)
            } else {
                (slope / length, 1.0 / length)
            };
            let extent = if upright { width } else { height };
            Fold {
                normal,
                distance: between(random, 0.08, 0.92) * extent,
                reach: between(random, 2.0, 8.0) * px_per_mm,
                depth: draw.amount * between(random, 14.0, 40.0),
                ridge: (between(random, 0.1, 0.3) * px_per_mm).max(0.6),
            }
        })
        .collect()
}

impl Fold {
    /// Pixels of a row that the fold may reach: where `start + (x + 0.5) * normal.0` is within reach, and a
    /// few more.
    fn span(&self, start: f32, width: usize) -> std::ops::Range<usize> {
        let across = self.normal.0;
        if across.abs() < 1e-4 {
            return 0..if start.abs() < self.reach + 1.0 {
                width
            } else {
                0
            };
        }
        let (a, b) = (
            (-self.reach - start) / across,
            (self.reach - start) / across,
        );
        // Conversions saturate.
        let end = ((a.max(b) + 2.0) as usize).min(width);
        ((a.min(b) - 2.0) as usize).min(end)..end
    }

    /// Adds the fold's light to one row whose pixel centres have height `y`.
    fn shade(&self, y: f32, light: &mut [f32]) {
        let start = y * self.normal.1 - self.distance;
        let span = self.span(start, light.len());
        for (offset, light) in light[span.clone()].iter_mut().enumerate() {
            let x = span.start + offset;
            let from_line = start + (x as f32 + 0.5) * self.normal.0;
            let away = from_line.abs();
            if away >= self.reach {
                continue;
            }
            let flank = smooth(1.0 - away / self.reach) * self.depth;
            *light += if from_line < 0.0 {
                0.35 * flank
            } else {
                -flank
            };
            if away < self.ridge {
                // The coating is rubbed off along the fold.
                *light += self.depth * 0.8 * (1.0 - away / self.ridge);
            }
        }
    }
}
