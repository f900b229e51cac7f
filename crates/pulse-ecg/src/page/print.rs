//! Ink onto paper.

use super::ink::{InkLayer, RUN};

/// Mixes the colour of an ink into pixels, in steps of coverage.
pub(crate) struct Printer {
    /// What is kept of the paper, of 255, and what the ink adds, for every coverage.
    shares: [(u32, [u32; 3]); 256],
}

/// Pixels that are looked at together: a stroke is a few pixels wide and most of a run is bare too.
const FEW: usize = 8;

impl Printer {
    /// `steps` (at least 1) are the coverages that are told apart: a paper of few colours then makes few more
    /// and fits a palette.
    pub(crate) fn new(ink: [u8; 3], steps: u32) -> Self {
        Self {
            shares: std::array::from_fn(|covered| {
                let step = (covered as u32 * steps + 127) / 255;
                let share = (step * 255 + steps / 2) / steps;
                (255 - share, ink.map(|ink| u32::from(ink) * share + 127))
            }),
        }
    }

    /// Prints a layer on a picture of its size.
    pub(crate) fn print(&self, layer: &InkLayer, rgb: &mut [u8]) {
        for (y, line) in rgb.chunks_exact_mut(3 * layer.width()).enumerate() {
            self.print_row(layer, y, line);
        }
    }

    /// Prints one row of a layer on a line of its width.
    pub(crate) fn print_row(&self, layer: &InkLayer, y: usize, line: &mut [u8]) {
        let (covered, touched) = layer.row(y);
        let (pixels, _) = line.as_chunks_mut::<3>();
        let runs = covered.chunks(RUN).zip(pixels.chunks_mut(RUN));
        for ((covered, pixels), _) in runs.zip(touched).filter(|(_, touched)| **touched) {
            let (groups, rest) = covered.as_chunks::<FEW>();
            for (group, few) in groups.iter().enumerate() {
                if *few != [0; FEW] {
                    self.mix(few, &mut pixels[group * FEW..][..FEW]);
                }
            }
            self.mix(rest, &mut pixels[groups.len() * FEW..]);
        }
    }

    fn mix(&self, covered: &[u8], pixels: &mut [[u8; 3]]) {
        for (&covered, pixel) in covered.iter().zip(pixels) {
            let (kept, added) = self.shares[usize::from(covered)];
            for (value, added) in pixel.iter_mut().zip(added) {
                *value = ((u32::from(*value) * kept + added) / 255) as u8;
            }
        }
    }
}
