//! Generators that depend on what they are for and on nothing else.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of one thing: the same for a seed, a purpose and a number, whichever thread asks and in
/// whatever order.
pub(super) fn generator(seed: u64, purpose: &str, number: u64) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_le_bytes())
        .update(&number.to_le_bytes())
        .update(purpose.as_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// A number below `end`, which is at least 1.
pub(super) fn below(rng: &mut impl Rng, end: usize) -> usize {
    // The bias of a 64-bit draw over a handful of choices is below 1e-17.
    ((u128::from(rng.next_u64()) * end.max(1) as u128) >> 64) as usize
}

/// A number from 0 (included) to 1 (excluded).
pub(super) fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// One of several.
pub(super) fn pick<'a, T: ?Sized>(rng: &mut impl Rng, from: &[&'a T]) -> &'a T {
    from[below(rng, from.len())]
}

/// Fisher-Yates.
pub(super) fn shuffle<T>(rng: &mut impl Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        let other = below(rng, last + 1);
        items.swap(last, other);
    }
}

/// The index of one of several weights, which are not all 0.
pub(super) fn weighted(rng: &mut impl Rng, weights: &[f64]) -> usize {
    let mut rest = unit(rng) * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        if rest < *weight {
            return index;
        }
        rest -= weight;
    }
    weights.len().saturating_sub(1)
}
