//! One logit vector to one token.
//!
//! The order of steps is that of transformers 4.37.2: temperature, top-k, top-p, softmax, draw.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::options::GenerateOptions;

/// Chooses tokens; owns its random numbers, so that equal seeds give equal answers.
#[derive(Debug, Clone)]
pub struct Sampler {
    temperature: f32,
    top_k: usize,
    top_p: Option<f32>,
    random: ChaCha8Rng,
}

impl Sampler {
    /// A sampler with the options' temperature, top-k, top-p and seed.
    pub fn new(options: &GenerateOptions) -> Self {
        Self {
            temperature: options.temperature,
            top_k: options.top_k,
            top_p: options.top_p,
            random: ChaCha8Rng::seed_from_u64(options.seed),
        }
    }

    /// The next token. Greedy takes the first of equally large logits.
    pub fn choose(&mut self, logits: &[f32]) -> u32 {
        if self.temperature == 0.0 {
            return argmax(logits);
        }
        let candidates = self.candidates(logits);
        let total: f64 = candidates.iter().map(|(_, p)| f64::from(*p)).sum();
        let mut draw = self.random.random::<f64>() * total;
        for (id, probability) in &candidates {
            draw -= f64::from(*probability);
            if draw < 0.0 {
                return *id;
            }
        }
        // Rounding can leave the draw a hair above the sum: then it is the last candidate's.
        candidates.last().map_or(0, |(id, _)| *id)
    }

    /// The distribution that tokens are drawn from, over the whole vocabulary.
    pub fn probabilities(&self, logits: &[f32]) -> Vec<f32> {
        let mut probabilities = vec![0.0; logits.len()];
        for (id, probability) in self.candidates(logits) {
            probabilities[id as usize] = probability;
        }
        probabilities
    }

    /// Tokens that survive top-k and top-p with their probabilities, most probable first.
    fn candidates(&self, logits: &[f32]) -> Vec<(u32, f32)> {
        // Measured from the largest logit, so that a tiny temperature cannot overflow.
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let temperature = if self.temperature > 0.0 {
            self.temperature
        } else {
            1.0
        };
        let scaled = |logit: f32| (logit - largest) / temperature;
        let mut kept: Vec<(u32, f32)> = logits
            .iter()
            .enumerate()
            .map(|(id, logit)| (id as u32, scaled(*logit)))
            .collect();
        let descending = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if self.top_k > 0 && self.top_k < kept.len() {
            kept.select_nth_unstable_by(self.top_k - 1, descending);
            // The reference removes what is below the k-th logit: ties with it stay.
            let threshold = kept[self.top_k - 1].1;
            kept.retain(|(_, logit)| *logit >= threshold);
        }
        kept.sort_unstable_by(descending);
        softmax(&mut kept);
        if let Some(top_p) = self.top_p.filter(|top_p| *top_p < 1.0) {
            // The reference removes, from the least probable up, what sums to at most 1 - p.
            let mut tail = 0f32;
            let mut keep = kept.len();
            while keep > 1 && tail + kept[keep - 1].1 <= 1.0 - top_p {
                keep -= 1;
                tail += kept[keep].1;
            }
            kept.truncate(keep);
            let total: f32 = kept.iter().map(|(_, p)| p).sum();
            kept.iter_mut().for_each(|(_, p)| *p /= total);
        }
        kept
    }
}

/// The index of the largest logit, the first of equals.
pub(super) fn argmax(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    best as u32
}

/// Sorted logits to probabilities, in place.
fn softmax(sorted: &mut [(u32, f32)]) {
    let Some((_, largest)) = sorted.first().copied() else {
        return;
    };
    let mut total = 0f32;
    for (_, value) in sorted.iter_mut() {
        *value = (*value - largest).exp();
        total += *value;
    }
    sorted.iter_mut().for_each(|(_, value)| *value /= total);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(temperature: f32, top_k: usize, top_p: Option<f32>, seed: u64) -> Sampler {
        Sampler::new(&GenerateOptions {
            temperature,
            top_k,
            top_p,
            seed,
            ..GenerateOptions::default()
        })
    }

    #[test]
    fn draws_follow_the_distribution_and_the_seed() {
        let logits = [0.0, 1.0, 2.0, -1.0];
        let mut draws = sampler(1.0, 3, None, 7);
        let expected = draws.probabilities(&logits);
        assert_eq!(expected[3], 0.0);
        let mut counts = [0u32; 4];
        for _ in 0..40_000 {
            counts[draws.choose(&logits) as usize] += 1;
        }
        for (count, p) in counts.iter().zip(&expected) {
            // Four standard deviations of a binomial count.
            let deviation = (40_000.0 * p * (1.0 - p)).sqrt();
            assert!(
                (*count as f32 - 40_000.0 * p).abs() <= 4.0 * deviation,
                "{counts:?}"
            );
        }
        let again: Vec<u32> = {
            let mut one = sampler(1.0, 0, None, 3);
            (0..20).map(|_| one.choose(&logits)).collect()
        };
        let mut other = sampler(1.0, 0, None, 3);
        assert_eq!(
            again,
            (0..20).map(|_| other.choose(&logits)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_tiny_temperature_is_greedy() {
        let mut tiny = sampler(f32::MIN_POSITIVE, 0, Some(0.9), 1);
        assert_eq!(tiny.choose(&[-300.0, 12.0, 11.999, 0.5]), 1);
        assert_eq!(tiny.probabilities(&[1e30, -1e30, 0.0]), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn greedy_takes_the_first_of_equals() {
        assert_eq!(sampler(0.0, 50, None, 0).choose(&[1.0, 3.0, 3.0, 2.0]), 1);
    }
}
