//! Maps: lines of equal height over smooth hills.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Rgb, Sheet, pick, whole};
use super::words;
use crate::wear::{SmoothField, between, chance};

/// Contour lines of hills of two sizes, some with a map grid and spot heights.
pub(super) fn draw(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let unit = sheet.unit;
    let size = sheet.size();
    let step = unit * between(random, 20.0, 80.0);
    let hills = SmoothField::new(random, size.width, size.height, step);
    let bumps = SmoothField::new(random, size.width, size.height, 0.4 * step);
    let levels = between(random, 4.0, 18.0);
    let paper: Rgb = pick(
        random,
        &[[255, 255, 255], [244, 248, 236], [250, 244, 228]],
        [255; 3],
    );
    let line: Rgb = pick(
        random,
        &[[150, 90, 40], [60, 60, 60], [0, 0, 0], [90, 110, 160]],
        [0; 3],
    );
    let width = (0.35 * unit).max(0.7);
    let heights = |row: usize| {
        let (mut large, mut small) = (
            vec![0.0_f32; size.width as usize],
            vec![0.0; size.width as usize],
        );
        hills.row(row, &mut large);
        bumps.row(row, &mut small);
        for (large, small) in large.iter_mut().zip(small) {
            *large = levels * (*large + 0.25 * small);
        }
        large
    };
    let (mut row, mut here, mut below) = (u32::MAX, Vec::new(), Vec::new());
    sheet.paint(|x, y| {
        if y != row {
            row = y;
            here = heights(y as usize);
            below = heights(y as usize + 1);
        }
        let at = x as usize;
        let height = here[at];
        let across = here.get(at + 1).map_or(0.0, |next| next - height);
        let down = below[at] - height;
        let slope = libm::sqrtf(across * across + down * down).max(1e-4);
        let off = (height - libm::roundf(height)).abs() / slope;
        let share = (0.5 * width + 0.5 - off).clamp(0.0, 1.0);
        std::array::from_fn(|channel| {
            let (paper, line) = (f32::from(paper[channel]), f32::from(line[channel]));
            (paper + (line - paper) * share) as u8
        })
    });
    if chance(random, 0.4) {
        let step = unit * between(random, 12.0, 50.0);
        let (right, bottom) = (sheet.width(), sheet.height());
        sheet.ink([120, 150, 190], |ink| {
            let mut at = step;
            while at < right.max(bottom) {
                ink.line((at, 0.0), (at, bottom), 0.2 * unit);
                ink.line((0.0, at), (right, at), 0.2 * unit);
                at += step;
            }
        });
    }
    let spots: Vec<(String, f32, f32)> = (0..whole(random, 0, 14))
        .map(|_| {
            let (x, y) = (between(random, 0.05, 0.9), between(random, 0.05, 0.95));
            (words::number(random), x * sheet.width(), y * sheet.height())
        })
        .collect();
    sheet.ink([30; 3], |ink| {
        for (text, x, y) in &spots {
            ink.text(text, *x, *y, 4.5 * unit);
        }
    });
}
