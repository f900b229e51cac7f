//! Every level against the definition.

use half::{bf16, f16};

use super::*;

fn check<W: StoredWeight>(narrow: impl Fn(f32) -> W) {
    for (rows, inner, outputs) in [
        (1, 33, 7),
        (3, 64, 10),
        (8, 257, 301),
        (1, 1, 1),
        (2, 0, 3),
        (5, 100, 6),
        (7, 1030, 5),
        (4, 48, 13),
        (6, 17, 9),
    ]
    .into_iter()
    // An interpreter takes the small ones.
    .filter(|(rows, inner, outputs)| !cfg!(miri) || rows * inner * outputs < 5000)
    {
        let x: Vec<f32> = (0..rows * inner).map(|i| (i % 13) as f32 - 6.0).collect();
        let w: Vec<W> = (0..outputs * inner)
            .map(|i| narrow((i % 11) as f32 - 5.0))
            .collect();
        for level in Level::available() {
            let got = multiply(level, &x, &w, rows, inner, outputs);
            for m in 0..rows {
                for n in 0..outputs {
                    let exact: f32 = (0..inner)
                        .map(|k| x[m * inner + k] * w[n * inner + k].widen())
                        .sum();
                    // Small integers: sums are exact in f32.
                    assert_eq!(
                        got[m * outputs + n],
                        exact,
                        "{level:?} {rows} {inner} {outputs}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_stored_type_agrees_with_the_definition_for_odd_shapes() {
    check(|value| value);
    check(bf16::from_f32);
    check(f16::from_f32);
}
