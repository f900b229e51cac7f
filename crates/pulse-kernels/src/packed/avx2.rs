//! Products with AVX2: eight outputs a register, `vpmaddwd` on 16-bit halves.

use std::arch::x86_64::*;

use super::activations::QuantizedRow;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::matrix::Panel;

/// Bytes that weights are asked for ahead of their use.
const AHEAD: usize = 2048;

/// One panel times `ROWS` rows; `out` is `[ROWS, 16]`.
///
/// # Safety
/// The processor must have AVX2, FMA and F16C. The panel and every row must have `blocks` blocks.
// `side` is a place in several arrays at once.
#[allow(clippy::needless_range_loop)]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn multiply<const Q4: bool, const ROWS: usize>(
    blocks: usize,
    panel: Panel<'_>,
    x: [QuantizedRow<'_>; ROWS],
    out: &mut [[f32; PANEL]; ROWS],
) {
    let format = if Q4 {
        PackedFormat::Q4
    } else {
        PackedFormat::Q8
    };
    let size = format.block_bytes();
    debug_assert!(panel.quants.len() >= blocks * size && panel.scales.len() >= blocks * PANEL * 2);
    debug_assert!(
        x.iter()
            .all(|x| x.values.len() >= blocks * BLOCK && x.scales.len() >= blocks)
    );
    // SAFETY: reads stay below `blocks` blocks of each slice, which the caller has checked; a prefetch
    // reads nothing.
    unsafe {
        let mut totals = [[_mm256_setzero_ps(); 2]; ROWS];
        for block in 0..blocks {
            let quants = panel.quants.as_ptr().add(block * size);
            let mut sums: [[__m256i; 2]; ROWS] = std::array::from_fn(|m| {
                [_mm256_set1_epi32(-format.zero() * *x[m].sums.get_unchecked(block)); 2]
            });
            for group in 0..size / 64 {
                _mm_prefetch::<_MM_HINT_T0>(quants.wrapping_add(AHEAD + group * 64).cast());
                for side in 0..2 {
                    let word = _mm256_loadu_si256(quants.add(group * 64 + side * 32).cast());
                    let (halves, count) = halves(format, word);
                    for m in 0..ROWS {
                        let pairs = x[m].values.as_ptr().add(block * BLOCK + group * count * 2);
                        for (pair, half) in halves.iter().take(count).enumerate() {
                            let both = pairs.add(pair * 2).cast::<i32>().read_unaligned();
                            let products = _mm256_madd_epi16(*half, _mm256_set1_epi32(both));
                            sums[m][side] = _mm256_add_epi32(sums[m][side], products);
                        }
                    }
                }
            }
            for side in 0..2 {
                let scales = panel.scales.as_ptr().add((block * 2 + side) * PANEL);
                let scales = _mm256_cvtph_ps(_mm_loadu_si128(scales.cast()));
                for m in 0..ROWS {
                    let x_scale = _mm256_set1_ps(*x[m].scales.get_unchecked(block));
                    let sum = _mm256_cvtepi32_ps(sums[m][side]);
                    let scale = _mm256_mul_ps(scales, x_scale);
                    totals[m][side] = _mm256_fmadd_ps(sum, scale, totals[m][side]);
                }
            }
        }
        for (out, totals) in out.iter_mut().zip(totals) {
            _mm256_storeu_ps(out.as_mut_ptr(), totals[0]);
            _mm256_storeu_ps(out.as_mut_ptr().add(8), totals[1]);
        }
    }
}

/// As in the AVX-512 form: 16-bit halves with two neighbouring inputs of eight outputs.
///
/// # Safety
/// To be called, inlined, where AVX2 is switched on.
#[inline(always)]
unsafe fn halves(format: PackedFormat, word: __m256i) -> ([__m256i; 4], usize) {
    // SAFETY: the caller has the instructions; no memory is touched.
    unsafe {
        match format {
            PackedFormat::Q8 => {
                let even = _mm256_and_si256(word, _mm256_set1_epi32(0x00ff_00ff));
                let odd = _mm256_srli_epi16::<8>(word);
                ([even, odd, even, odd], 2)
            }
            PackedFormat::Q4 => {
                let mask = _mm256_set1_epi32(0x000f_000f);
                (
                    [
                        _mm256_and_si256(word, mask),
                        _mm256_and_si256(_mm256_srli_epi16::<4>(word), mask),
                        _mm256_and_si256(_mm256_srli_epi16::<8>(word), mask),
                        _mm256_srli_epi16::<12>(word),
                    ],
                    4,
                )
            }
        }
    }
}
