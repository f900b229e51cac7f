//! Whether probabilities mean what they say.

use serde::Serialize;

use super::ratio;

/// One bin of a calibration curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Lower edge; the bins divide 0 to 1 evenly, and 1 belongs to the last.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// Items in the bin.
    pub items: usize,
    /// Mean probability of its items.
    pub mean_probability: f64,
    /// Share of its items that are true.
    pub share_true: f64,
}

/// Mean squared distance of probability and truth. `None` without items.
pub fn brier_score(probabilities: &[f64], truths: &[bool]) -> Option<f64> {
    let squares = probabilities
        .iter()
        .zip(truths)
        .map(|(p, truth)| (p - f64::from(*truth)).powi(2));
    ratio(squares.sum(), probabilities.len().min(truths.len()) as f64)
}

/// The calibration curve over `bins` bins of equal width; bins without items are left out. Probabilities
/// outside 0 to 1 go to the nearest bin.
pub fn calibration_curve(
    probabilities: &[f64],
    truths: &[bool],
    bins: usize,
) -> Vec<CalibrationBin> {
    let mut sums = vec![(0usize, 0.0f64, 0usize); bins];
    for (probability, truth) in probabilities.iter().zip(truths) {
        // A negative or NaN product becomes bin 0.
        let bin = (probability * bins as f64) as usize;
        if let Some(sum) = sums.get_mut(bin.min(bins.saturating_sub(1))) {
            sum.0 += 1;
            sum.1 += probability;
            sum.2 += usize::from(*truth);
        }
    }
    let width = 1.0 / bins as f64;
    sums.into_iter()
        .enumerate()
        .filter(|(_, (items, ..))| *items > 0)
        .map(|(bin, (items, sum, hits))| CalibrationBin {
            low: bin as f64 * width,
            high: (bin + 1) as f64 * width,
            items,
            mean_probability: sum / items as f64,
            share_true: hits as f64 / items as f64,
        })
        .collect()
}

/// Distance of mean probability and share of true items over the bins of [`calibration_curve`], weighted by
/// their items (Naeini et al. 2015, for one label). `None` without items.
pub fn expected_calibration_error(
    probabilities: &[f64],
    truths: &[bool],
    bins: usize,
) -> Option<f64> {
    let curve = calibration_curve(probabilities, truths, bins);
    let items: usize = curve.iter().map(|bin| bin.items).sum();
    let sum: f64 = curve
        .iter()
        .map(|bin| bin.items as f64 * (bin.mean_probability - bin.share_true).abs())
        .sum();
    ratio(sum, items as f64)
}
