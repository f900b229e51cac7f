//! Heads of queries, keys and values where they lie.

use burn::tensor::DType;
use burn_flex::FlexTensor;
use half::{bf16, f16};

use crate::dot::StoredWeight;

/// A type that keys and values are kept in.
pub(crate) trait StoredHead: StoredWeight {
    /// The storage of a tensor of this type, or `None` if it is of another.
    fn storage(tensor: &FlexTensor) -> Option<&[Self]>;

    /// The values themselves if they are f32.
    fn as_f32(_: &[Self]) -> Option<&[f32]> {
        None
    }
}

impl StoredHead for f32 {
    fn storage(tensor: &FlexTensor) -> Option<&[Self]> {
        (tensor.dtype() == DType::F32).then(|| tensor.storage())
    }

    fn as_f32(values: &[Self]) -> Option<&[f32]> {
        Some(values)
    }
}

impl StoredHead for bf16 {
    fn storage(tensor: &FlexTensor) -> Option<&[Self]> {
        (tensor.dtype() == DType::BF16).then(|| tensor.storage())
    }
}

impl StoredHead for f16 {
    fn storage(tensor: &FlexTensor) -> Option<&[Self]> {
        (tensor.dtype() == DType::F16).then(|| tensor.storage())
    }
}

/// A CPU tensor `[batch, heads, positions, d]` with any strides, checked to lie in its storage.
pub(crate) struct Heads<'a, T = f32> {
    values: &'a [T],
    start: usize,
    strides: [usize; 4],
}

impl<'a, T: StoredHead> Heads<'a, T> {
    /// `None` if the tensor holds another type, a stride is negative, or the first `positions` do not
    /// lie in the storage.
    pub(crate) fn of(tensor: &'a FlexTensor, positions: usize) -> Option<Self> {
        let values = T::storage(tensor)?;
        let layout = tensor.layout();
        let strides: Vec<usize> = layout
            .strides()
            .iter()
            .map(|stride| usize::try_from(*stride).ok())
            .collect::<Option<_>>()?;
        let strides: [usize; 4] = strides.try_into().ok()?;
        let start = layout.start_offset();
        let mut last = start;
        for (axis, stride) in strides.iter().enumerate() {
            let size = if axis == 2 {
                positions
            } else {
                layout.shape()[axis]
            };
            last += size.checked_sub(1)? * stride;
        }
        (last < values.len()).then_some(Self {
            values,
            start,
            strides,
        })
    }

    /// Whether the values of a position lie side by side.
    pub(super) fn has_rows(&self) -> bool {
        self.strides[3] == 1
    }

    /// Whether the positions of a head lie one after the other, `dim` values each.
    pub(super) fn is_dense(&self, dim: usize) -> bool {
        self.has_rows() && self.strides[2] == dim
    }

    /// Positions of one head, `[positions, dim]`, where they are dense.
    pub(super) fn dense(
        &self,
        row: usize,
        head: usize,
        positions: std::ops::Range<usize>,
        dim: usize,
    ) -> &'a [T] {
        let [batch_stride, head_stride, ..] = self.strides;
        let start = self.start + row * batch_stride + head * head_stride;
        &self.values[start + positions.start * dim..start + positions.end * dim]
    }

    pub(crate) fn head(&self, row: usize, head: usize) -> Matrix<'a, T> {
        let [batch_stride, head_stride, row_stride, column_stride] = self.strides;
        Matrix {
            values: &self.values[self.start + row * batch_stride + head * head_stride..],
            row_stride,
            column_stride,
        }
    }
}

/// `[positions, d]` of one head.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T = f32> {
    pub(super) values: &'a [T],
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a, T: StoredHead> Matrix<'a, T> {
    /// Rows of `columns` values that lie one after the other.
    pub(crate) fn new(values: &'a [T], columns: usize) -> Self {
        Self {
            values,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The matrix from this row on.
    pub(crate) fn rows(self, first: usize) -> Self {
        Self {
            values: &self.values[first * self.row_stride..],
            ..self
        }
    }

    /// One row, for matrices whose rows lie side by side.
    pub(super) fn row(self, row: usize, columns: usize) -> &'a [T] {
        &self.values[row * self.row_stride..][..columns]
    }

    /// Copies the first `rows` of `columns` values into `out`, one after the other.
    #[cfg(feature = "training")]
    pub(crate) fn copy_rows(self, [rows, columns]: [usize; 2], out: &mut [f32]) {
        for (row, out) in out.chunks_exact_mut(columns).take(rows).enumerate() {
            let from = &self.values[row * self.row_stride..];
            if self.column_stride == 1 {
                for (out, value) in out.iter_mut().zip(&from[..columns]) {
                    *out = value.widen();
                }
            } else {
                for (out, value) in out.iter_mut().zip(from.iter().step_by(self.column_stride)) {
                    *out = value.widen();
                }
            }
        }
    }

    /// Whether `rows x columns` lie in the values.
    pub(super) fn holds(&self, rows: usize, columns: usize) -> bool {
        rows > 0
            && columns > 0
            && (rows - 1) * self.row_stride + (columns - 1) * self.column_stride < self.values.len()
    }

    /// The first `rows` of `columns` values in f32: these where they are f32, otherwise widened into
    /// `memory`, which holds `rows · columns` values.
    pub(super) fn widened<'m>(
        self,
        rows: usize,
        columns: usize,
        memory: &'m mut [f32],
    ) -> Matrix<'m>
    where
        'a: 'm,
    {
        if let Some(values) = T::as_f32(self.values) {
            return Matrix {
                values,
                row_stride: self.row_stride,
                column_stride: self.column_stride,
            };
        }
        let targets = memory.chunks_exact_mut(columns.max(1)).take(rows);
        for (row, target) in targets.enumerate() {
            let from = &self.values[row * self.row_stride..];
            if self.column_stride == 1 {
                for (value, stored) in target.iter_mut().zip(&from[..columns]) {
                    *value = stored.widen();
                }
            } else {
                let stored = from.iter().step_by(self.column_stride);
                for (value, stored) in target.iter_mut().zip(stored) {
                    *value = stored.widen();
                }
            }
        }
        Matrix::new(&*memory, columns)
    }
}
