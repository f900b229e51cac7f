//! The log-softmax of logits at a few places.

use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Int, Tensor};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::cpu::{as_cpu, contiguous, from_values, is_f32};
use crate::rows::{exp, maximum};

/// `log softmax(logits)` of `[rows, vocabulary]` at `places`, each a row and a column, in their order: `[places]` in
/// f32. A row with a logit that is NaN or infinite gives NaN on the CPU, something that is not finite or a valid
/// logarithm elsewhere. There must be at least one place.
///
/// # Panics
/// Panics if a place lies outside of the logits.
pub fn log_softmax_at(logits: Tensor<2>, places: &[(usize, usize)]) -> Tensor<1> {
    let [rows, vocabulary] = logits.dims();
    assert!(
        places.iter().all(|at| at.0 < rows && at.1 < vocabulary),
        "places within {rows} rows of {vocabulary} logits"
    );
    let Some(storage) = as_cpu(&logits).filter(is_f32).map(contiguous) else {
        return anywhere(logits, places);
    };
    let Some(values) = storage.as_slice::<f32>() else {
        return anywhere(logits, places);
    };
    let arch = Arch::new();
    let totals: Vec<f64> = values
        .par_chunks(vocabulary.max(1))
        .map(|row| arch.dispatch(LogSumExp { row }))
        .collect();
    let at = |(row, column): &(usize, usize)| {
        (f64::from(values[row * vocabulary + column]) - totals[*row]) as f32
    };
    let found: Vec<f32> = places.iter().map(at).collect();
    from_values(found, [places.len()])
}

/// The logarithm of the sum of exponentials of a row.
struct LogSumExp<'a> {
    row: &'a [f32],
}

impl WithSimd for LogSumExp<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let largest = maximum(self.row);
        let mut sums = [0f32; 16];
        // Zero, unless a logit is no finite number, which the maximum and `exp` would pass over.
        let mut poison = [0f32; 16];
        let (blocks, rest) = self.row.as_chunks::<16>();
        for block in blocks {
            for ((sum, poison), value) in sums.iter_mut().zip(&mut poison).zip(block) {
                *poison += value * 0.0;
                *sum += exp(value - largest);
            }
        }
        let mut total = 0f64;
        for value in rest {
            total += f64::from(value * 0.0 + exp(value - largest));
        }
        for (sum, poison) in sums.iter().zip(poison) {
            total += f64::from(sum + poison);
        }
        total.ln() + f64::from(largest)
    }
}

/// In Burn's operations.
fn anywhere(logits: Tensor<2>, places: &[(usize, usize)]) -> Tensor<1> {
    let [rows, vocabulary] = logits.dims();
    let flat: Vec<i64> = places
        .iter()
        .map(|(row, column)| (row * vocabulary + column) as i64)
        .collect();
    let flat = Tensor::<1, Int>::from_data(flat.as_slice(), &logits.device());
    log_softmax(logits.cast(DType::F32), 1)
        .reshape([rows * vocabulary])
        .select(0, flat)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution, TensorData};

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn both_forms_equal_the_definition_in_f64() {
        let device = Device::flex();
        for vocabulary in [5, 16, 331, 32_000] {
            let logits =
                Tensor::<2>::random([3, vocabulary], Distribution::Normal(0.0, 5.0), &device);
            let places = [(2, 4), (0, 0), (2, vocabulary - 1), (1, 3)];
            let values: Vec<f32> = logits.clone().into_data().try_into_vec().unwrap();
            // Two roundings of values up to 40; Burn sums a row in one f32, which takes 32,000 roundings of a total.
            for (found, most) in [
                (log_softmax_at(logits.clone(), &places), 1e-5),
                (anywhere(logits, &places), 1e-4),
            ] {
                let found: Vec<f32> = found.into_data().try_into_vec().unwrap();
                for ((row, column), found) in places.iter().zip(found) {
                    let row = &values[row * vocabulary..][..vocabulary];
                    let total: f64 = row.iter().map(|value| f64::from(*value).exp()).sum();
                    let expected = f64::from(row[*column]) - total.ln();
                    let difference = (f64::from(found) - expected).abs();
                    assert!(difference < most, "{found} {expected} {most}");
                }
            }
        }
    }

    #[test]
    fn a_logit_that_is_no_finite_number_gives_none() {
        let device = Device::flex();
        for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for column in [0, 3, 20] {
                let mut values = vec![0f32; 42];
                values[column] = poison;
                let logits = Tensor::<2>::from_data(TensorData::new(values, [2, 21]), &device);
                let found = log_softmax_at(logits, &[(0, 5), (1, 5)]).into_data();
                let found: Vec<f32> = found.try_into_vec().unwrap();
                assert!(
                    found[0].is_nan() && found[1].is_finite(),
                    "{poison} {found:?}"
                );
            }
        }
    }
}
