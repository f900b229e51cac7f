//! Tables.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Frame, Sheet, pick, whole};
use super::words;
use crate::wear::{between, chance};

/// Rows and columns of numbers and words, ruled all around, between rows only, or shaded row by row.
pub(super) fn draw(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let unit = sheet.unit;
    let frame = sheet.inner(between(random, 0.03, 0.12), between(random, 0.05, 0.15));
    let (rows, columns) = (whole(random, 5, 40), whole(random, 3, 16));
    let height = frame.height() / rows as f32;
    let mut edges = vec![frame.left];
    let is_even = chance(random, 0.5);
    let mut widths: Vec<f32> = Vec::new();
    for _ in 0..columns {
        widths.push(if is_even {
            1.0
        } else {
            between(random, 0.5, 2.0)
        });
    }
    let total: f32 = widths.iter().sum();
    let mut x = frame.left;
    for width in widths {
        x += width / total * frame.width();
        edges.push(x);
    }
    if chance(random, 0.4) {
        let shade = pick(
            random,
            &[[235; 3], [220, 230, 245], [245, 235, 220]],
            [235; 3],
        );
        sheet.ink(shade, |ink| {
            for row in (1..rows).step_by(2) {
                let top = frame.top + row as f32 * height;
                ink.fill(Frame {
                    top,
                    bottom: top + height,
                    ..frame
                });
            }
        });
    }
    let size = (0.7 * height).min(6.0 * unit);
    let cells: Vec<String> = (0..rows * columns)
        .map(|cell| {
            if cell % columns == 0 {
                words::some(random, 1)
            } else {
                words::number(random)
            }
        })
        .collect();
    let has_columns = chance(random, 0.7);
    let line = unit * between(random, 0.15, 0.5);
    sheet.ink([20; 3], |ink| {
        for row in 0..=rows {
            let y = frame.top + row as f32 * height;
            ink.line((frame.left, y), (frame.right, y), line);
        }
        if has_columns {
            for x in &edges {
                ink.line((*x, frame.top), (*x, frame.bottom), line);
            }
        }
        for (cell, text) in cells.iter().enumerate() {
            let (row, column) = (cell / columns as usize, cell % columns as usize);
            let y = frame.top + (row as f32 + 0.75) * height;
            ink.text(text, edges[column] + unit, y, size);
        }
    });
}
