//! Draws from the generator that is passed in.
//!
//! Only `next_u64` of the generator is used and the rest is written out, so that a seed keeps its meaning
//! when a random-number library changes its distributions.

use rand::Rng;

/// Uniform on `[0, 1)` with 53 bits.
pub(super) fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Uniform on `[low, high)`.
pub(super) fn between(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(rng)
}

/// Bell-shaped with the given mean and standard deviation, cut at 3.4 of them (sum of twelve uniforms
/// would reach 6; four suffice for physiology and never surprise with an extreme).
pub(super) fn bell(rng: &mut impl Rng, mean: f64, deviation: f64) -> f64 {
    mean + deviation * standard(rng.next_u64())
}

/// Irwin-Hall of order four from one word: mean 0, variance 1, support ±3.46.
pub(super) fn standard(word: u64) -> f64 {
    let sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
    // Four uniforms on 0..65536: mean 131 070, standard deviation 65536 / sqrt(3).
    (sum as f64 - 131_070.0) * (1.732_050_807_568_877_2 / 65_536.0)
}

/// True with probability `p`.
pub(super) fn happens(rng: &mut impl Rng, p: f64) -> bool {
    unit(rng) < p
}

/// One of the items; the slice must not be empty for a meaningful answer, else the index is zero.
pub(super) fn index(rng: &mut impl Rng, count: usize) -> usize {
    ((unit(rng) * count as f64) as usize).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::{bell, unit};

    #[test]
    fn moments_are_as_stated() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<f64> = (0..100_000).map(|_| bell(&mut rng, 2.0, 3.0)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance =
            draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / draws.len() as f64;
        // Standard errors at this count: 0.0095 of the mean, about 0.03 of the variance.
        assert!((mean - 2.0).abs() < 0.05, "{mean}");
        assert!((variance - 9.0).abs() < 0.2, "{variance}");
        assert!(
            (0..1000)
                .map(|_| unit(&mut rng))
                .all(|x| (0.0..1.0).contains(&x))
        );
    }
}
