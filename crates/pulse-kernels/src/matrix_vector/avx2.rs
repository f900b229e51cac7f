//! Four (or two) weight rows with all activation rows at once, AVX2.

use std::arch::x86_64::*;

use super::tail;
use crate::dot::StoredWeight;

/// Values of a group.
const GROUP: usize = 16;
/// Bytes that weights are asked for ahead of their use.
const AHEAD: usize = 2048;

/// `part[n, m] = weights[n] · activations[m]`, activations arranged.
///
/// # Safety
/// The processor must have AVX2, FMA and F16C; `activations` must be `[M, inner]` and `weights`
/// `[part.len() / M, inner]`.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn stretch<W: StoredWeight, const M: usize>(
    activations: &[f32],
    weights: &[W],
    inner: usize,
    part: &mut [f32],
) {
    let count = part.len() / M;
    let mut row = 0;
    // SAFETY: `row` and the rows behind it that a call takes are below `count`.
    unsafe {
        if M <= 2 {
            while row + 4 <= count {
                rows::<W, M, 4>(activations, weights, inner, row, part);
                row += 4;
            }
        }
        while row + 2 <= count {
            rows::<W, M, 2>(activations, weights, inner, row, part);
            row += 2;
        }
        if row < count {
            rows::<W, M, 1>(activations, weights, inner, row, part);
        }
    }
}

/// # Safety
/// As [`stretch`]; `row + R` must not be more than there are rows.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn rows<W: StoredWeight, const M: usize, const R: usize>(
    activations: &[f32],
    weights: &[W],
    inner: usize,
    row: usize,
    part: &mut [f32],
) {
    debug_assert!(activations.len() == M * inner && weights.len() >= (row + R) * inner);
    let whole = inner / GROUP * GROUP;
    // SAFETY: reads stay below `whole` of each row, which the caller's promise covers; a prefetch reads
    // nothing.
    unsafe {
        let from: [*const W; R] = std::array::from_fn(|r| weights.as_ptr().add((row + r) * inner));
        let x: [*const f32; M] = std::array::from_fn(|m| activations.as_ptr().add(m * inner));
        let mut sums = [[_mm256_setzero_ps(); M]; R];
        let mut at = 0;
        while at < whole {
            for (from, sums) in from.iter().zip(&mut sums) {
                let place = from.add(at);
                for line in 0..(GROUP * size_of::<W>()).div_ceil(64) {
                    let ahead = place.cast::<i8>().wrapping_add(AHEAD + line * 64);
                    _mm_prefetch::<_MM_HINT_T0>(ahead);
                }
                let [first, second] = W::load_256(place);
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = _mm256_fmadd_ps(first, _mm256_loadu_ps(x.add(at)), *sum);
                    *sum = _mm256_fmadd_ps(second, _mm256_loadu_ps(x.add(at + GROUP / 2)), *sum);
                }
            }
            at += GROUP;
        }
        for (r, sums) in sums.iter().enumerate() {
            let rest = &weights[(row + r) * inner..][whole..inner];
            for (m, sum) in sums.iter().enumerate() {
                let x = &activations[m * inner..][whole..inner];
                part[(row + r) * M + m] = sum_of(*sum) + tail(rest, x);
            }
        }
    }
}

/// # Safety
/// The processor must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn sum_of(lanes: __m256) -> f32 {
    let mut values = [0f32; 8];
    // SAFETY: eight values are written into eight.
    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), lanes) };
    let [a, b, c, d, e, f, g, h] = values;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
