//! A row-major matrix that several threads write at once, each its own columns.

use std::marker::PhantomData;
use std::ops::Range;

/// The columns of `[rows, width]`, handed out without overlap.
pub(crate) struct Columns<'a> {
    values: *mut f32,
    rows: usize,
    width: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: the pointer is used through `Stripe`s only, whose makers promise that no two overlap.
unsafe impl Sync for Columns<'_> {}

/// Some columns of all rows.
pub(crate) struct Stripe<'a> {
    first: *mut f32,
    rows: usize,
    width: usize,
    stride: usize,
    owner: PhantomData<&'a mut [f32]>,
}

impl<'a> Columns<'a> {
    /// The columns of a matrix with rows of `width` values.
    pub(crate) fn of(values: &'a mut [f32], width: usize) -> Self {
        Self {
            rows: values.len() / width.max(1),
            width,
            values: values.as_mut_ptr(),
            owner: PhantomData,
        }
    }

    /// The columns of `range`, cut at the width.
    ///
    /// # Safety
    /// No other stripe with one of these columns may exist as long as this one.
    pub(crate) unsafe fn stripe(&self, range: Range<usize>) -> Stripe<'_> {
        let last = range.end.min(self.width);
        let first = range.start.min(last);
        Stripe {
            first: self.values.wrapping_add(first),
            rows: self.rows,
            width: last - first,
            stride: self.width,
            owner: PhantomData,
        }
    }
}

impl Stripe<'_> {
    /// Columns of the stripe.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Values from one row to the next.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Where `count` rows from `row` on begin at `column`; each has `width − column` values.
    ///
    /// # Panics
    /// Panics if the rows or the column do not exist.
    pub(crate) fn rows(&mut self, row: usize, count: usize, column: usize) -> *mut f32 {
        assert!(row + count <= self.rows && column < self.width);
        self.first.wrapping_add(row * self.stride + column)
    }
}
