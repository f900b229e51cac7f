//! Whether answers repeat when they are sampled.

use serde::Serialize;

/// How often sampled answers to the same page are read alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repeatability {
    /// Temperature of the sampling.
    pub temperature: f32,
    /// Seeds asked with.
    pub seeds: usize,
    /// Items.
    pub items: usize,
    /// Share of the pairs of seeds, over all items, whose answers are read alike. Unreadable equals unreadable.
    pub pairwise_agreement: f64,
    /// Share of the items that are read alike with every seed.
    pub all_agree: f64,
}

/// Share of the items that are read alike in two runs, by position; 0 without items.
pub fn same_share(first: &[Vec<String>], second: &[Vec<String>]) -> f64 {
    let same = first.iter().zip(second).filter(|(a, b)| a == b).count();
    same as f64 / first.len().max(1) as f64
}

/// From what was read, `[seeds][items]`.
pub fn repeatability(readings: &[Vec<Vec<String>>], temperature: f32) -> Repeatability {
    let seeds = readings.len();
    let items = readings.first().map_or(0, Vec::len);
    let (mut pairs, mut alike, mut stable) = (0usize, 0usize, 0usize);
    for item in 0..items {
        let said: Vec<&Vec<String>> = readings.iter().filter_map(|one| one.get(item)).collect();
        let mut differing = 0;
        for (at, first) in said.iter().enumerate() {
            for second in &said[at + 1..] {
                pairs += 1;
                differing += usize::from(first != second);
                alike += usize::from(first == second);
            }
        }
        stable += usize::from(differing == 0);
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Repeatability {
        temperature,
        seeds,
        items,
        pairwise_agreement: share(alike, pairs),
        all_agree: share(stable, items),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_counts_pairs_and_whole_items() {
        let reading = |labels: &[&str]| -> Vec<Vec<String>> {
            labels
                .iter()
                .map(|label| vec![(*label).to_owned()])
                .collect()
        };
        let found = repeatability(
            &[
                reading(&["a", "b"]),
                reading(&["a", "b"]),
                reading(&["a", "c"]),
            ],
            0.5,
        );
        assert_eq!((found.seeds, found.items), (3, 2));
        assert!((found.pairwise_agreement - 4.0 / 6.0).abs() < 1e-12);
        assert!((found.all_agree - 0.5).abs() < 1e-12);
        assert!((same_share(&reading(&["a", "b"]), &reading(&["a", "c"])) - 0.5).abs() < 1e-12);
    }
}
