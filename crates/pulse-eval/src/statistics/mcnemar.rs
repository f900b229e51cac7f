//! Whether two runs are right equally often.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF};

/// The exact McNemar test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Items only the first run has right.
    pub only_first: u64,
    /// Items only the second run has right.
    pub only_second: u64,
    /// Two-sided p-value.
    pub p_value: f64,
}

/// The exact two-sided McNemar test (McNemar 1947; binomial form): under the hypothesis that both runs are
/// right equally often, an item that only one has right is either's with chance one half.
///
/// `first` and `second` say of each item whether it is right; positions belong together.
pub fn mcnemar_exact(first: &[bool], second: &[bool]) -> McNemar {
    let count = |a: bool, b: bool| {
        first
            .iter()
            .zip(second)
            .filter(|(x, y)| **x == a && **y == b)
            .count() as u64
    };
    let (only_first, only_second) = (count(true, false), count(false, true));
    let p_value = Binomial::new(0.5, only_first + only_second)
        .map_or(1.0, |binomial| {
            2.0 * binomial.cdf(only_first.min(only_second))
        })
        .min(1.0);
    McNemar {
        only_first,
        only_second,
        p_value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_are_the_binomials() {
        let runs = |b: usize, c: usize| {
            let first: Vec<bool> = (0..b + c + 3).map(|i| i < b).collect();
            let second: Vec<bool> = (0..b + c + 3).map(|i| i >= b && i < b + c).collect();
            mcnemar_exact(&first, &second)
        };
        // 2 · (1 + 10) / 2^10.
        let test = runs(1, 9);
        assert_eq!((test.only_first, test.only_second), (1, 9));
        assert!((test.p_value - 0.021484375).abs() < 1e-12, "{test:?}");
        assert_eq!(runs(0, 0).p_value, 1.0);
        assert_eq!(runs(4, 4).p_value, 1.0);
    }
}
