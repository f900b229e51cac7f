//! Whether answers repeat when they are sampled.

use serde::Serialize;

/// What was read from an answer, or why nothing could be.
pub type ItemReading = Result<Vec<String>, &'static str>;

/// How often sampled answers to the same page are read alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Repeatability {
    /// Temperature of the sampling.
    pub temperature: f32,
    /// Seeds asked with.
    pub seeds: usize,
    /// Items.
    pub items: usize,
    /// Share of the pairs of seeds, over all items, whose answers are read alike. Unreadable equals unreadable of
    /// the same kind. None if no answer could be read with any seed.
    pub pairwise_agreement: Option<f64>,
    /// Share of the items that are read alike with every seed; none as above.
    pub all_agree: Option<f64>,
}

/// Whether any answer could be read.
fn is_any_read(readings: &[ItemReading]) -> bool {
    readings.iter().any(Result::is_ok)
}

/// Share of the items that are read alike in two runs, by position. None if one of the runs has no answer that
/// could be read: nothing is compared then.
pub fn same_share(first: &[ItemReading], second: &[ItemReading]) -> Option<f64> {
    if !is_any_read(first) || !is_any_read(second) {
        return None;
    }
    let same = first.iter().zip(second).filter(|(a, b)| a == b).count();
    Some(same as f64 / first.len() as f64)
}

/// From what was read, `[seeds][items]`.
pub fn repeatability(readings: &[Vec<ItemReading>], temperature: f32) -> Repeatability {
    let seeds = readings.len();
    let items = readings.first().map_or(0, Vec::len);
    let (mut pairs, mut alike, mut stable) = (0usize, 0usize, 0usize);
    for item in 0..items {
        let said: Vec<&ItemReading> = readings.iter().filter_map(|one| one.get(item)).collect();
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
    let is_read = readings.iter().any(|one| is_any_read(one));
    let share =
        |part: usize, whole: usize| (is_read && whole > 0).then(|| part as f64 / whole as f64);
    Repeatability {
        temperature,
        seeds,
        items,
        pairwise_agreement: share(alike, pairs),
        all_agree: share(stable, items),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn agreement_counts_pairs_and_whole_items() {
        let reading = |labels: &[&str]| -> Vec<ItemReading> {
            labels
                .iter()
                .map(|label| Ok(vec![(*label).to_owned()]))
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
        assert!((found.pairwise_agreement.unwrap() - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(found.all_agree, Some(0.5));
        let (first, second) = (reading(&["a", "b"]), reading(&["a", "c"]));
        assert_eq!(same_share(&first, &second), Some(0.5));

        let nothing: Vec<ItemReading> = vec![Err("empty"), Err("ambiguous")];
        assert_eq!(same_share(&first, &nothing), None);
        assert_eq!(same_share(&nothing, &nothing), None);
        assert_eq!(
            same_share(&first, &[Err("empty"), second[1].clone()]),
            Some(0.0)
        );
        let found = repeatability(&[nothing.clone(), nothing], 0.5);
        assert_eq!((found.pairwise_agreement, found.all_agree), (None, None));
    }
}
