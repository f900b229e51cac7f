//! Dot products of four weight rows with one activation row, f32 accumulation.
//!
//! Four rows at a time means four streams from memory and one read of the activations. The loop is
//! written once over fixed-width lane arrays; the instantiations below only switch instruction sets
//! on, so every path computes the same sums in the same order but for fused multiply-add.

use half::{bf16, f16};

/// Lanes of one accumulator: one AVX-512 register of f32.
const LANES: usize = 16;
/// Weight rows of one call.
pub(crate) const ROWS: usize = 4;

/// A stored weight that widens to f32 without loss.
pub(crate) trait StoredWeight: Copy + Send + Sync + 'static {
    /// The exact value as f32.
    fn widen(self) -> f32;
}

impl StoredWeight for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

impl StoredWeight for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits((self.to_bits() as u32) << 16)
    }
}

impl StoredWeight for f16 {
    /// Branch-free, so that the compiler vectorises it: normals and subnormals by one exact scaling
    /// with 2^112, infinities and NaN by a select.
    #[inline(always)]
    fn widen(self) -> f32 {
        let bits = self.to_bits() as u32;
        let sign = (bits & 0x8000) << 16;
        let magnitude = (bits & 0x7fff) << 13;
        let scaled = f32::from_bits(magnitude) * f32::from_bits((112 + 127) << 23);
        let special = magnitude | 0x7f80_0000;
        let finite = bits & 0x7c00 != 0x7c00;
        f32::from_bits(if finite { scaled.to_bits() } else { special } | sign)
    }
}

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    // Without hardware support `mul_add` is a slow library call.
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// The sums of every level; to be called where the instruction set is already switched on.
#[inline(always)]
pub(crate) fn dot_rows_generic<W: StoredWeight, const FUSED: bool>(
    weights: [&[W]; ROWS],
    activations: &[f32],
) -> [f32; ROWS] {
    let length = activations.len();
    let rows = weights.map(|row| &row[..length]);
    let mut sums = [[0f32; LANES]; ROWS];
    let whole = length / LANES * LANES;
    let mut at = 0;
    while at < whole {
        let x: &[f32] = &activations[at..at + LANES];
        for (sum, row) in sums.iter_mut().zip(rows) {
            let w: &[W] = &row[at..at + LANES];
            for lane in 0..LANES {
                sum[lane] = multiply_add::<FUSED>(w[lane].widen(), x[lane], sum[lane]);
            }
        }
        at += LANES;
    }
    let mut totals = [0f32; ROWS];
    for ((total, sum), row) in totals.iter_mut().zip(&mut sums).zip(rows) {
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                sum[lane] += sum[lane + half];
            }
            half /= 2;
        }
        *total = sum[0];
        for (w, x) in row[whole..].iter().zip(&activations[whole..]) {
            *total = multiply_add::<FUSED>(w.widen(), *x, *total);
        }
    }
    totals
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
fn dot_rows_avx512<W: StoredWeight>(weights: [&[W]; ROWS], activations: &[f32]) -> [f32; ROWS] {
    dot_rows_generic::<W, true>(weights, activations)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_rows_avx2<W: StoredWeight>(weights: [&[W]; ROWS], activations: &[f32]) -> [f32; ROWS] {
    dot_rows_generic::<W, true>(weights, activations)
}

/// The instruction set that dot products run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// AVX-512 F, BW, VL.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the target guarantees (SSE2 on x86-64, NEON on AArch64).
    Portable,
}

impl Level {
    /// The best level of this machine. The detection macros cache their answer.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("fma") {
                return Self::Avx512;
            }
            if has!("avx2") && has!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

/// `weights[r] · activations` for four rows of one length.
#[inline]
pub(crate) fn dot_rows<W: StoredWeight>(
    level: Level,
    weights: [&[W]; ROWS],
    activations: &[f32],
) -> [f32; ROWS] {
    match level {
        // SAFETY: `Level::detect` gives this level only when the processor has the features.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { dot_rows_avx512(weights, activations) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { dot_rows_avx2(weights, activations) },
        Level::Portable => dot_rows_generic::<W, false>(weights, activations),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: usize, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| ((i * 37 + seed * 101) % 97) as f32 / 48.5 - 1.0)
            .collect()
    }

    #[test]
    fn f16_widens_every_bit_pattern_exactly() {
        for bits in 0..=u16::MAX {
            let value = f16::from_bits(bits);
            let (ours, expected) = (value.widen(), value.to_f32());
            assert!(
                ours.to_bits() == expected.to_bits() || (ours.is_nan() && expected.is_nan()),
                "{bits:#06x}: {ours} instead of {expected}"
            );
        }
    }

    #[test]
    fn every_level_agrees_with_f64_on_odd_lengths() {
        let mut levels = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        match Level::detect() {
            Level::Avx512 => levels.extend([Level::Avx512, Level::Avx2]),
            Level::Avx2 => levels.push(Level::Avx2),
            Level::Portable => {}
        }
        for length in [0, 1, 15, 16, 17, 100, 1000] {
            let x = row(9, length);
            let weights: Vec<Vec<f32>> = (0..4).map(|r| row(r, length)).collect();
            for &level in &levels {
                let rows = std::array::from_fn(|r| weights[r].as_slice());
                let got = dot_rows(level, rows, &x);
                for r in 0..4 {
                    let exact: f64 = weights[r]
                        .iter()
                        .zip(&x)
                        .map(|(w, x)| *w as f64 * *x as f64)
                        .sum();
                    // 1000 products of size below 1 summed in f32 in 16 lanes.
                    assert!((got[r] as f64 - exact).abs() < 1e-4, "{level:?} {length}");
                }
            }
        }
    }
}
