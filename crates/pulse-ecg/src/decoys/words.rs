//! Words, and pages of them.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Frame, Sheet, pale, pick, whole};
use crate::wear::{between, chance};

const WORDS: [&str; 40] = [
    "the",
    "of",
    "and",
    "patient",
    "was",
    "seen",
    "in",
    "clinic",
    "after",
    "two",
    "weeks",
    "with",
    "no",
    "new",
    "complaint",
    "blood",
    "pressure",
    "mean",
    "value",
    "table",
    "shows",
    "that",
    "results",
    "were",
    "given",
    "by",
    "each",
    "group",
    "river",
    "winter",
    "house",
    "paper",
    "line",
    "however",
    "between",
    "number",
    "which",
    "letter",
    "during",
    "a",
];

/// Some words.
pub(super) fn some(random: &mut ChaCha8Rng, count: u32) -> String {
    let mut text = String::new();
    for word in 0..count {
        if word > 0 {
            text.push(' ');
        }
        text.push_str(pick(random, &WORDS, WORDS[0]));
    }
    text
}

/// A number as ticks and tables have it.
pub(super) fn number(random: &mut ChaCha8Rng) -> String {
    let value = whole(random, 0, 999);
    if chance(random, 0.5) {
        value.to_string()
    } else {
        format!("{}.{}", value / 10, value % 10)
    }
}

/// Lines of words in a frame.
pub(super) fn lines(
    sheet: &mut Sheet,
    random: &mut ChaCha8Rng,
    frame: Frame,
    size: f32,
    colour: [u8; 3],
) {
    let step = size * between(random, 1.05, 1.5);
    let per_line = (frame.width() / (2.6 * size)).max(1.0) as u32;
    let mut paragraph = whole(random, 2, 12);
    let mut texts = Vec::new();
    let mut y = frame.top + step;
    while y < frame.bottom {
        if paragraph == 0 {
            paragraph = whole(random, 2, 12);
            y += 0.6 * step;
        }
        let count = if paragraph == 1 {
            per_line.div_ceil(2)
        } else {
            per_line
        };
        texts.push((some(random, count), y));
        paragraph -= 1;
        y += step;
    }
    sheet.ink(colour, |ink| {
        for (text, y) in &texts {
            ink.text(text, frame.left, *y, size);
        }
    });
}

/// A page of text in one or two columns, with a title.
pub(super) fn page(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let paper = if chance(random, 0.5) {
        [255; 3]
    } else {
        pale(random)
    };
    sheet.paint(|_, _| paper);
    let colour = pick(random, &[[0, 0, 0], [30, 30, 40], [70, 70, 70]], [0; 3]);
    let size = sheet.unit * between(random, 3.5, 9.0);
    let mut frame = sheet.inner(between(random, 0.04, 0.14), between(random, 0.04, 0.12));
    if chance(random, 0.6) {
        let title_words = whole(random, 2, 4);
        let title = some(random, title_words);
        sheet.ink(colour, |ink| {
            ink.text(&title, frame.left, frame.top + 1.8 * size, 1.8 * size)
        });
        frame.top += 2.6 * size;
    }
    if chance(random, 0.35) {
        let gap = 0.03 * frame.width();
        let middle = frame.left + 0.5 * frame.width();
        for (left, right) in [(frame.left, middle - gap), (middle + gap, frame.right)] {
            let size = 0.7 * size;
            lines(
                sheet,
                random,
                Frame {
                    left,
                    right,
                    ..frame
                },
                size,
                colour,
            );
        }
    } else {
        lines(sheet, random, frame, size, colour);
    }
}
