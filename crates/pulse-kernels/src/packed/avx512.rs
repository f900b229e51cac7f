//! Products with AVX-512 and VNNI: sixteen outputs a register, `vpdpwssd` on 16-bit halves.

use std::arch::x86_64::*;

use super::activations::QuantizedRow;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::matrix::Panel;
use super::tiled_rows::RowTile;

/// Bytes that weights are asked for ahead of their use: enough to cover the latency of memory.
const AHEAD: usize = 2048;

/// Pairs of inputs of one block.
const PAIRS: usize = BLOCK / 2;

/// The words of 64 bytes as 16-bit halves: `count` registers, each with two neighbouring inputs of sixteen
/// outputs, still with the format's zero in them.
///
/// # Safety
/// To be called, inlined, where AVX-512 F and BW are switched on.
#[inline(always)]
unsafe fn halves(format: PackedFormat, word: __m512i) -> ([__m512i; 4], usize) {
    // SAFETY: the caller has the instructions; no memory is touched.
    unsafe {
        match format {
            PackedFormat::Q8 => {
                let even = _mm512_and_si512(word, _mm512_set1_epi32(0x00ff_00ff));
                let odd = _mm512_srli_epi16::<8>(word);
                ([even, odd, even, odd], 2)
            }
            PackedFormat::Q4 => {
                let mask = _mm512_set1_epi32(0x000f_000f);
                (
                    [
                        _mm512_and_si512(word, mask),
                        _mm512_and_si512(_mm512_srli_epi16::<4>(word), mask),
                        _mm512_and_si512(_mm512_srli_epi16::<8>(word), mask),
                        _mm512_srli_epi16::<12>(word),
                    ],
                    4,
                )
            }
        }
    }
}

/// `PANELS` panels times `ROWS` rows; `out` is `[PANELS * ROWS, 16]`. Several panels at once are as many streams
/// from memory, which one thread needs to reach its bandwidth.
///
/// # Safety
/// The processor must have AVX-512 F, BW, VL and VNNI. Panels and rows must have `blocks` blocks.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) unsafe fn multiply<const Q4: bool, const ROWS: usize, const PANELS: usize>(
    blocks: usize,
    panels: [Panel<'_>; PANELS],
    x: [QuantizedRow<'_>; ROWS],
    out: &mut [[f32; PANEL]],
) {
    let format = if Q4 {
        PackedFormat::Q4
    } else {
        PackedFormat::Q8
    };
    let size = format.block_bytes();
    debug_assert!(panels.iter().all(
        |panel| panel.quants.len() >= blocks * size && panel.scales.len() >= blocks * PANEL * 2
    ));
    debug_assert!(
        x.iter()
            .all(|x| x.values.len() >= blocks * BLOCK && x.scales.len() >= blocks)
    );
    // SAFETY: reads stay below `blocks` blocks of each slice, which the caller has checked; a prefetch
    // reads nothing.
    unsafe {
        let mut totals = [[_mm512_setzero_ps(); ROWS]; PANELS];
        for block in 0..blocks {
            let zeros: [__m512i; ROWS] = std::array::from_fn(|m| {
                _mm512_set1_epi32(-format.zero() * *x[m].sums.get_unchecked(block))
            });
            let mut even = [zeros; PANELS];
            let mut odd = [[_mm512_setzero_si512(); ROWS]; PANELS];
            for group in 0..size / 64 {
                for p in 0..PANELS {
                    let quants = panels[p].quants.as_ptr().add(block * size + group * 64);
                    _mm_prefetch::<_MM_HINT_T0>(quants.wrapping_add(AHEAD).cast());
                    let (halves, count) = halves(format, _mm512_loadu_si512(quants.cast()));
                    for m in 0..ROWS {
                        let pairs = x[m].values.as_ptr().add(block * BLOCK + group * count * 2);
                        for pair in (0..count).step_by(2) {
                            let words = pairs.add(pair * 2).cast::<i32>();
                            let first = _mm512_set1_epi32(words.read_unaligned());
                            let second = _mm512_set1_epi32(words.add(1).read_unaligned());
                            even[p][m] = _mm512_dpwssd_epi32(even[p][m], halves[pair], first);
                            odd[p][m] = _mm512_dpwssd_epi32(odd[p][m], halves[pair + 1], second);
                        }
                    }
                }
            }
            for p in 0..PANELS {
                let scales = scales(panels[p].scales.as_ptr().add(block * PANEL * 2));
                for m in 0..ROWS {
                    let scale =
                        _mm512_mul_ps(scales, _mm512_set1_ps(*x[m].scales.get_unchecked(block)));
                    let sum = _mm512_cvtepi32_ps(_mm512_add_epi32(even[p][m], odd[p][m]));
                    totals[p][m] = _mm512_fmadd_ps(sum, scale, totals[p][m]);
                }
            }
        }
        for (out, total) in out.iter_mut().zip(totals.as_flattened()) {
            _mm512_storeu_ps(out.as_mut_ptr(), *total);
        }
    }
}

/// Sixteen f16 scales as f32.
///
/// # Safety
/// As [`multiply`]; 32 bytes must be readable.
#[inline(always)]
unsafe fn scales(from: *const u8) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
}

/// Writes one panel as 16-bit integers without the format's zero, `[blocks * 16 pairs, stride]` words of
/// which this panel takes sixteen, and its scales as f32, `[blocks, stride]`.
///
/// # Safety
/// As [`multiply`]; `pairs` and `scales_out` must hold the last word written.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) unsafe fn unpack<const Q4: bool>(
    blocks: usize,
    panel: Panel<'_>,
    pairs: &mut [i32],
    scales_out: &mut [f32],
    stride: usize,
) {
    let format = if Q4 {
        PackedFormat::Q4
    } else {
        PackedFormat::Q8
    };
    let size = format.block_bytes();
    let last = |rows: usize| (rows.max(1) - 1) * stride + PANEL;
    debug_assert!(panel.quants.len() >= blocks * size && panel.scales.len() >= blocks * PANEL * 2);
    debug_assert!(pairs.len() >= last(blocks * PAIRS) && scales_out.len() >= last(blocks));
    // SAFETY: the assertions above, which the caller promises.
    unsafe {
        let zero = _mm512_set1_epi16(format.zero() as i16);
        for block in 0..blocks {
            let quants = panel.quants.as_ptr().add(block * size);
            let mut target = pairs.as_mut_ptr().add(block * PAIRS * stride);
            for group in 0..size / 64 {
                let word = _mm512_loadu_si512(quants.add(group * 64).cast());
                let (halves, count) = halves(format, word);
                for half in halves.iter().take(count) {
                    _mm512_storeu_si512(target.cast(), _mm512_sub_epi16(*half, zero));
                    target = target.add(stride);
                }
            }
            let scales = scales(panel.scales.as_ptr().add(block * PANEL * 2));
            _mm512_storeu_ps(scales_out.as_mut_ptr().add(block * stride), scales);
        }
    }
}

/// Where a tile's totals go.
pub(super) enum Totals {
    /// Beside the next tiles', `[rows, 32]`: more blocks follow.
    Kept,
    /// Row `m` to `out + m · stride`, the first `columns` of 32 values: these were the last blocks.
    Out {
        out: *mut f32,
        stride: usize,
        columns: usize,
    },
}

/// Two unpacked panels times `ROWS` rows, added up block by block as in [`multiply`], from zero or (`goes_on`) from
/// what an earlier call left in `kept`, `[ROWS, 32]`.
///
/// # Safety
/// As [`multiply`]; `x` must have `blocks` blocks of `ROWS` rows, `pairs` must be `[blocks * 16, 32]` and
/// `weight_scales` `[blocks, 32]`, and where the result goes must be writable.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn tile<const ROWS: usize>(
    blocks: usize,
    pairs: &[i32],
    weight_scales: &[f32],
    x: RowTile<'_>,
    kept: &mut [f32],
    goes_on: bool,
    result: Totals,
) {
    const WIDTH: usize = 2 * PANEL;
    debug_assert!(pairs.len() >= blocks * PAIRS * WIDTH && weight_scales.len() >= blocks * WIDTH);
    assert!(kept.len() >= ROWS * WIDTH);
    debug_assert!(x.pairs.len() >= blocks * PAIRS * ROWS && x.scales.len() >= blocks * ROWS);
    // SAFETY: the assertions above, which the caller promises, and its promise about `out`.
    unsafe {
        let mut totals = [[_mm512_setzero_ps(); 2]; ROWS];
        if goes_on {
            for (m, totals) in totals.iter_mut().enumerate() {
                let kept = kept.as_ptr().add(m * WIDTH);
                *totals = [_mm512_loadu_ps(kept), _mm512_loadu_ps(kept.add(PANEL))];
            }
        }
        for block in 0..blocks {
            let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
            let weights = pairs.as_ptr().add(block * PAIRS * WIDTH);
            let rows = x.pairs.as_ptr().add(block * PAIRS * ROWS);
            for pair in 0..PAIRS {
                let left = _mm512_loadu_si512(weights.add(pair * WIDTH).cast());
                let right = _mm512_loadu_si512(weights.add(pair * WIDTH + PANEL).cast());
                for (m, sums) in sums.iter_mut().enumerate() {
                    let both = _mm512_set1_epi32(*rows.add(pair * ROWS + m));
                    sums[0] = _mm512_dpwssd_epi32(sums[0], left, both);
                    sums[1] = _mm512_dpwssd_epi32(sums[1], right, both);
                }
            }
            let scales = weight_scales.as_ptr().add(block * WIDTH);
            let scales = [_mm512_loadu_ps(scales), _mm512_loadu_ps(scales.add(PANEL))];
            for m in 0..ROWS {
                let x_scale = _mm512_set1_ps(*x.scales.get_unchecked(block * ROWS + m));
                for side in 0..2 {
                    let scale = _mm512_mul_ps(scales[side], x_scale);
                    let sum = _mm512_cvtepi32_ps(sums[m][side]);
                    totals[m][side] = _mm512_fmadd_ps(sum, scale, totals[m][side]);
                }
            }
        }
        match result {
            Totals::Kept => {
                for (m, totals) in totals.iter().enumerate() {
                    let kept = kept.as_mut_ptr().add(m * WIDTH);
                    _mm512_storeu_ps(kept, totals[0]);
                    _mm512_storeu_ps(kept.add(PANEL), totals[1]);
                }
            }
            Totals::Out {
                out,
                stride,
                columns,
            } => {
                let masks = [columns.min(PANEL), columns.saturating_sub(PANEL)]
                    .map(|count| ((1u32 << count) - 1) as __mmask16);
                for (m, totals) in totals.iter().enumerate() {
                    let out = out.add(m * stride);
                    _mm512_mask_storeu_ps(out, masks[0], totals[0]);
                    _mm512_mask_storeu_ps(out.wrapping_add(PANEL), masks[1], totals[1]);
                }
            }
        }
    }
}
