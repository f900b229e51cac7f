//! Every level against one definition on the same inputs.

#![allow(clippy::unwrap_used)]

use super::activations::QuantizedRows;
use super::format::{BLOCK, PANEL};
use super::*;
use crate::Level;

const FORMATS: [PackedFormat; 2] = [PackedFormat::Q8, PackedFormat::Q4];

/// Shapes `[outputs, inputs]` with and without whole panels and blocks. An interpreter takes the small ones.
const SHAPES: &[[usize; 2]] = &[
    [1, 1],
    [7, 33],
    [16, 32],
    [17, 31],
    [48, 64],
    [100, 257],
    [33, 1100],
    [301, 96],
];
const SMALL: usize = 4;

/// Values between −1 and 1 without a pattern that a block could hide.
fn noise(seed: usize, count: usize) -> Vec<f32> {
    let mut state = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

fn packed(format: PackedFormat, shape: [usize; 2], weights: &[f32]) -> PackedMatrix {
    PackedMatrix::quantize(format, shape, |first, rows| {
        let at = first * shape[1];
        rows.copy_from_slice(&weights[at..at + rows.len()]);
    })
    .unwrap()
}

/// The definition, element by element.
fn reference(matrix: &PackedMatrix, x: &QuantizedRows) -> Vec<f32> {
    let format = matrix.format();
    let mut output = Vec::new();
    for row in 0..x.rows() {
        let x = x.row(row);
        for n in 0..matrix.outputs() {
            let panel = matrix.panel(n / PANEL);
            let mut total = 0f32;
            for block in 0..matrix.blocks() {
                let size = format.block_bytes();
                let quants = &panel.quants[block * size..(block + 1) * size];
                let sum: i32 = (0..BLOCK)
                    .map(|k| {
                        let weight = format.get(quants, n % PANEL, k) - format.zero();
                        weight * i32::from(x.values[block * BLOCK + k])
                    })
                    .sum();
                let scale = panel.scale(block, n % PANEL) * x.scales[block];
                total = (sum as f32).mul_add(scale, total);
            }
            output.push(total);
        }
    }
    output
}

#[test]
fn every_level_gives_the_definition_for_few_and_many_rows() {
    for format in FORMATS {
        let shapes = if cfg!(miri) { &SHAPES[..SMALL] } else { SHAPES };
        for (seed, [outputs, inputs]) in shapes.iter().copied().enumerate() {
            let matrix = packed(format, [outputs, inputs], &noise(seed, outputs * inputs));
            let rows: &[usize] = if cfg!(miri) {
                &[1, 9]
            } else {
                &[1, 2, 3, 5, 8, 9, 23]
            };
            for rows in rows.iter().copied() {
                let x = noise(seed + 99, rows * inputs);
                let expected = reference(&matrix, &QuantizedRows::new(&x, inputs));
                for level in Level::available() {
                    let got = matrix.multiply_at(level, &x, rows);
                    // The integer levels fuse the last multiplication and addition, as the definition; the
                    // others differ by the rounding of sums and of activations (2⁻¹⁶ of the largest).
                    let is_exact = match level {
                        Level::Avx512Vnni => true,
                        Level::Portable => false,
                        _ => rows <= 8,
                    };
                    for (at, (got, expected)) in got.iter().zip(&expected).enumerate() {
                        let allowed = if is_exact { 0.0 } else { 2e-5 * inputs as f32 };
                        assert!(
                            (got - expected).abs() <= allowed,
                            "{format:?} {level:?} {outputs}x{inputs} {rows} rows at {at}: {got} {expected}"
                        );
                    }
                    assert_eq!(got.len(), expected.len());
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "hours in an interpreter")]
fn rows_beyond_one_pass_are_those_of_a_decode_step() {
    let (rows, inputs, outputs) = (605, 70, 300);
    for format in FORMATS {
        let matrix = packed(format, [outputs, inputs], &noise(1, outputs * inputs));
        let x = noise(2, rows * inputs);
        for level in Level::available() {
            let got = matrix.multiply_at(level, &x, rows);
            for (row, got) in got.chunks(outputs).enumerate() {
                let alone = matrix.multiply_at(level, &x[row * inputs..][..inputs], 1);
                for (a, b) in got.iter().zip(&alone) {
                    // The integer sums are the same to the bit; elsewhere as above.
                    let allowed = if level == Level::Avx512Vnni {
                        0.0
                    } else {
                        2e-5 * inputs as f32
                    };
                    assert!(
                        (a - b).abs() <= allowed,
                        "{format:?} {level:?} {row}: {a} {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_extremes_of_integers_do_not_overflow() {
    for format in FORMATS {
        for sign in [1.0, -1.0] {
            let matrix = packed(format, [16, 64], &[sign; 16 * 64]);
            let x: Vec<f32> = vec![-1.0; 9 * 64];
            for level in Level::available() {
                for rows in [1, 9] {
                    for got in matrix.multiply_at(level, &x[..rows * 64], rows) {
                        assert!(
                            (got + sign * 64.0).abs() < 0.05,
                            "{format:?} {level:?} {got}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "hours in an interpreter")]
fn dequantised_weights_are_within_half_a_step_and_4_bits_lose_what_is_stated() {
    let shape = [64, 512];
    // Sums of uniform values: close to normally distributed.
    let sources: Vec<Vec<f32>> = (0..12)
        .map(|seed| noise(seed, shape[0] * shape[1]))
        .collect();
    let weights: Vec<f32> = (0..shape[0] * shape[1])
        .map(|i| sources.iter().map(|source| source[i]).sum::<f32>() / 100.0)
        .collect();
    let energy: f32 = weights.iter().map(|w| w * w).sum();
    let error = |format| {
        let values = packed(format, shape, &weights).dequantize();
        let rest: f32 = weights
            .iter()
            .zip(&values)
            .map(|(a, b)| (a - b) * (a - b))
            .sum();
        (rest / energy).sqrt()
    };
    let (q8, q4) = (error(PackedFormat::Q8), error(PackedFormat::Q4));
    // Measured on normally distributed weights: 0.0050 and 0.081.
    assert!((0.003..0.006).contains(&q8), "{q8}");
    assert!((0.07..0.085).contains(&q4), "{q4}");
}

#[test]
fn what_cannot_be_packed_is_named() {
    for bad in [f32::NAN, f32::INFINITY, 1e9] {
        let mut weights = vec![0.5; 20 * 40];
        weights[17 * 40 + 35] = bad;
        for format in FORMATS {
            let error = PackedMatrix::quantize(format, [20, 40], |first, rows| {
                rows.copy_from_slice(&weights[first * 40..first * 40 + rows.len()]);
            });
            let text = error.unwrap_err().to_string();
            assert!(text.contains("[17, 35]"), "{bad} {text}");
        }
    }
}

#[test]
fn stored_bytes_are_checked() {
    let matrix = packed(PackedFormat::Q4, [20, 70], &noise(3, 1400));
    let (quants, scales) = (matrix.quants().clone(), matrix.scales().clone());
    let build =
        |quants, scales| PackedMatrix::from_bytes(PackedFormat::Q4, [20, 70], quants, scales);
    assert!(build(quants.clone(), scales.clone()).is_ok());
    let short = quants.slice(..quants.len() - 1);
    let text = build(short, scales.clone()).unwrap_err().to_string();
    assert!(text.contains("quants") && text.contains("1536"), "{text}");
    for bits in [0x7c00u16, 0xfc00, 0x7e01] {
        let mut damaged = scales.to_vec();
        // Second panel, second block, third output.
        let place = ((3 + 1) * PANEL + 2) * 2;
        damaged[place..place + 2].copy_from_slice(&bits.to_le_bytes());
        let error = build(quants.clone(), damaged.into()).unwrap_err();
        assert_eq!(
            error,
            PackedError::Scale {
                output: 18,
                block: 1
            }
        );
    }
    let huge = PackedMatrix::from_bytes(
        PackedFormat::Q8,
        [usize::MAX / 2, usize::MAX / 2],
        quants,
        scales,
    );
    assert!(matches!(huge, Err(PackedError::Length { .. })));
}

#[test]
fn activations_that_are_not_finite_show_in_every_output() {
    for format in FORMATS {
        let matrix = packed(format, [40, 64], &noise(5, 40 * 64));
        for rows in [1, 9] {
            let mut x = noise(6, rows * 64);
            x[3] = f32::NAN;
            for level in Level::available() {
                let got = matrix.multiply_at(level, &x, rows);
                assert!(
                    got[..40].iter().all(|value| value.is_nan()),
                    "{format:?} {level:?}"
                );
                assert!(got[40..].iter().all(|value| value.is_finite()));
            }
        }
    }
}
