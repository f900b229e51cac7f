//! Blur of the lens: a Gaussian in whole numbers.

use rayon::prelude::*;

use super::apply::Draw;
use crate::page::Picture;

/// Standard deviation in pixels near strength 0: less would not be seen.
const LEAST_SIGMA_PX: f64 = 0.3;
/// What is added at strength 1: millimetres of paper, within these pixels.
const SIGMA_MM: f64 = 0.2;
const ADDED_PX: (f64, f64) = (0.5, 8.0);

/// Blurs across, then down.
pub(super) fn apply(picture: &mut Picture, draw: Draw) {
    let added = (SIGMA_MM * picture.pixels_per_mm()).clamp(ADDED_PX.0, ADDED_PX.1);
    let weights = kernel(LEAST_SIGMA_PX + added * f64::from(draw.amount));
    let row_bytes = picture.row_bytes();
    let mut across = vec![0_u8; picture.rgb().len()];
    let rows = across.par_chunks_mut(row_bytes);
    rows.zip(picture.rgb().par_chunks(row_bytes)).for_each_init(
        || (Vec::new(), vec![0_u32; row_bytes]),
        |(padded, sums), (to, from)| {
            pad(from, weights.len() / 2, padded);
            sums.fill(1 << 15);
            for (offset, &weight) in weights.iter().enumerate() {
                add(sums, &padded[offset * 3..], weight);
            }
            store(sums, to);
        },
    );
    let height = picture.size().height as usize;
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each_init(
        || vec![0_u32; row_bytes],
        |sums, (y, to)| {
            sums.fill(1 << 15);
            for (offset, &weight) in weights.iter().enumerate() {
                let row = (y + offset)
                    .saturating_sub(weights.len() / 2)
                    .min(height - 1);
                add(sums, &across[row * row_bytes..], weight);
            }
            store(sums, to);
        },
    );
}

/// Weights of 1/65536 that add up to one; an odd number of them.
fn kernel(sigma: f64) -> Vec<u32> {
    let radius = libm::ceil(2.6 * sigma) as i32;
    let shares: Vec<f64> = (-radius..=radius)
        .map(|at| libm::exp(-f64::from(at * at) / (2.0 * sigma * sigma).max(1e-9)))
        .collect();
    let total: f64 = shares.iter().sum();
    let mut weights: Vec<u32> = shares
        .iter()
        .map(|share| libm::round(share / total * 65536.0) as u32)
        .collect();
    let sum: u32 = weights.iter().sum();
    // What rounding left over belongs to the middle.
    let middle = radius as usize;
    weights[middle] = (weights[middle] + 65536).saturating_sub(sum);
    weights
}

/// A row with its first and last pixel repeated.
fn pad(from: &[u8], radius: usize, padded: &mut Vec<u8>) {
    padded.clear();
    let (first, last) = (&from[..3], &from[from.len() - 3..]);
    (0..radius).for_each(|_| padded.extend_from_slice(first));
    padded.extend_from_slice(from);
    (0..radius).for_each(|_| padded.extend_from_slice(last));
}

/// Weights add up to 65536 and values are bytes, so no sum overflows.
fn add(sums: &mut [u32], from: &[u8], weight: u32) {
    for (sum, &value) in sums.iter_mut().zip(from) {
        *sum = sum.wrapping_add(u32::from(value).wrapping_mul(weight));
    }
}

fn store(sums: &[u32], to: &mut [u8]) {
    for (value, sum) in to.iter_mut().zip(sums) {
        *value = (sum >> 16) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::kernel;

    #[test]
    fn weights_add_up_to_one_and_are_even() {
        for sigma in [0.01, 0.3, 0.75, 1.7, 8.0] {
            let weights = kernel(sigma);
            assert_eq!(weights.iter().sum::<u32>(), 65536, "{sigma}");
            assert!(weights.iter().eq(weights.iter().rev()), "{sigma}");
        }
    }
}
