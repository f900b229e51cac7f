//! Paper without anything on it, and graph paper without a trace.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Rgb, Sheet, pale, pick, whole};
use super::words;
use crate::page::GridColour;
use crate::wear::{between, chance};

/// One colour, and on some a few words.
pub(super) fn blank(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let paper = match whole(random, 0, 3) {
        0 => [255; 3],
        1 => [between(random, 0.0, 255.0) as u8; 3],
        _ => pale(random),
    };
    sheet.paint(|_, _| paper);
    if chance(random, 0.3) {
        let text = words::some(random, 3);
        let (x, y) = (
            between(random, 0.05, 0.6) * sheet.width(),
            between(random, 0.1, 0.9) * sheet.height(),
        );
        let size = 6.0 * sheet.unit;
        sheet.ink([40; 3], |ink| ink.text(&text, x, y, size));
    }
}

/// Squares of 1 and 5 mm in the colours of ECG papers, or squares of a school book.
pub(super) fn graph(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let style = pick(random, &GridColour::ALL[..7], GridColour::Pink).style();
    let is_millimetres = chance(random, 0.7);
    sheet.paint(|_, _| style.paper);
    let unit = sheet.unit;
    let offset = between(random, 0.0, 5.0) * unit;
    if is_millimetres {
        squares(
            sheet,
            style.minor,
            unit,
            offset,
            style.minor_width_mm as f32 * unit,
        );
    }
    let step = if is_millimetres {
        5.0
    } else {
        between(random, 4.0, 12.0)
    };
    squares(
        sheet,
        style.major,
        step * unit,
        offset,
        style.major_width_mm as f32 * unit,
    );
    if chance(random, 0.4) {
        let title = words::some(random, 4);
        sheet.ink([20; 3], |ink| {
            ink.text(&title, 8.0 * unit, 12.0 * unit, 6.0 * unit)
        });
    }
}

fn squares(sheet: &mut Sheet, colour: Rgb, step: f32, offset: f32, width: f32) {
    let (right, bottom) = (sheet.width(), sheet.height());
    let step = step.max(1.5);
    sheet.ink(colour, |ink| {
        let mut x = offset % step;
        while x < right {
            ink.line((x, 0.0), (x, bottom), width);
            x += step;
        }
        let mut y = offset % step;
        while y < bottom {
            ink.line((0.0, y), (right, y), width);
            y += step;
        }
    });
}
