//! Noise.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::sheet::{Sheet, whole};
use crate::wear::{SmoothField, between, chance};

/// Grey noise, coloured noise, specks, clouds, or rows of a lost television signal.
pub(super) fn draw(sheet: &mut Sheet, random: &mut ChaCha8Rng) {
    let strength = between(random, 20.0, 127.0);
    let middle = between(random, 90.0, 200.0);
    let grey = |value: f32| [value.clamp(0.0, 255.0) as u8; 3];
    match whole(random, 0, 4) {
        0 => sheet.paint(|_, _| grey(middle + between(random, -strength, strength))),
        1 => sheet.paint(|_, _| {
            let bytes = random.next_u32().to_le_bytes();
            [bytes[0], bytes[1], bytes[2]]
        }),
        2 => {
            let share = between(random, 0.001, 0.2);
            sheet.paint(|_, _| {
                if chance(random, share) {
                    [0; 3]
                } else {
                    [255; 3]
                }
            });
        }
        3 => {
            let step = sheet.unit * between(random, 2.0, 40.0);
            let size = sheet.size();
            let fields = [1.0, 0.5, 0.25]
                .map(|share| SmoothField::new(random, size.width, size.height, share * step));
            let mut lines = [1, 2, 3].map(|_| vec![0.0_f32; size.width as usize]);
            let mut row = u32::MAX;
            sheet.paint(|x, y| {
                if y != row {
                    row = y;
                    for (field, line) in fields.iter().zip(&mut lines) {
                        field.row(y as usize, line);
                    }
                }
                let at = |octave: usize| lines[octave][x as usize];
                grey(middle + strength * (at(0) + 0.5 * at(1) + 0.25 * at(2)))
            });
        }
        _ => {
            let (mut row, mut level) = (u32::MAX, 0.0);
            sheet.paint(|_, y| {
                if y != row {
                    row = y;
                    level = between(random, -strength, strength);
                }
                grey(middle + level + between(random, -0.4, 0.4) * strength)
            });
        }
    }
}
