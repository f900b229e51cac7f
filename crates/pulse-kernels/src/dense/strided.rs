//! Small products in which nothing is packed: the left matrix is read value by value, with any strides, the right one in
//! rows whose values lie side by side.
//!
//! The products of attention take the same matrices once as they are and once transposed, and are too flat to pay for a
//! packed copy each time. The caller sees to it that the right matrix stays in the first cache.

use gemm::Parallelism;

use crate::Level;

/// `[rows, inner]` with any strides.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

/// `[inner, columns]`, the values of a row side by side.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row_stride: usize,
}

/// `[rows, columns]`, the values of a row side by side.
pub(crate) struct Out<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) row_stride: usize,
}

/// Rows of the right matrix taken at a time: with 64 columns they take 32 KiB.
#[cfg(target_arch = "x86_64")]
const STRETCH: usize = 128;

/// `left[rows, inner] · right[inner, columns]` into `out`, or added to it.
///
/// # Panics
/// Panics if a matrix does not hold its sizes.
pub(crate) fn multiply(
    level: Level,
    left: Left<'_>,
    right: Right<'_>,
    [rows, columns, inner]: [usize; 3],
    out: Out<'_>,
    is_added: bool,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let holds = |values: usize, last: usize| last < values;
    let inside = inner.max(1) - 1;
    assert!(holds(
        out.values.len(),
        (rows - 1) * out.row_stride + columns - 1
    ));
    assert!(
        inner == 0
            || holds(
                left.values.len(),
                (rows - 1) * left.row_stride + inside * left.column_stride
            ) && holds(right.values.len(), inside * right.row_stride + columns - 1)
    );
    #[cfg(target_arch = "x86_64")]
    if level >= Level::Avx512 {
        for first in (0..inner.max(1)).step_by(STRETCH) {
            let count = STRETCH.min(inner - first);
            // SAFETY: the level says that the instructions exist; the lines above that the values do.
            unsafe {
                x86::multiply(
                    left.values.as_ptr().add(first * left.column_stride),
                    [left.row_stride, left.column_stride],
                    right.values.as_ptr().add(first * right.row_stride),
                    right.row_stride,
                    out.values.as_mut_ptr(),
                    out.row_stride,
                    [rows, columns, count],
                    is_added || first > 0,
                );
            }
        }
        return;
    }
    let _ = level;
    // SAFETY: the assertions above; `out` is borrowed mutably and the others are not it.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.values.as_mut_ptr(),
            1,
            out.row_stride as isize,
            is_added,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            1,
            right.row_stride as isize,
            if is_added { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// Rows of one tile.
    const ROWS: usize = 6;
    /// Values of one register.
    const LANES: usize = 16;
    /// Columns of one tile: with [`ROWS`] 24 registers of sums.
    const COLUMNS: usize = 4 * LANES;

    /// # Safety
    /// The processor must have AVX-512 F, `left`, `right` and `out` must hold their sizes with their strides, and
    /// nothing else may write to `out`.
    #[target_feature(enable = "avx512f")]
    #[allow(clippy::too_many_arguments)]
    pub(super) unsafe fn multiply(
        left: *const f32,
        left_strides: [usize; 2],
        right: *const f32,
        right_stride: usize,
        out: *mut f32,
        out_stride: usize,
        [rows, columns, inner]: [usize; 3],
        is_added: bool,
    ) {
        for column in (0..columns).step_by(COLUMNS) {
            let width = COLUMNS.min(columns - column);
            let tile = match width.div_ceil(LANES) {
                1 => rows_of::<1>,
                2 => rows_of::<2>,
                3 => rows_of::<3>,
                _ => rows_of::<4>,
            };
            for row in (0..rows).step_by(ROWS) {
                // SAFETY: the caller's promise, from this tile's first row and column on.
                unsafe {
                    tile(
                        ROWS.min(rows - row),
                        left.add(row * left_strides[0]),
                        left_strides,
                        right.add(column),
                        right_stride,
                        out.add(row * out_stride + column),
                        out_stride,
                        width,
                        inner,
                        is_added,
                    );
                }
            }
        }
    }

    /// # Safety
    /// As [`tile`], for `rows` rows.
    #[target_feature(enable = "avx512f")]
    #[allow(clippy::too_many_arguments)]
    unsafe fn rows_of<const REGISTERS: usize>(
        rows: usize,
        left: *const f32,
        left_strides: [usize; 2],
        right: *const f32,
        right_stride: usize,
        out: *mut f32,
        out_stride: usize,
        width: usize,
        inner: usize,
        is_added: bool,
    ) {
        let tile = match rows {
            1 => tile::<1, REGISTERS>,
            2 => tile::<2, REGISTERS>,
            3 => tile::<3, REGISTERS>,
            4 => tile::<4, REGISTERS>,
            5 => tile::<5, REGISTERS>,
            _ => tile::<6, REGISTERS>,
        };
        // SAFETY: the caller's promise.
        unsafe {
            tile(
                left,
                left_strides,
                right,
                right_stride,
                out,
                out_stride,
                width,
                inner,
                is_added,
            );
        }
    }

    /// # Safety
    /// The processor must have AVX-512 F; `left` must hold `ROWS x inner` values, `right` `inner` rows of `width` values
    /// and `out` `ROWS` rows of `width` values, with their strides; `width` must need `REGISTERS` registers.
    #[target_feature(enable = "avx512f")]
    #[allow(clippy::too_many_arguments)]
    unsafe fn tile<const ROWS: usize, const REGISTERS: usize>(
        left: *const f32,
        [row_stride, column_stride]: [usize; 2],
        right: *const f32,
        right_stride: usize,
        out: *mut f32,
        out_stride: usize,
        width: usize,
        inner: usize,
        is_added: bool,
    ) {
        let last = width - (REGISTERS - 1) * LANES;
        let masks: [__mmask16; REGISTERS] = std::array::from_fn(|register| {
            if register + 1 < REGISTERS || last == LANES {
                !0
            } else {
                (1 << last) - 1
            }
        });
        let mut sums = [[_mm512_setzero_ps(); REGISTERS]; ROWS];
        // SAFETY: the caller's promise; columns beyond the width are masked.
        unsafe {
            for k in 0..inner {
                let row = right.add(k * right_stride);
                let weights: [__m512; REGISTERS] = std::array::from_fn(|register| {
                    _mm512_maskz_loadu_ps(masks[register], row.add(register * LANES))
                });
                let values = left.add(k * column_stride);
                for (m, sums) in sums.iter_mut().enumerate() {
                    let value = _mm512_set1_ps(*values.add(m * row_stride));
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_strides_and_sizes_give_the_plain_sums_at_every_level() {
        let value = |index: usize| ((index * 7919 % 1009) as f32 - 504.0) / 512.0;
        for [rows, columns, inner] in [
            [1, 1, 1],
            [6, 64, 128],
            [13, 70, 131],
            [7, 33, 300],
            [5, 17, 0],
        ] {
            for is_transposed in [false, true] {
                let (right_stride, out_stride) = (columns + 3, columns + 5);
                let left: Vec<f32> = (0..(rows + 2) * (inner + 2)).map(value).collect();
                let right: Vec<f32> = (0..inner * right_stride + columns).map(value).collect();
                let strides = if is_transposed {
                    [1, rows + 2]
                } else {
                    [inner + 2, 1]
                };
                let before: Vec<f32> = (0..rows * out_stride).map(value).collect();
                for level in [Level::detect(), Level::Portable] {
                    for is_added in [false, true] {
                        let mut out = before.clone();
                        multiply(
                            level,
                            Left {
                                values: &left,
                                row_stride: strides[0],
                                column_stride: strides[1],
                            },
                            Right {
                                values: &right,
                                row_stride: right_stride,
                            },
                            [rows, columns, inner],
                            Out {
                                values: &mut out,
                                row_stride: out_stride,
                            },
                            is_added,
                        );
                        for (place, (out, before)) in out.iter().zip(&before).enumerate() {
                            let (row, column) = (place / out_stride, place % out_stride);
                            let product = |k: usize| {
                                let a = left[row * strides[0] + k * strides[1]];
                                f64::from(a) * f64::from(right[k * right_stride + column])
                            };
                            let expected = if column >= columns {
                                f64::from(*before)
                            } else {
                                let start = if is_added { f64::from(*before) } else { 0.0 };
                                start + (0..inner).map(product).sum::<f64>()
                            };
                            assert!((f64::from(*out) - expected).abs() < 1e-4);
                        }
                    }
                }
            }
        }
    }
}
