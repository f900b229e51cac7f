//! Bar charts.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Frame, Sheet, curve_colour, whole};
use super::words;
use crate::wear::{between, chance};

/// Bars across or down, in one to three groups, with or without rules behind.
pub(super) fn draw(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let unit = sheet.unit;
    let frame = sheet.inner(between(random, 0.06, 0.14), between(random, 0.08, 0.16));
    let is_upright = chance(random, 0.7);
    if chance(random, 0.5) {
        let rules = whole(random, 3, 8);
        sheet.ink([210; 3], |ink| {
            for rule in 0..=rules {
                let share = rule as f32 / rules as f32;
                if is_upright {
                    let y = frame.top + share * frame.height();
                    ink.line((frame.left, y), (frame.right, y), 0.3 * unit);
                } else {
                    let x = frame.left + share * frame.width();
                    ink.line((x, frame.top), (x, frame.bottom), 0.3 * unit);
                }
            }
        });
    }
    let (count, groups) = (whole(random, 3, 24), whole(random, 1, 3));
    let (along, across) = if is_upright {
        (frame.width(), frame.height())
    } else {
        (frame.height(), frame.width())
    };
    let step = along / count as f32;
    let filled = between(random, 0.4, 0.95) * step / groups as f32;
    for group in 0..groups {
        let colour = curve_colour(random);
        let bars: Vec<Frame> = (0..count)
            .map(|bar| {
                let start = (bar as f32 + 0.05) * step + group as f32 * filled;
                let length = between(random, 0.05, 0.98) * across;
                if is_upright {
                    Frame {
                        left: frame.left + start,
                        right: frame.left + start + filled,
                        top: frame.bottom - length,
                        bottom: frame.bottom,
                    }
                } else {
                    Frame {
                        left: frame.left,
                        right: frame.left + length,
                        top: frame.top + start,
                        bottom: frame.top + start + filled,
                    }
                }
            })
            .collect();
        sheet.ink(colour, |ink| bars.iter().for_each(|bar| ink.fill(*bar)));
    }
    let labels: Vec<String> = (0..count).map(|_| words::number(random)).collect();
    sheet.ink([0; 3], |ink| {
        let corner = (frame.left, frame.bottom);
        ink.path(
            &[(frame.left, frame.top), corner, (frame.right, frame.bottom)],
            0.5 * unit,
        );
        for (bar, label) in labels.iter().enumerate() {
            let at = (bar as f32 + 0.5) * step;
            if is_upright {
                ink.centred(
                    label,
                    frame.left + at,
                    frame.bottom + 5.0 * unit,
                    4.5 * unit,
                );
            } else {
                ink.centred(label, frame.left - 5.0 * unit, frame.top + at, 4.5 * unit);
            }
        }
    });
}
