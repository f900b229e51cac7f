//! Dot products of weight rows with one activation row, f32 accumulation, and the types weights are stored in.
//!
//! The loop is written over fixed-width lane arrays, so that it vectorises for whatever instruction set its
//! caller is compiled for.

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use half::{bf16, f16};

/// Lanes of one accumulator: one AVX-512 register of f32.
const LANES: usize = 16;
/// Weight rows of one call.
pub(crate) const ROWS: usize = 4;

/// A stored weight that widens to f32 without loss.
pub(crate) trait StoredWeight: Copy + Send + Sync + 'static {
    /// Whether `load_512`, `load_256` and `load_128` give the even values and then the odd ones, instead of the
    /// first half and then the second.
    const IS_SPLIT: bool = false;

    /// The exact value as f32.
    fn widen(self) -> f32;

    /// Thirty-two values in f32.
    ///
    /// # Safety
    /// To be called where AVX-512 F is switched on, with 32 readable values.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load_512(from: *const Self) -> [__m512; 2];

    /// Sixteen values in f32.
    ///
    /// # Safety
    /// To be called where AVX2 and F16C are switched on, with 16 readable values.
    #[cfg(target_arch = "x86_64")]
    unsafe fn load_256(from: *const Self) -> [__m256; 2];

    /// Eight values in f32.
    ///
    /// # Safety
    /// To be called with 8 readable values.
    #[cfg(target_arch = "aarch64")]
    unsafe fn load_128(from: *const Self) -> [float32x4_t; 2];
}

impl StoredWeight for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn load_512(from: *const Self) -> [__m512; 2] {
        // SAFETY: the caller's promise.
        unsafe { [_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(16))] }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn load_256(from: *const Self) -> [__m256; 2] {
        // SAFETY: the caller's promise.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }

    #[cfg(target_arch = "aarch64")]
    #[inline(always)]
    unsafe fn load_128(from: *const Self) -> [float32x4_t; 2] {
        // SAFETY: the caller's promise.
        unsafe { [vld1q_f32(from), vld1q_f32(from.add(4))] }
    }
}

impl StoredWeight for bf16 {
    const IS_SPLIT: bool = true;

    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits((self.to_bits() as u32) << 16)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn load_512(from: *const Self) -> [__m512; 2] {
        // SAFETY: the caller's promise.
        unsafe { Self::widen_pairs(_mm512_loadu_si512(from.cast())) }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn load_256(from: *const Self) -> [__m256; 2] {
        // SAFETY: the caller's promise.
        unsafe {
            let words = _mm256_loadu_si256(from.cast());
            let high = _mm256_set1_epi32(0xffff_0000u32 as i32);
            [
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(words)),
                _mm256_castsi256_ps(_mm256_and_si256(words, high)),
            ]
        }
    }

    #[cfg(target_arch = "aarch64")]
    #[inline(always)]
    unsafe fn load_128(from: *const Self) -> [float32x4_t; 2] {
        // SAFETY: the caller's promise.
        unsafe {
            let words = vld1q_u32(from.cast());
            let high = vdupq_n_u32(0xffff_0000);
            [
                vreinterpretq_f32_u32(vshlq_n_u32::<16>(words)),
                vreinterpretq_f32_u32(vandq_u32(words, high)),
            ]
        }
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

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn load_512(from: *const Self) -> [__m512; 2] {
        // SAFETY: the caller's promise.
        unsafe { [0, 16].map(|at| _mm512_cvtph_ps(_mm256_loadu_si256(from.add(at).cast()))) }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn load_256(from: *const Self) -> [__m256; 2] {
        // SAFETY: the caller's promise.
        unsafe { [0, 8].map(|at| _mm256_cvtph_ps(_mm_loadu_si128(from.add(at).cast()))) }
    }

    #[cfg(target_arch = "aarch64")]
    #[inline(always)]
    unsafe fn load_128(from: *const Self) -> [float32x4_t; 2] {
        // SAFETY: the caller's promise.
        unsafe {
            let words = vld1q_u16(from.cast());
            [
                widen_f16(vmovl_u16(vget_low_u16(words))),
                widen_f16(vmovl_high_u16(words)),
            ]
        }
    }
}

/// Bits of four f16 values as f32, in the way of `f16::widen`.
///
/// # Safety
/// None: it is unsafe as the instructions it is made of are in the oldest compiler supported.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub(crate) unsafe fn widen_f16(bits: uint32x4_t) -> float32x4_t {
    // SAFETY: no memory is touched; every AArch64 processor has NEON.
    unsafe {
        let sign = vshlq_n_u32::<16>(vandq_u32(bits, vdupq_n_u32(0x8000)));
        let magnitude = vshlq_n_u32::<13>(vandq_u32(bits, vdupq_n_u32(0x7fff)));
        let scale = vreinterpretq_f32_u32(vdupq_n_u32((112 + 127) << 23));
        let scaled = vmulq_f32(vreinterpretq_f32_u32(magnitude), scale);
        let special = vorrq_u32(magnitude, vdupq_n_u32(0x7f80_0000));
        let is_finite = vcltq_u32(magnitude, vdupq_n_u32(0x7c00 << 13));
        let magnitude = vbslq_u32(is_finite, vreinterpretq_u32_f32(scaled), special);
        vreinterpretq_f32_u32(vorrq_u32(magnitude, sign))
    }
}

/// A stored weight of 16 bits.
#[cfg(target_arch = "x86_64")]
pub(crate) trait HalfWeight: StoredWeight {
    /// Thirty-two values as the even and the odd ones in f32.
    ///
    /// # Safety
    /// To be called, inlined, where AVX-512 F is switched on.
    unsafe fn widen_pairs(words: __m512i) -> [__m512; 2];
}

#[cfg(target_arch = "x86_64")]
impl HalfWeight for bf16 {
    #[inline(always)]
    unsafe fn widen_pairs(words: __m512i) -> [__m512; 2] {
        // SAFETY: no memory is touched; the caller has the instructions.
        unsafe {
            let high = _mm512_set1_epi32(0xffff_0000u32 as i32);
            [
                _mm512_castsi512_ps(_mm512_slli_epi32::<16>(words)),
                _mm512_castsi512_ps(_mm512_and_si512(words, high)),
            ]
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl HalfWeight for f16 {
    #[inline(always)]
    unsafe fn widen_pairs(words: __m512i) -> [__m512; 2] {
        // SAFETY: no memory is touched; the caller has the instructions.
        unsafe {
            [
                _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words)),
                _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(words))),
            ]
        }
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
    weights.map(|row| dot::<W, FUSED>(&row[..activations.len()], activations))
}

/// One sum. Rows one after the other: with several in one loop the compiler gives up and multiplies value by
/// value.
#[inline(always)]
fn dot<W: StoredWeight, const FUSED: bool>(weights: &[W], activations: &[f32]) -> f32 {
    let (whole, rest) = weights.as_chunks::<LANES>();
    let (x_whole, x_rest) = activations.as_chunks::<LANES>();
    let mut sum = [0f32; LANES];
    for (w, x) in whole.iter().zip(x_whole) {
        for lane in 0..LANES {
            sum[lane] = multiply_add::<FUSED>(w[lane].widen(), x[lane], sum[lane]);
        }
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sum[lane] += sum[lane + half];
        }
        half /= 2;
    }
    let mut total = sum[0];
    for (w, x) in rest.iter().zip(x_rest) {
        total = multiply_add::<FUSED>(w.widen(), *x, total);
    }
    total
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
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
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
    fn both_forms_agree_with_f64_on_odd_lengths() {
        for length in [0, 1, 15, 16, 17, 100, 1000] {
            let x = row(9, length);
            let weights: Vec<Vec<f32>> = (0..4).map(|r| row(r, length)).collect();
            let rows = std::array::from_fn(|r| weights[r].as_slice());
            let forms = [
                dot_rows_generic::<f32, false>,
                dot_rows_generic::<f32, true>,
            ];
            for got in forms.map(|form| form(rows, &x)) {
                for r in 0..4 {
                    let exact: f64 = weights[r]
                        .iter()
                        .zip(&x)
                        .map(|(w, x)| *w as f64 * *x as f64)
                        .sum();
                    // 1000 products of size below 1 summed in f32 in 16 lanes.
                    assert!((got[r] as f64 - exact).abs() < 1e-4, "{length}");
                }
            }
        }
    }
}
