//! Tiles of f32 with AVX-512: eight rows by 48 columns in 24 registers.

use std::arch::x86_64::*;

use super::Activations;
use crate::columns::Stripe;

/// Rows of one tile.
const ROWS: usize = 8;
/// Columns of one panel.
const WIDTH: usize = 48;
/// Values of one register.
const LANES: usize = 16;

/// All rows times one panel `[count, 48]`.
///
/// # Safety
/// The processor must have AVX-512 F.
pub(super) unsafe fn run(
    x: Activations<'_>,
    panel: &[f32],
    stripe: &mut Stripe<'_>,
    is_added: bool,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for row in (0..x.rows).step_by(ROWS) {
            match stripe.width().div_ceil(LANES) {
                1 => rows::<1>(x, row, panel, stripe, is_added),
                2 => rows::<2>(x, row, panel, stripe, is_added),
                _ => rows::<3>(x, row, panel, stripe, is_added),
            }
        }
    }
}

/// # Safety
/// As [`run`].
unsafe fn rows<const REGISTERS: usize>(
    x: Activations<'_>,
    row: usize,
    panel: &[f32],
    stripe: &mut Stripe<'_>,
    is_added: bool,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match x.rows - row {
            1 => call::<1, REGISTERS>(x, row, panel, stripe, is_added),
            2 => call::<2, REGISTERS>(x, row, panel, stripe, is_added),
            3 => call::<3, REGISTERS>(x, row, panel, stripe, is_added),
            4 => call::<4, REGISTERS>(x, row, panel, stripe, is_added),
            5 => call::<5, REGISTERS>(x, row, panel, stripe, is_added),
            6 => call::<6, REGISTERS>(x, row, panel, stripe, is_added),
            7 => call::<7, REGISTERS>(x, row, panel, stripe, is_added),
            _ => call::<8, REGISTERS>(x, row, panel, stripe, is_added),
        }
    }
}

/// # Safety
/// As [`run`].
unsafe fn call<const ROWS: usize, const REGISTERS: usize>(
    x: Activations<'_>,
    row: usize,
    panel: &[f32],
    stripe: &mut Stripe<'_>,
    is_added: bool,
) {
    let count = panel.len() / WIDTH;
    let width = stripe.width();
    assert!(width <= REGISTERS * LANES && width > (REGISTERS - 1) * LANES);
    assert!((row + ROWS - 1) * x.stride + count <= x.values.len());
    let (out, out_stride) = (stripe.rows(row, ROWS, 0), stripe.stride());
    // SAFETY: the caller has the instructions; the panel holds `count` rows of 48, the
    // activations hold the rows by the line above, and the stripe holds the result.
    unsafe {
        tile::<ROWS, REGISTERS>(
            count,
            panel.as_ptr(),
            x.values.as_ptr().add(row * x.stride),
            x.stride,
            out,
            out_stride,
            width,
            is_added,
        );
    }
}

/// # Safety
/// The processor must have AVX-512 F; `panel` must hold `[count, 48]`, `x` `ROWS` rows of `count`
/// values `x_stride` apart, and `out` `ROWS` rows of `width` values `out_stride` apart.
#[target_feature(enable = "avx512f")]
#[allow(clippy::too_many_arguments)]
unsafe fn tile<const ROWS: usize, const REGISTERS: usize>(
    count: usize,
    panel: *const f32,
    x: *const f32,
    x_stride: usize,
    out: *mut f32,
    out_stride: usize,
    width: usize,
    is_added: bool,
) {
    // SAFETY: the caller's promise; columns beyond the width are masked.
    unsafe {
        let last = width - (REGISTERS - 1) * LANES;
        let masks: [__mmask16; REGISTERS] = std::array::from_fn(|register| {
            if register + 1 < REGISTERS || last == LANES {
                !0
            } else {
                (1 << last) - 1
            }
        });
        let mut sums = [[_mm512_setzero_ps(); REGISTERS]; ROWS];
        for k in 0..count {
            let weights: [__m512; REGISTERS] = std::array::from_fn(|register| {
                _mm512_loadu_ps(panel.add(k * WIDTH + register * LANES))
            });
            for (m, sums) in sums.iter_mut().enumerate() {
                let value = _mm512_set1_ps(*x.add(m * x_stride + k));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_fmadd_ps(value, weights, *sum);
                }
            }
        }
        for (m, sums) in sums.iter().enumerate() {
            for (register, (sum, mask)) in sums.iter().zip(masks).enumerate() {
                let place = out.add(m * out_stride + register * LANES);
                let sum = if is_added {
                    _mm512_add_ps(*sum, _mm512_maskz_loadu_ps(mask, place))
                } else {
                    *sum
                };
                _mm512_mask_storeu_ps(place, mask, sum);
            }
        }
    }
}

/// Sixteen rows of 32 values of 16 bits, as sixteen registers with two neighbouring values of each row: a
/// transposition of 32-bit words.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn transpose(rows: [__m512i; 16]) -> [__m512i; 16] {
    let mut pairs = [_mm512_setzero_si512(); 16];
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    let mut fours = [_mm512_setzero_si512(); 16];
    for i in 0..4 {
        for half in 0..2 {
            let (a, b) = (pairs[4 * i + half], pairs[4 * i + 2 + half]);
            fours[4 * i + 2 * half] = _mm512_unpacklo_epi64(a, b);
            fours[4 * i + 2 * half + 1] = _mm512_unpackhi_epi64(a, b);
        }
    }
    // fours[4·i + j] holds, in its 128-bit lane l, column 4·l + j of rows 4·i to 4·i + 3.
    let mut columns = [_mm512_setzero_si512(); 16];
    for j in 0..4 {
        let low = _mm512_shuffle_i32x4::<0x88>(fours[j], fours[4 + j]);
        let low_odd = _mm512_shuffle_i32x4::<0xdd>(fours[j], fours[4 + j]);
        let high = _mm512_shuffle_i32x4::<0x88>(fours[8 + j], fours[12 + j]);
        let high_odd = _mm512_shuffle_i32x4::<0xdd>(fours[8 + j], fours[12 + j]);
        columns[j] = _mm512_shuffle_i32x4::<0x88>(low, high);
        columns[8 + j] = _mm512_shuffle_i32x4::<0xdd>(low, high);
        columns[4 + j] = _mm512_shuffle_i32x4::<0x88>(low_odd, high_odd);
        columns[12 + j] = _mm512_shuffle_i32x4::<0xdd>(low_odd, high_odd);
    }
    columns
}
