//! Patterns to be photographed: cloth, tiles, wood.

use rand_chacha::ChaCha8Rng;

use super::sheet::{Rgb, Sheet, whole};
use crate::wear::{SmoothField, between};

/// Stripes at any angle, checks, bricks, dots, cloth, wood, or a gradient, in two colours.
pub(super) fn draw(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let mut colour = |low: f32, high: f32| [(); 3].map(|()| between(random, low, high));
    let (light, dark) = (colour(150.0, 255.0), colour(0.0, 170.0));
    let period = sheet.unit * between(random, 3.0, 40.0);
    let angle = between(random, 0.0, std::f32::consts::PI);
    let share = between(random, 0.1, 0.7);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let shape = whole(random, 0, 6);
    let size = sheet.size();
    let field = SmoothField::new(random, size.width, size.height, 30.0 * sheet.unit);
    let mut line = vec![0.0_f32; size.width as usize];
    let mut row = u32::MAX;
    let mix = |share: f32| -> Rgb {
        let share = share.clamp(0.0, 1.0);
        std::array::from_fn(|channel| {
            (light[channel] + (dark[channel] - light[channel]) * share) as u8
        })
    };
    let part = |value: f32| value - libm::floorf(value);
    let is_odd = |value: f32| part(0.5 * libm::floorf(value)) > 0.25;
    sheet.paint(|x, y| {
        if y != row {
            row = y;
            field.row(y as usize, &mut line);
        }
        let cloud = line[x as usize];
        let (x, y) = (x as f32, y as f32);
        let (along, aside) = ((x * cos + y * sin) / period, (y * cos - x * sin) / period);
        let (column, line) = (x / period, y / period);
        let dark = match shape {
            0 => f32::from(u8::from(part(along) < share)),
            1 => f32::from(u8::from(is_odd(column) != is_odd(line))),
            2 => {
                let shifted = column * 0.5 + if is_odd(line) { 0.5 } else { 0.0 };
                f32::from(u8::from(part(shifted) < 0.06 || part(line) < 0.12))
            }
            3 => {
                let (across, down) = (part(along) - 0.5, part(aside) - 0.5);
                let radius = 0.6 * share;
                f32::from(u8::from(across * across + down * down < radius * radius))
            }
            4 => {
                0.5 + 0.25
                    * (libm::sinf(std::f32::consts::TAU * along)
                        + libm::sinf(std::f32::consts::TAU * aside))
            }
            5 => part(0.7 * along + 1.5 * cloud),
            _ => along * period / (size.width + size.height) as f32 + 0.3 * cloud,
        };
        mix(dark + 0.15 * cloud)
    });
}
