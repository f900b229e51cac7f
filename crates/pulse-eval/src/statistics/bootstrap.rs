//! Bootstrap intervals.
//!
//! The percentile method over items: draw as many items as there are with replacement, compute every
//! statistic, take quantiles of the results. Resample `k` uses stream `k` of one seeded ChaCha8 generator, so
//! the interval is the same on any number of threads.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BootstrapOptions {
    /// Resamples; 1,000 by default.
    pub resamples: usize,
    /// Seed of the generator; 42 by default.
    pub seed: u64,
    /// The share of resamples inside the interval; 0.95 by default.
    pub level: f64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self {
            resamples: 1000,
            seed: 42,
            level: 0.95,
        }
    }
}

/// A percentile interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Resamples in which the statistic was undefined; they are left out.
    pub undefined: usize,
}

/// Intervals of all statistics that `statistic` computes from the positions of the drawn items.
///
/// `statistic` must give the same number of values each time. Quantiles are interpolated linearly between
/// order statistics (NumPy's default). A statistic that is never defined has no interval.
pub fn percentile_bootstrap<S>(
    items: usize,
    options: BootstrapOptions,
    statistic: S,
) -> Vec<Option<Interval>>
where
    S: Fn(&[u32]) -> Vec<Option<f64>> + Sync,
{
    let Ok(bound) = u32::try_from(items) else {
        return Vec::new();
    };
    let base = ChaCha8Rng::seed_from_u64(options.seed);
    let results: Vec<Vec<Option<f64>>> = (0..options.resamples)
        .into_par_iter()
        .map_init(
            || vec![0u32; items],
            |drawn, resample| {
                let mut generator = base.clone();
                generator.set_stream(resample as u64);
                for position in drawn.iter_mut() {
                    *position = generator.random_range(0..bound);
                }
                statistic(drawn)
            },
        )
        .collect();
    let statistics = results.first().map_or(0, Vec::len);
    (0..statistics)
        .map(|index| {
            let values = results.iter().filter_map(|result| *result.get(index)?);
            interval(values.collect(), options)
        })
        .collect()
}

fn interval(mut values: Vec<f64>, options: BootstrapOptions) -> Option<Interval> {
    let undefined = options.resamples - values.len();
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - options.level) / 2.0;
    Some(Interval {
        low: quantile(&values, tail)?,
        high: quantile(&values, 1.0 - tail)?,
        undefined,
    })
}

/// Quantile of sorted values.
fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = place.floor();
    let low = *sorted.get(below as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * (place - below))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> impl Fn(&[u32]) -> Vec<Option<f64>> + Sync + '_ {
        move |drawn| {
            let sum: f64 = drawn
                .iter()
                .map(|position| values[*position as usize])
                .sum();
            vec![Some(sum / drawn.len() as f64), None]
        }
    }

    #[test]
    fn intervals_are_those_of_the_theory_and_do_not_depend_on_threads() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i % 4 == 0)).collect();
        let options = BootstrapOptions::default();
        let found = percentile_bootstrap(values.len(), options, mean(&values));
        let interval = found[0].unwrap();
        // Normal theory: 0.25 ± 1.96 · sqrt(0.25 · 0.75 / 1000) = 0.25 ± 0.0268.
        assert!((interval.low - 0.2232).abs() < 0.004, "{interval:?}");
        assert!((interval.high - 0.2768).abs() < 0.004, "{interval:?}");
        assert_eq!(found[1], None);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let alone = pool.install(|| percentile_bootstrap(values.len(), options, mean(&values)));
        assert_eq!(alone, found);
        let other = BootstrapOptions { seed: 7, ..options };
        assert_ne!(
            percentile_bootstrap(values.len(), other, mean(&values)),
            found
        );
    }

    #[test]
    fn quantiles_are_numpys() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.25), Some(1.5));
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 1.0), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
        let none = percentile_bootstrap(0, BootstrapOptions::default(), |_| vec![None]);
        assert_eq!(none, [None]);
    }
}
