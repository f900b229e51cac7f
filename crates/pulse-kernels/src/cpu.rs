//! The seam between Burn tensors and plain slices on the CPU.

use burn::backend::Flex;
use burn::tensor::{DType, Tensor, TensorData};
use burn_flex::FlexTensor;

/// Whether the tensor lives on the CPU backend, outside an autodiff graph, so that this crate's
/// own kernels run on it.
pub fn is_cpu<const D: usize>(tensor: &Tensor<D>) -> bool {
    as_cpu(tensor).is_some()
}

/// Does work on `input` from one of the threads that share CPU work. Kernels called there hand pieces to
/// their neighbours and go on; called from any other thread, each would put that thread to sleep and wake
/// the others. Elsewhere than on the CPU the calling thread does the work itself.
pub fn on_workers<const D: usize, R: Send>(
    input: Tensor<D>,
    work: impl FnOnce(Tensor<D>) -> R + Send,
) -> R {
    if is_cpu(&input) {
        rayon::scope(|_| work(input))
    } else {
        work(input)
    }
}

/// A handle on the tensor's CPU storage, or `None` on other devices and inside autodiff graphs.
/// Cheap: a reference count.
pub(crate) fn as_cpu<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    into_cpu(tensor.clone())
}

/// As [`as_cpu`], giving up the tensor so that a sole owner can be written in place.
pub(crate) fn into_cpu<const D: usize>(tensor: Tensor<D>) -> Option<FlexTensor> {
    if tensor.device().is_autodiff() {
        return None;
    }
    tensor.try_into_primitive::<Flex>().ok()
}

/// Wraps freshly computed values as a CPU tensor.
pub(crate) fn from_values<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(FlexTensor::from_data(TensorData::new(values, shape)))
}

/// The values of an f32 CPU tensor in row-major order, without a copy where they lie so already.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// Whether the storage holds f32 values.
pub(crate) fn is_f32(tensor: &FlexTensor) -> bool {
    tensor.dtype() == DType::F32
}
