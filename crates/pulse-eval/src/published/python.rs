//! Python's behaviour where the original's result depends on it.

use rand_mt::Mt;

/// CPython's `random.seed(n)` and `random.choice`.
///
/// The generator is MT19937 seeded by `init_by_array` with the integer's 32-bit words. `choice` takes the top
/// `bit_length(n)` bits of one output and draws again while they are no index (`_randbelow_with_getrandbits`).
#[derive(Debug, Clone)]
pub struct PythonRandom {
    generator: Mt,
}

impl PythonRandom {
    /// The seed of the original scorer.
    pub const PUBLISHED_SEED: u32 = 42;

    /// `random.seed(seed)`.
    pub fn new(seed: u32) -> Self {
        Self {
            generator: Mt::new_with_key([seed]),
        }
    }

    /// The index that `random.choice` takes from a sequence of `length` elements.
    ///
    /// A sequence of no elements gives 0; Python raises an exception there.
    pub fn choice(&mut self, length: u32) -> u32 {
        if length == 0 {
            return 0;
        }
        let bits = u32::BITS - length.leading_zeros();
        loop {
            let drawn = self.generator.next_u32() >> (u32::BITS - bits);
            if drawn < length {
                return drawn;
            }
        }
    }
}

/// `str.strip()`: Unicode white space and the four separators that Python counts among it.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// `repr` of a float, as `print` writes it.
pub(super) fn float_repr(value: f64) -> String {
    if value.is_nan() {
        "nan".to_owned()
    } else {
        format!("{value:?}")
    }
}

/// `{:.Nf}` of a float.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        "nan".to_owned()
    } else {
        format!("{value:.decimals$}")
    }
}

/// `numpy.mean` of up to 128 values: eight running sums, then what is left, as its pairwise summation does
/// below its block size. With fewer than eight values it is a plain sum.
pub(super) fn numpy_mean(values: &[f64]) -> f64 {
    let (blocks, rest) = values.as_chunks::<8>();
    let start = match blocks.split_first() {
        None => 0.0,
        Some((first, others)) => {
            let mut sums = *first;
            for block in others {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += value;
                }
            }
            ((sums[0] + sums[1]) + (sums[2] + sums[3]))
                + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
        }
    };
    rest.iter().fold(start, |sum, value| sum + value) / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(random: &mut PythonRandom, of: u32, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'A' + random.choice(of) as u8))
            .collect()
    }

    #[test]
    fn choices_after_seed_42_are_pythons() {
        let mut generator = Mt::new_with_key([42]);
        let outputs: Vec<u32> = (0..4).map(|_| generator.next_u32()).collect();
        assert_eq!(outputs, [2746317213, 478163327, 107420369, 3184935163]);
        let mut random = PythonRandom::new(PythonRandom::PUBLISHED_SEED);
        assert_eq!(letters(&mut random, 4, 20), "AACBBBAADAAABBABDBDC");
        let mut random = PythonRandom::new(PythonRandom::PUBLISHED_SEED);
        assert_eq!(letters(&mut random, 8, 20), "BAEDDCBBGAABDDADGDHE");
        assert_eq!(random.choice(0), 0);
        assert_eq!(random.choice(1), 0);
    }

    #[test]
    fn numbers_print_as_python_prints_them() {
        assert_eq!(fixed(6.25, 1), "6.2");
        assert_eq!(fixed(f64::NAN, 1), "nan");
        assert_eq!(float_repr(1.0), "1.0");
        assert_eq!(float_repr(0.5226567349472377), "0.5226567349472377");
        assert_eq!(strip("\u{1f} yes\u{a0}\n"), "yes");
    }

    #[test]
    fn means_add_up_in_numpys_order() {
        // numpy.mean of these nine values; left to right the last digit differs.
        let values = [0.13, 0.85, 0.76, 0.26, 0.5, 0.45, 0.65, 0.79, 0.09];
        assert_eq!(numpy_mean(&values), 0.4977777777777777);
        assert_eq!(values.iter().sum::<f64>() / 9.0, 0.4977777777777778);
        assert_eq!(numpy_mean(&[0.5, 1.0]), 0.75);
        assert!(numpy_mean(&[1.0, f64::NAN]).is_nan());
    }
}
