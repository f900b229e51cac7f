//! Rows summed at given places: the backward pass of picking rows.

use burn::tensor::{DType, Device, IndexingUpdateOp, Int, Tensor, TensorData};

use super::slices::{rows_of, values};
use crate::cpu::{as_cpu, from_values, is_f32};

/// `[count, width]` of zeros to which row `i` of `rows` `[n, width]` is added at `places[i]`, in order: what
/// picking the rows `places` of a table of `count` rows sends back to the table.
///
/// # Panics
/// Panics if a place is not below `count` or there are not as many places as rows.
pub fn sum_rows(rows: Tensor<2>, places: &[i64], count: usize) -> Tensor<2> {
    let [given, width] = rows.dims();
    assert_eq!(given, places.len());
    let Some(storage) = as_cpu(&rows).filter(is_f32).map(rows_of) else {
        return anywhere(rows, places, count);
    };
    let mut sums = vec![0f32; count * width];
    for (row, place) in values(&storage).chunks_exact(width.max(1)).zip(places) {
        let first = *place as usize * width;
        for (sum, value) in sums[first..first + width].iter_mut().zip(row) {
            *sum += value;
        }
    }
    from_values(sums, [count, width])
}

/// In Burn's operations.
fn anywhere(rows: Tensor<2>, places: &[i64], count: usize) -> Tensor<2> {
    let device: Device = rows.device();
    let [_, width] = rows.dims();
    let data = TensorData::new(places.to_vec(), [places.len()]);
    let places = Tensor::<1, Int>::from_data(data, &device);
    let zeros = Tensor::<2>::zeros([count, width], (&device, DType::F32));
    zeros.select_assign(0, places, rows, IndexingUpdateOp::Add)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    #[test]
    fn the_kernel_equals_burns_operations_to_the_bit() {
        let device = Device::flex();
        let rows = Tensor::<2>::random([7, 33], Distribution::Normal(0.0, 1.0), &device);
        let places = [4, 0, 4, 9, 4, 0, 2];
        let ours = sum_rows(rows.clone(), &places, 11);
        assert_eq!(ours.into_data(), anywhere(rows, &places, 11).into_data());
    }
}
