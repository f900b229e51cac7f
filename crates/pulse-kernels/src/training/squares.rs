//! The size of a gradient.

use burn::tensor::{DType, Tensor};
use rayon::prelude::*;

use super::slices::{PIECE, rows_of, values};
use crate::cpu::{as_cpu, is_f32};

/// `Σ x²` over all values, summed in f64 on the CPU and in f32 elsewhere.
pub fn sum_of_squares(tensor: &Tensor<1>) -> f64 {
    match as_cpu(tensor).filter(is_f32) {
        Some(storage) => {
            let storage = rows_of(storage);
            let partial: Vec<f64> = values(&storage)
                .par_chunks(PIECE)
                .map(|piece| {
                    let mut lanes = [0f64; 8];
                    let (blocks, rest) = piece.as_chunks::<8>();
                    for block in blocks {
                        for (lane, x) in lanes.iter_mut().zip(block) {
                            *lane += f64::from(*x) * f64::from(*x);
                        }
                    }
                    let rest: f64 = rest.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
                    lanes.iter().sum::<f64>() + rest
                })
                .collect();
            partial.iter().sum()
        }
        None => {
            let squares = tensor.clone().cast(DType::F32).powi_scalar(2);
            f64::from(squares.sum().into_scalar::<f32>())
        }
    }
}
