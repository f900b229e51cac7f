//! Seeded permutations.
//!
//! The algorithm is fixed here, down to the bounded draw, so that a seed means the same order in
//! every version and on every machine: ChaCha20 with the seed as key and the epoch as stream, then
//! Fisher and Yates from the end (Durstenfeld 1964), each place drawn by Lemire's multiplication
//! with rejection ("Fast Random Integer Generation in an Interval", 2019) on 64 bits.

use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// The generator of an epoch: key = the seed as 8 bytes little endian and 24 zeros, stream = the
/// epoch.
pub fn epoch_rng(seed: u64, epoch: u64) -> ChaCha20Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha20Rng::from_seed(key);
    rng.set_stream(epoch);
    rng
}

/// A permutation of `0..length`, all equally likely.
pub fn random_permutation(length: usize, rng: &mut ChaCha20Rng) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..length).collect();
    for last in (1..length).rev() {
        indices.swap(last, below(last as u64 + 1, rng) as usize);
    }
    indices
}

/// A number below `bound`, which must not be 0.
fn below(bound: u64, rng: &mut ChaCha20Rng) -> u64 {
    // Draws below this would make small results likelier than large ones.
    let rejected = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        if product as u64 >= rejected {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_an_order_for_good() {
        // From another implementation of the description above, in Python. A change would make every
        // saved cursor point elsewhere.
        let order = random_permutation(10, &mut epoch_rng(42, 0));
        assert_eq!(order, FROM_PYTHON);
        assert_eq!(order, random_permutation(10, &mut epoch_rng(42, 0)));
        assert_ne!(order, random_permutation(10, &mut epoch_rng(42, 1)));
        assert_ne!(order, random_permutation(10, &mut epoch_rng(43, 0)));
    }

    const FROM_PYTHON: [usize; 10] = [3, 9, 2, 0, 8, 7, 1, 5, 6, 4];

    #[test]
    fn every_place_is_equally_likely() {
        let mut rng = epoch_rng(7, 0);
        let mut counts = [[0u32; 5]; 5];
        for _ in 0..20_000 {
            for (place, index) in random_permutation(5, &mut rng).into_iter().enumerate() {
                counts[place][index] += 1;
            }
        }
        // 4,000 expected; four standard deviations of the binomial are 226.
        for count in counts.iter().flatten() {
            assert!((3_774..=4_226).contains(count), "{counts:?}");
        }
    }

    #[test]
    fn short_lists_work() {
        assert!(random_permutation(0, &mut epoch_rng(0, 0)).is_empty());
        assert_eq!(random_permutation(1, &mut epoch_rng(0, 0)), [0]);
    }
}
