//! Line plots: curves in a frame.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Frame, Rgb, Sheet, curve_colour, pick, whole};
use super::words;
use crate::wear::{between, chance};

/// Grid lines of a plot.
#[derive(Debug, Clone, Copy)]
struct Lines {
    /// Pixels between them, across and down.
    step: (f32, f32),
    /// Lines in between.
    minor: u32,
    colour: Rgb,
    minor_colour: Rgb,
}

/// One frame with one to five curves.
pub(super) fn one(sheet: &mut Sheet, random: &mut ChaCha8Rng, has_grid: bool) {
    let mut frame = sheet.inner(between(random, 0.05, 0.12), between(random, 0.06, 0.14));
    frame.left += 4.0 * sheet.unit;
    let lines = has_grid.then(|| grid_lines(sheet.unit, random, frame));
    let curves = whole(random, 1, 5);
    draw_frame(sheet, random, frame, lines, curves);
    let title_words = whole(random, 1, 5);
    let title = words::some(random, title_words);
    let size = 7.0 * sheet.unit;
    let centre = 0.5 * (frame.left + frame.right);
    sheet.ink([0; 3], |ink| {
        ink.centred(&title, centre, frame.top - 0.4 * size, size)
    });
}

/// Frames above each other.
pub(super) fn stacked(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let all = sheet.inner(between(random, 0.05, 0.1), between(random, 0.04, 0.08));
    let count = whole(random, 2, 5);
    let height = all.height() / count as f32;
    let gap = height * between(random, 0.08, 0.25);
    let has_grid = chance(random, 0.5);
    for row in 0..count {
        let frame = Frame {
            left: all.left + 4.0 * sheet.unit,
            top: all.top + row as f32 * height,
            bottom: all.top + (row + 1) as f32 * height - gap,
            ..all
        };
        let lines = has_grid.then(|| grid_lines(sheet.unit, random, frame));
        draw_frame(sheet, random, frame, lines, 1);
    }
}

/// Grid lines: some cells in each direction, or square ones of 5 mm as on graph paper.
fn grid_lines(unit: f32, random: &mut ChaCha8Rng, frame: Frame) -> Lines {
    const COLOURS: [(Rgb, Rgb); 4] = [
        ([200, 200, 200], [228, 228, 228]),
        ([150, 170, 210], [210, 220, 240]),
        ([235, 150, 150], [250, 214, 214]),
        ([170, 170, 170], [225, 225, 225]),
    ];
    let (colour, minor_colour) = pick(random, &COLOURS, COLOURS[0]);
    if chance(random, 1.0 / 3.0) {
        let step = unit * pick(random, &[5.0, 5.0, 10.0], 5.0);
        return Lines {
            step: (step, step),
            minor: pick(random, &[0, 4, 4], 0),
            colour,
            minor_colour,
        };
    }
    Lines {
        step: (
            frame.width() / whole(random, 4, 24) as f32,
            frame.height() / whole(random, 3, 12) as f32,
        ),
        minor: pick(random, &[0, 0, 1, 4], 0),
        colour,
        minor_colour,
    }
}

fn draw_frame(
    sheet: &mut Sheet,
    random: &mut ChaCha8Rng,
    frame: Frame,
    lines: Option<Lines>,
    curves: u32,
) {
    let unit = sheet.unit;
    if let Some(lines) = lines {
        let parts = lines.minor + 1;
        let part = |step: f32| step / parts as f32;
        let fine = (part(lines.step.0), part(lines.step.1));
        if lines.minor > 0 {
            sheet.ink(lines.minor_colour, |ink| {
                rule(ink, frame, fine, 0.15 * unit)
            });
        }
        sheet.ink(lines.colour, |ink| {
            rule(ink, frame, lines.step, 0.25 * unit)
        });
    }
    for _ in 0..curves {
        let colour = curve_colour(random);
        let width = unit * between(random, 0.25, 0.9);
        let points = curve(random, frame);
        sheet.ink(colour, |ink| ink.path(&points, width));
    }
    let ticks = whole(random, 4, 9);
    let labels: Vec<String> = (0..2 * ticks).map(|_| words::number(random)).collect();
    let is_open = chance(random, 0.4);
    sheet.ink([0; 3], |ink| {
        if is_open {
            let corner = (frame.left, frame.bottom);
            ink.path(
                &[(frame.left, frame.top), corner, (frame.right, frame.bottom)],
                0.4 * unit,
            );
        } else {
            ink.outline(frame, 0.4 * unit);
        }
        let size = 4.5 * unit;
        for tick in 0..ticks {
            let share = (tick as f32 + 0.5) / ticks as f32;
            let x = frame.left + share * frame.width();
            let y = frame.top + share * frame.height();
            ink.line(
                (x, frame.bottom),
                (x, frame.bottom + 1.5 * unit),
                0.3 * unit,
            );
            ink.line((frame.left, y), (frame.left - 1.5 * unit, y), 0.3 * unit);
            let (below, beside) = (&labels[tick as usize], &labels[(ticks + tick) as usize]);
            ink.centred(below, x, frame.bottom + 1.5 * unit + 0.9 * size, size);
            ink.centred(beside, frame.left - 5.5 * unit, y + 0.3 * size, size);
        }
    });
}

/// Lines at whole steps from the bottom left corner.
fn rule(ink: &mut super::sheet::Ink, frame: Frame, step: (f32, f32), width: f32) {
    // A step below two pixels would be a grey area.
    let step = (step.0.max(2.0), step.1.max(2.0));
    let mut x = frame.left;
    while x <= frame.right {
        ink.line((x, frame.top), (x, frame.bottom), width);
        x += step.0;
    }
    let mut y = frame.bottom;
    while y >= frame.top {
        ink.line((frame.left, y), (frame.right, y), width);
        y -= step.1;
    }
}

/// A curve that fills most of a frame: waves, a walk, growth, a cloud of values, steps, or peaks.
fn curve(random: &mut ChaCha8Rng, frame: Frame) -> Vec<(f32, f32)> {
    let count = whole(random, 40, 600);
    let shape = whole(random, 0, 5);
    let (cycles, phase) = (between(random, 0.5, 14.0), between(random, 0.0, 6.3));
    let second = between(random, 0.0, 0.7);
    let rate = between(random, -4.0, 4.0);
    let noise = between(random, 0.0, 0.25);
    let peaks: Vec<(f32, f32)> = (0..whole(random, 2, 9))
        .map(|_| (between(random, 0.0, 1.0), between(random, 0.01, 0.08)))
        .collect();
    let (mut level, mut is_high) = (0.0_f32, false);
    let values: Vec<f32> = (0..count)
        .map(|point| {
            let t = point as f32 / (count - 1) as f32;
            let jitter = between(random, -1.0, 1.0);
            let turn = std::f32::consts::TAU * cycles * t + phase;
            match shape {
                0 => libm::sinf(turn) + second * libm::sinf(2.7 * turn),
                1 => {
                    level += jitter;
                    level
                }
                2 => libm::expf(rate * t) + noise * jitter,
                3 => jitter + libm::sinf(turn) * second,
                4 => {
                    if chance(random, 0.03) {
                        is_high = !is_high;
                        level = between(random, -1.0, 1.0);
                    }
                    level + 0.2 * noise * jitter
                }
                _ => {
                    let near = |(centre, width): &(f32, f32)| {
                        let off = (t - centre) / width;
                        libm::expf(-0.5 * off * off)
                    };
                    peaks.iter().map(near).sum::<f32>() + 0.3 * noise * jitter
                }
            }
        })
        .collect();
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = (high - low).max(1e-6);
    let (reach, shift) = (between(random, 0.3, 0.9), between(random, 0.0, 1.0));
    let points = values.iter().enumerate();
    points
        .map(|(point, value)| {
            let t = point as f32 / (count - 1) as f32;
            let share = (value - low) / span * reach + shift * (1.0 - reach);
            (
                frame.left + t * frame.width(),
                frame.bottom - share * frame.height(),
            )
        })
        .collect()
}
