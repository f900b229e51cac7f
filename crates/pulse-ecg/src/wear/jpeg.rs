//! Artefacts of JPEG compression: the lossy half of a baseline encoder and of its decoder.
//!
//! Colours to YCbCr, chroma halved both ways, 8x8 cosine transform, quantisation by the tables of ITU-T
//! T.81 annex K scaled as the Independent JPEG Group does, and back. The entropy coder between them loses
//! nothing and is left away. Decoders differ in their last bit from machine to machine; this does not.

use rayon::prelude::*;

use super::apply::Draw;
use super::to_byte::to_byte;
use crate::page::Picture;

/// Quality at strength 0 and 1.
const BEST: f32 = 95.0;
const WORST: f32 = 18.0;

#[rustfmt::skip]
const LUMA: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
#[rustfmt::skip]
const CHROMA: [u16; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Rows of one band: chroma is halved, so a band of blocks is 16 pixels high.
const BAND: usize = 16;

/// Compresses and decompresses the picture.
pub(super) fn apply(picture: &mut Picture, draw: Draw) {
    let quality = BEST + (WORST - BEST) * draw.amount;
    let transform = Transform::new(quality);
    let size = picture.size();
    let row_bytes = picture.row_bytes();
    let bands = picture.rgb_mut().par_chunks_mut(row_bytes * BAND);
    bands.for_each_init(
        || Band::new(size.width as usize),
        |band, rows| {
            band.load(rows);
            band.compress(&transform);
            band.store(rows);
        },
    );
}

/// Cosines and quantisation tables.
struct Transform {
    /// `cosines[frequency][sample]`, orthonormal.
    cosines: [[f32; 8]; 8],
    /// The same, turned: the way back.
    turned: [[f32; 8]; 8],
    luma: [f32; 64],
    chroma: [f32; 64],
}

impl Transform {
    fn new(quality: f32) -> Self {
        let scale = if quality < 50.0 {
            5000.0 / quality
        } else {
            200.0 - 2.0 * quality
        };
        let table = |base: [u16; 64]| {
            base.map(|step| {
                libm::floorf((f32::from(step) * scale + 50.0) / 100.0).clamp(1.0, 255.0)
            })
        };
        let cosines: [[f32; 8]; 8] = std::array::from_fn(|frequency| {
            std::array::from_fn(|sample| {
                let angle =
                    (2 * sample + 1) as f64 * frequency as f64 * std::f64::consts::PI / 16.0;
                let norm = if frequency == 0 { 0.125 } else { 0.25 };
                (libm::sqrt(norm) * libm::cos(angle)) as f32
            })
        });
        Self {
            turned: std::array::from_fn(|row| std::array::from_fn(|column| cosines[column][row])),
            cosines,
            luma: table(LUMA),
            chroma: table(CHROMA),
        }
    }

    /// Forward, quantise, back, in place; rows of 8.
    fn block(&self, block: &mut [f32; 64], steps: &[f32; 64]) {
        let coefficients = both_ways(block, &self.cosines);
        let mut kept = [0.0; 64];
        for ((kept, value), step) in kept.iter_mut().zip(coefficients).zip(steps) {
            // Adding and taking off 1.5 * 2^23 rounds a small f32 to the nearest whole number.
            const ROUND: f32 = 12_582_912.0;
            *kept = ((value / step + ROUND) - ROUND) * step;
        }
        *block = both_ways(&kept, &self.turned);
    }
}

/// `matrix * block * matrix^T`.
fn both_ways(block: &[f32; 64], matrix: &[[f32; 8]; 8]) -> [f32; 64] {
    // Every row of a product is a sum of rows, eight lanes wide.
    transposed(&product(&transposed(&product(block, matrix)), matrix))
}

/// `matrix * block`, terms added in order.
fn product(block: &[f32; 64], matrix: &[[f32; 8]; 8]) -> [f32; 64] {
    let mut result = [0.0_f32; 64];
    for (line, weights) in result.chunks_exact_mut(8).zip(matrix) {
        for (row, weight) in block.chunks_exact(8).zip(weights) {
            for (sum, value) in line.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
    }
    result
}

fn transposed(block: &[f32; 64]) -> [f32; 64] {
    std::array::from_fn(|index| block[index % 8 * 8 + index / 8])
}

/// Sixteen rows as planes, padded to whole blocks by repeating the edge.
struct Band {
    width: usize,
    padded: usize,
    luma: Vec<f32>,
    chroma: [Vec<f32>; 2],
}

impl Band {
    fn new(width: usize) -> Self {
        let padded = width.div_ceil(16) * 16;
        Self {
            width,
            padded,
            luma: vec![0.0; padded * BAND],
            chroma: [vec![0.0; padded / 2 * 8], vec![0.0; padded / 2 * 8]],
        }
    }

    fn load(&mut self, rows: &[u8]) {
        let row_bytes = self.width * 3;
        let height = rows.len() / row_bytes;
        for plane in &mut self.chroma {
            plane.fill(0.0);
        }
        let half_width = self.padded / 2;
        for y in 0..BAND {
            let source = &rows[y.min(height - 1) * row_bytes..][..row_bytes];
            let luma = &mut self.luma[y * self.padded..][..self.padded];
            let [blue, red] = &mut self.chroma;
            let blue = &mut blue[y / 2 * half_width..][..half_width];
            let red = &mut red[y / 2 * half_width..][..half_width];
            for (x, pixel) in source.chunks_exact(3).enumerate() {
                let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
                luma[x] = 0.299 * r + 0.587 * g + 0.114 * b - 128.0;
                blue[x / 2] += 0.25 * (-0.168_736 * r - 0.331_264 * g + 0.5 * b);
                red[x / 2] += 0.25 * (0.5 * r - 0.418_688 * g - 0.081_312 * b);
            }
            let last = luma[self.width - 1];
            luma[self.width..].fill(last);
        }
        self.pad_chroma(half_width);
    }

    /// Repeats the last whole column of chroma; a lone last column of pixels counts twice.
    fn pad_chroma(&mut self, half_width: usize) {
        for plane in &mut self.chroma {
            for line in plane.chunks_exact_mut(half_width) {
                if self.width % 2 == 1 {
                    line[self.width / 2] *= 2.0;
                }
                let used = self.width.div_ceil(2);
                let last = line[used - 1];
                line[used..].fill(last);
            }
        }
    }

    fn compress(&mut self, transform: &Transform) {
        each_block(&mut self.luma, self.padded, |block| {
            transform.block(block, &transform.luma);
        });
        for plane in &mut self.chroma {
            each_block(plane, self.padded / 2, |block| {
                transform.block(block, &transform.chroma);
            });
        }
    }

    fn store(&self, rows: &mut [u8]) {
        for (y, line) in rows.chunks_exact_mut(self.width * 3).enumerate() {
            for (x, pixel) in line.chunks_exact_mut(3).enumerate() {
                let luma = self.luma[y * self.padded + x] + 128.0;
                let half = y / 2 * (self.padded / 2) + x / 2;
                let (cb, cr) = (self.chroma[0][half], self.chroma[1][half]);
                let colours = [
                    luma + 1.402 * cr,
                    luma - 0.344_136 * cb - 0.714_136 * cr,
                    luma + 1.772 * cb,
                ];
                for (value, colour) in pixel.iter_mut().zip(colours) {
                    *value = to_byte(colour);
                }
            }
        }
    }
}

/// Runs over the 8x8 blocks of a plane.
fn each_block(plane: &mut [f32], width: usize, work: impl Fn(&mut [f32; 64])) {
    for rows in plane.chunks_exact_mut(width * 8) {
        for left in (0..width).step_by(8) {
            let mut block = [0.0; 64];
            for (row, line) in block.chunks_exact_mut(8).enumerate() {
                line.copy_from_slice(&rows[row * width + left..row * width + left + 8]);
            }
            work(&mut block);
            for (row, line) in block.chunks_exact(8).enumerate() {
                rows[row * width + left..row * width + left + 8].copy_from_slice(line);
            }
        }
    }
}
