//! Products with NEON: four outputs a register, 16-bit halves multiplied and added into 32 bits.

use std::arch::aarch64::*;

use super::activations::QuantizedRow;
use super::format::{BLOCK, PANEL, PackedFormat};
use super::matrix::Panel;
use crate::dot::widen_f16;

/// Outputs of one register of 32-bit words.
const LANES: usize = 4;

/// One panel times `ROWS` rows; `out` is `[ROWS, 16]`.
///
/// # Safety
/// The panel and every row must have `blocks` blocks.
#[target_feature(enable = "neon")]
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
    *out = [[0f32; PANEL]; ROWS];
    for block in 0..blocks {
        for first in (0..PANEL).step_by(LANES) {
            // SAFETY: reads stay below `blocks` blocks of each slice, which the caller has checked, and
            // `first` below the panel's outputs.
            unsafe {
                let quants = panel.quants.as_ptr().add(block * size + first * 4);
                let scales = panel.scales.as_ptr().add((block * PANEL + first) * 2);
                let scales = widen_f16(vmovl_u16(vld1_u16(scales.cast())));
                let sums = block_sums::<Q4, ROWS>(block, quants, &x);
                for ((sum, x), out) in sums.into_iter().zip(&x).zip(out.iter_mut()) {
                    let offset = -format.zero() * *x.sums.get_unchecked(block);
                    let sum = vcvtq_f32_s32(vaddq_s32(sum, vdupq_n_s32(offset)));
                    let scale = vmulq_n_f32(scales, *x.scales.get_unchecked(block));
                    let place = out.as_mut_ptr().add(first);
                    vst1q_f32(place, vfmaq_f32(vld1q_f32(place), sum, scale));
                }
            }
        }
    }
}

/// Integer sums of one block for four outputs, the stored zero not yet taken off.
///
/// # Safety
/// `quants` must point at the first of the four outputs' words of a block in a panel; every row must have
/// this block.
#[inline(always)]
unsafe fn block_sums<const Q4: bool, const ROWS: usize>(
    block: usize,
    quants: *const u8,
    x: &[QuantizedRow<'_>; ROWS],
) -> [int32x4_t; ROWS] {
    let (groups, count) = if Q4 { (BLOCK / 8, 4) } else { (BLOCK / 4, 2) };
    // SAFETY: the caller's promise: a word of each output and `count` pairs of each row for each group.
    unsafe {
        // Products of the first two outputs and of the last two, each output in two lanes.
        let mut sums = [[vdupq_n_s32(0); 2]; ROWS];
        for group in 0..groups {
            let word = vld1q_u32(quants.add(group * PANEL * 4).cast());
            let halves = halves::<Q4>(word);
            for (sums, x) in sums.iter_mut().zip(x) {
                let pairs = x.values.as_ptr().add(block * BLOCK + group * count * 2);
                for (pair, half) in halves.iter().take(count).enumerate() {
                    let both = pairs.add(pair * 2).cast::<i32>().read_unaligned();
                    let both = vreinterpret_s16_s32(vdup_n_s32(both));
                    sums[0] = vmlal_s16(sums[0], vget_low_s16(*half), both);
                    sums[1] = vmlal_s16(sums[1], vget_high_s16(*half), both);
                }
            }
        }
        sums.map(|[first, last]| vpaddq_s32(first, last))
    }
}

/// Pairs of neighbouring inputs of four outputs as 16-bit halves, in the order of the inputs.
///
/// # Safety
/// None: it is unsafe as the instructions it is made of are in the oldest compiler supported.
#[inline(always)]
unsafe fn halves<const Q4: bool>(word: uint32x4_t) -> [int16x8_t; 4] {
    // SAFETY: no memory is touched; every AArch64 processor has NEON.
    unsafe {
        let word = vreinterpretq_u16_u32(word);
        let parts = if Q4 {
            let mask = vdupq_n_u16(15);
            [
                vandq_u16(word, mask),
                vandq_u16(vshrq_n_u16::<4>(word), mask),
                vandq_u16(vshrq_n_u16::<8>(word), mask),
                vshrq_n_u16::<12>(word),
            ]
        } else {
            let even = vandq_u16(word, vdupq_n_u16(255));
            let odd = vshrq_n_u16::<8>(word);
            [even, odd, even, odd]
        };
        parts.map(|part| vreinterpretq_s16_u16(part))
    }
}
