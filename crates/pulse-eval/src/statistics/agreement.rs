//! How well repeated judgements agree.

/// Krippendorff's alpha for interval data (Krippendorff 2011).
///
/// `ratings[item]` are the scores an item got; items with fewer than two are left out. With `n` scores in all,
/// `alpha = 1 - (n - 1) D_o / D_e`, where `D_o` sums the squared distances of all ordered pairs within an item
/// divided by its scores minus one, and `D_e` those of all ordered pairs. `None` if nothing can be compared or
/// all scores are equal.
pub fn krippendorff_alpha(ratings: &[Vec<f64>]) -> Option<f64> {
    let units: Vec<&Vec<f64>> = ratings.iter().filter(|unit| unit.len() > 1).collect();
    let all: Vec<f64> = units.iter().flat_map(|unit| unit.iter().copied()).collect();
    let within: f64 = units
        .iter()
        .map(|unit| squared_distances(unit) / (unit.len() - 1) as f64)
        .sum();
    let between = squared_distances(&all);
    if between <= 0.0 {
        return None;
    }
    Some(1.0 - (all.len() - 1) as f64 * within / between)
}

/// Squared distances of all ordered pairs: `2 (n Σx² - (Σx)²)`, around the mean for accuracy.
fn squared_distances(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    2.0 * count
        * values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_that_of_the_published_example() {
        // Krippendorff 2011, example C: four observers, twelve units, interval metric: 0.849.
        let columns: [&[f64]; 12] = [
            &[1., 1., 1.],
            &[2., 2., 3., 2.],
            &[3., 3., 3., 3.],
            &[3., 3., 3., 3.],
            &[2., 2., 2., 2.],
            &[1., 2., 3., 4.],
            &[4., 4., 4., 4.],
            &[1., 1., 2., 1.],
            &[2., 2., 2., 2.],
            &[5., 5., 5.],
            &[1., 1.],
            &[3.],
        ];
        let ratings: Vec<Vec<f64>> = columns.iter().map(|unit| unit.to_vec()).collect();
        let alpha = krippendorff_alpha(&ratings).unwrap();
        assert!((alpha - 0.849).abs() < 5e-4, "{alpha}");
        assert_eq!(krippendorff_alpha(&[vec![3.0], vec![4.0]]), None);
        assert_eq!(krippendorff_alpha(&[vec![3.0, 3.0]]), None);
        assert_eq!(
            krippendorff_alpha(&[vec![1.0, 1.0], vec![2.0, 2.0]]),
            Some(1.0)
        );
    }
}
