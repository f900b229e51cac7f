//! Tiles of f32 with AVX2 and FMA: six rows by sixteen columns in twelve registers.

use std::arch::x86_64::*;

use super::Activations;
use crate::columns::Stripe;

/// Rows of one tile.
const ROWS: usize = 6;
/// Columns of one panel.
const WIDTH: usize = 16;

/// All rows times one panel `[count, 16]`.
///
/// # Safety
/// The processor must have AVX2 and FMA.
pub(super) unsafe fn run(
    x: Activations<'_>,
    panel: &[f32],
    stripe: &mut Stripe<'_>,
    is_added: bool,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for row in (0..x.rows).step_by(ROWS) {
            match x.rows - row {
                1 => call::<1>(x, row, panel, stripe, is_added),
                2 => call::<2>(x, row, panel, stripe, is_added),
                3 => call::<3>(x, row, panel, stripe, is_added),
                4 => call::<4>(x, row, panel, stripe, is_added),
                5 => call::<5>(x, row, panel, stripe, is_added),
                _ => call::<6>(x, row, panel, stripe, is_added),
            }
        }
    }
}

/// # Safety
/// As [`run`].
unsafe fn call<const ROWS: usize>(
    x: Activations<'_>,
    row: usize,
    panel: &[f32],
    stripe: &mut Stripe<'_>,
    is_added: bool,
) {
    let count = panel.len() / WIDTH;
    assert!((row + ROWS - 1) * x.stride + count <= x.values.len());
    let mut tile = [[0f32; WIDTH]; ROWS];
    // SAFETY: the caller has the instructions; the panel holds `count` rows of 16 and the
    // activations hold the rows by the line above.
    unsafe {
        sums(
            count,
            panel.as_ptr(),
            x.values.as_ptr().add(row * x.stride),
            x.stride,
            &mut tile,
        );
    }
    let (out, stride, width) = (stripe.rows(row, ROWS, 0), stripe.stride(), stripe.width());
    for (m, sums) in tile.iter().enumerate() {
        // SAFETY: the stripe holds these rows, each with `width` values, and nobody else writes them.
        let out = unsafe { std::slice::from_raw_parts_mut(out.add(m * stride), width) };
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = if is_added { *out + sum } else { *sum };
        }
    }
}

/// # Safety
/// The processor must have AVX2 and FMA; `panel` must hold `[count, 16]` and `x` `ROWS` rows of
/// `count` values `x_stride` apart.
#[target_feature(enable = "avx2,fma")]
unsafe fn sums<const ROWS: usize>(
    count: usize,
    panel: *const f32,
    x: *const f32,
    x_stride: usize,
    out: &mut [[f32; WIDTH]; ROWS],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
        for k in 0..count {
            let left = _mm256_loadu_ps(panel.add(k * WIDTH));
            let right = _mm256_loadu_ps(panel.add(k * WIDTH + 8));
            for (m, sums) in sums.iter_mut().enumerate() {
                let value = _mm256_set1_ps(*x.add(m * x_stride + k));
                sums[0] = _mm256_fmadd_ps(value, left, sums[0]);
                sums[1] = _mm256_fmadd_ps(value, right, sums[1]);
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            _mm256_storeu_ps(out.as_mut_ptr(), sums[0]);
            _mm256_storeu_ps(out.as_mut_ptr().add(8), sums[1]);
        }
    }
}
