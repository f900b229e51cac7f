//! Four (or two) weight rows with all activation rows at once, NEON.

use std::arch::aarch64::*;

use super::tail;
use crate::dot::StoredWeight;

/// Values of a group.
const GROUP: usize = 8;

/// `part[n, m] = weights[n] · activations[m]`, activations arranged.
///
/// # Safety
/// `activations` must be `[M, inner]` and `weights`
/// `[part.len() / M, inner]`.
#[target_feature(enable = "neon")]
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
#[target_feature(enable = "neon")]
unsafe fn rows<W: StoredWeight, const M: usize, const R: usize>(
    activations: &[f32],
    weights: &[W],
    inner: usize,
    row: usize,
    part: &mut [f32],
) {
    debug_assert!(activations.len() == M * inner && weights.len() >= (row + R) * inner);
    let whole = inner / GROUP * GROUP;
    // SAFETY: reads stay below `whole` of each row, which the caller's promise covers.
    unsafe {
        let from: [*const W; R] = std::array::from_fn(|r| weights.as_ptr().add((row + r) * inner));
        let x: [*const f32; M] = std::array::from_fn(|m| activations.as_ptr().add(m * inner));
        // Two sums a product, so that additions need not wait for each other.
        let mut sums = [[[vdupq_n_f32(0.0); 2]; M]; R];
        let mut at = 0;
        while at < whole {
            for (from, sums) in from.iter().zip(&mut sums) {
                let [first, second] = W::load_128(from.add(at));
                for (sum, x) in sums.iter_mut().zip(x) {
                    sum[0] = vfmaq_f32(sum[0], first, vld1q_f32(x.add(at)));
                    sum[1] = vfmaq_f32(sum[1], second, vld1q_f32(x.add(at + GROUP / 2)));
                }
            }
            at += GROUP;
        }
        for (r, sums) in sums.iter().enumerate() {
            let rest = &weights[(row + r) * inner..][whole..inner];
            for (m, sum) in sums.iter().enumerate() {
                let x = &activations[m * inner..][whole..inner];
                part[(row + r) * M + m] = vaddvq_f32(vaddq_f32(sum[0], sum[1])) + tail(rest, x);
            }
        }
    }
}
