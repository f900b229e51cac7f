//! The definition of the products, and what runs where no faster form exists.

use super::activations::QuantizedRow;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::matrix::Panel;

/// `out[lane] = Σ blocks (Σ quant · x) · scale · x_scale` for the sixteen outputs of a panel.
///
/// The sum of a block is an exact integer; `FUSED` says whether it is multiplied and added with one
/// rounding, as the x86 levels do, or with two.
#[inline(always)]
pub(super) fn multiply<const FUSED: bool>(
    format: PackedFormat,
    panel: Panel<'_>,
    x: QuantizedRow<'_>,
    out: &mut [f32; PANEL],
) {
    *out = [0f32; PANEL];
    let blocks = panel.quants.chunks_exact(format.block_bytes());
    let (values, _) = x.values.as_chunks::<BLOCK>();
    for (block, (quants, values)) in blocks.zip(values).enumerate() {
        let mut sums = [-format.zero() * x.sums[block]; PANEL];
        match format {
            PackedFormat::Q8 => {
                let words = quants.as_chunks::<{ PANEL * 4 }>().0;
                for (words, x) in words.iter().zip(values.as_chunks::<4>().0) {
                    let x = x.map(i32::from);
                    for (sum, word) in sums.iter_mut().zip(words.as_chunks::<4>().0) {
                        let [a, c, b, d] = word.map(i32::from);
                        *sum += a * x[0] + b * x[1] + c * x[2] + d * x[3];
                    }
                }
            }
            PackedFormat::Q4 => {
                let words = quants.as_chunks::<{ PANEL * 4 }>().0;
                for (words, x) in words.iter().zip(values.as_chunks::<8>().0) {
                    let x = x.map(i32::from);
                    for (sum, word) in sums.iter_mut().zip(words.as_chunks::<4>().0) {
                        let word = u32::from_le_bytes(*word) as i32;
                        for pair in 0..4 {
                            *sum += (word >> (4 * pair) & 15) * x[2 * pair]
                                + (word >> (4 * pair + 16) & 15) * x[2 * pair + 1];
                        }
                    }
                }
            }
        }
        for (lane, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
            let scale = panel.scale(block, lane) * x.scales[block];
            *out = if FUSED {
                (sum as f32).mul_add(scale, *out)
            } else {
                sum as f32 * scale + *out
            };
        }
    }
}
