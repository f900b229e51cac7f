//! The sum at the end of a residual branch.

use burn::tensor::Tensor;

use crate::cpu::{as_cpu, contiguous, is_f32};
use crate::rows::{RowWork, for_each_row};

/// `stream + branch`, two tensors of the same shape; on the CPU written over `branch` by all threads,
/// where Burn's own sum uses one.
pub fn add_branch<const D: usize>(stream: Tensor<D>, branch: Tensor<D>) -> Tensor<D> {
    let storage = as_cpu(&stream)
        .filter(|_| stream.dims() == branch.dims())
        .filter(is_f32)
        .map(contiguous);
    match storage
        .as_ref()
        .and_then(|storage| storage.as_slice::<f32>())
    {
        Some(values) => {
            for_each_row(branch, 1, &AddRows { values }).unwrap_or_else(|branch| stream + branch)
        }
        None => stream + branch,
    }
}

struct AddRows<'a> {
    values: &'a [f32],
}

impl RowWork for AddRows<'_> {
    #[inline(always)]
    fn apply(&self, rows: &mut [f32], first: usize) {
        let values = &self.values[first..first + rows.len()];
        for (sum, value) in rows.iter_mut().zip(values) {
            *sum += value;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn the_sum_is_burns_sum_to_the_bit() {
        let device = Device::flex();
        let random = || Tensor::<3>::random([3, 171, 257], Distribution::Default, &device);
        let (stream, branch) = (random(), random());
        let expected = (stream.clone() + branch.clone()).into_data();
        let turned = |tensor: &Tensor<3>| tensor.clone().swap_dims(0, 2);
        let sum = add_branch(turned(&stream), turned(&branch)).swap_dims(0, 2);
        assert_eq!(
            sum.into_data().try_to_vec::<f32>().unwrap(),
            expected.try_to_vec::<f32>().unwrap()
        );
        let sum = add_branch(stream, branch);
        assert_eq!(
            sum.into_data().try_to_vec::<f32>().unwrap(),
            expected.try_to_vec::<f32>().unwrap()
        );
    }
}
