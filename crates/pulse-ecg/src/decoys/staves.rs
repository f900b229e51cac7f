//! Sheets of music: staves of five lines with notes.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Sheet, pale, whole};
use crate::wear::{between, chance};

/// Four to ten staves, with bars, and notes with stems, some of them joined by beams.
pub(super) fn draw(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    if chance(random, 0.4) {
        let paper = pale(random);
        sheet.paint(|_, _| paper);
    }
    let unit = sheet.unit;
    let frame = sheet.inner(between(random, 0.04, 0.1), between(random, 0.05, 0.12));
    let staves = whole(random, 4, 10);
    let height = frame.height() / staves as f32;
    let gap = (height * between(random, 0.07, 0.13)).max(1.0);
    let density = between(random, 3.0, 8.0);
    let thin = (0.1 * gap).max(0.2 * unit);
    let notes: Vec<Vec<(f32, f32, bool)>> = (0..staves)
        .map(|_| {
            let count = (frame.width() / (density * gap)) as u32;
            (0..count)
                .map(|note| {
                    let x = frame.left + (note as f32 + 1.0) * density * gap;
                    (
                        x,
                        0.5 * whole(random, 0, 9) as f32 - 0.25,
                        chance(random, 0.4),
                    )
                })
                .collect()
        })
        .collect();
    let bars = whole(random, 2, 6);
    sheet.ink([10; 3], |ink| {
        for (stave, notes) in notes.iter().enumerate() {
            let top = frame.top + stave as f32 * height + 0.25 * height;
            for line in 0..5 {
                let y = top + line as f32 * gap;
                ink.line((frame.left, y), (frame.right, y), thin);
            }
            for bar in 0..=bars {
                let x = frame.left + frame.width() * bar as f32 / bars as f32;
                ink.line((x, top), (x, top + 4.0 * gap), 1.5 * thin);
            }
            for (note, &(x, place, is_joined)) in notes.iter().enumerate() {
                let y = top + place * gap;
                ink.line(
                    (x - 0.2 * gap, y + 0.05 * gap),
                    (x + 0.2 * gap, y - 0.05 * gap),
                    0.8 * gap,
                );
                let stem = (x + 0.5 * gap, y - 3.2 * gap);
                ink.line((x + 0.5 * gap, y), stem, 1.2 * thin);
                let next = notes.get(note + 1);
                if let Some(next) = next.filter(|_| is_joined) {
                    let end = (next.0 + 0.5 * gap, top + next.1 * gap - 3.2 * gap);
                    ink.line(stem, end, 0.4 * gap);
                }
            }
        }
    });
}
