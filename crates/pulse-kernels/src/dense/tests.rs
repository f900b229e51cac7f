//! Every level against sums in f64.

use half::{bf16, f16};

use super::*;

fn check<W: PanelWeight>(narrow: impl Fn(f32) -> W) {
    for (rows, inputs, outputs) in [
        (1, 1, 1),
        (9, 33, 7),
        (8, 64, 48),
        (13, 100, 49),
        (17, 32, 97),
        (6, 1100, 31),
        (23, 2049, 16),
        // Rows of several blocks.
        (600, 33, 48),
    ]
    .into_iter()
    // An interpreter takes the small ones.
    .filter(|(rows, inputs, outputs)| !cfg!(miri) || rows * inputs * outputs < 5000)
    {
        let x: Vec<f32> = (0..rows * inputs)
            .map(|i| ((i * 37 + 11) % 97) as f32 / 48.5 - 1.0)
            .collect();
        let weights: Vec<W> = (0..outputs * inputs)
            .map(|i| narrow(((i * 53 + 5) % 89) as f32 / 44.5 - 1.0))
            .collect();
        let source = StoredRows::new(&weights, [outputs, inputs]);
        for level in Level::available() {
            let got = multiply(level, &x, &source);
            assert_eq!(got.len(), rows * outputs);
            for (at, got) in got.iter().enumerate() {
                let (m, n) = (at / outputs, at % outputs);
                let exact: f64 = (0..inputs)
                    .map(|k| {
                        f64::from(x[m * inputs + k]) * f64::from(weights[n * inputs + k].widen())
                    })
                    .sum();
                // Up to 2049 products of size below 1, summed in f32 one after the other.
                assert!(
                    (f64::from(*got) - exact).abs() < 2e-4,
                    "{level:?} {rows}x{inputs}x{outputs} at {at}: {got} {exact}"
                );
            }
        }
    }
}

#[test]
fn stored_weights_of_odd_shapes_meet_f32_activations_exactly() {
    check(|value| value);
    check(bf16::from_f32);
    check(f16::from_f32);
}
