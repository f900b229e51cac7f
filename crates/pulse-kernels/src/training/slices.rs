//! CPU tensors as slices, for kernels that read several tensors.

use burn::tensor::{DType, TensorData};
use burn_flex::FlexTensor;

use crate::cpu::contiguous;

pub(super) use crate::rows::PIECE;

/// The tensor with its values in row-major order and in f32.
pub(super) fn rows_of(tensor: FlexTensor) -> FlexTensor {
    debug_assert_eq!(tensor.dtype(), DType::F32);
    contiguous(tensor)
}

/// The values of a tensor that [`rows_of`] gave.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    let start = tensor.layout().start_offset();
    &tensor.storage::<f32>()[start..start + tensor.layout().num_elements()]
}

/// The sizes of all axes.
pub(super) fn dims(tensor: &FlexTensor) -> Vec<usize> {
    tensor.layout().shape().iter().copied().collect()
}

/// Fresh values as a CPU tensor.
pub(super) fn tensor(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// The sums of pieces, value by value and in the order of the pieces, so that they do not depend on the threads.
pub(super) fn added_up(pieces: Vec<Vec<f32>>, length: usize) -> Vec<f32> {
    let mut sums = vec![0f32; length];
    for piece in pieces {
        for (sum, value) in sums.iter_mut().zip(piece) {
            *sum += value;
        }
    }
    sums
}
