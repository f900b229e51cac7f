//! Curves over probabilities: the AUC that ECGBench never had.

use serde::Serialize;

use super::ratio;

/// One threshold of a ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RocPoint {
    /// Share of the negatives at or above the threshold.
    pub false_positive_rate: f64,
    /// Share of the positives at or above the threshold.
    pub true_positive_rate: f64,
    /// The threshold; infinite at the first point, where nothing is predicted.
    pub threshold: f64,
}

/// Items by falling probability, as (probability, is true). NaN counts as the lowest.
fn ranked(probabilities: &[f64], truths: &[bool]) -> Vec<(f64, bool)> {
    let mut pairs: Vec<(f64, bool)> = probabilities
        .iter()
        .copied()
        .map(|p| if p.is_nan() { f64::NEG_INFINITY } else { p })
        .zip(truths.iter().copied())
        .collect();
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0));
    pairs
}

/// Positives and all items at or above each distinct probability, falling.
fn steps(probabilities: &[f64], truths: &[bool]) -> Vec<(f64, u64, u64)> {
    let mut steps: Vec<(f64, u64, u64)> = Vec::new();
    let (mut positives, mut all) = (0, 0);
    for (probability, is_true) in ranked(probabilities, truths) {
        positives += u64::from(is_true);
        all += 1;
        match steps.last_mut() {
            Some(last) if last.0 == probability => *last = (probability, positives, all),
            _ => steps.push((probability, positives, all)),
        }
    }
    steps
}

/// The ROC curve from (0, 0) to (1, 1), one point per distinct probability.
///
/// `probabilities` and `truths` belong together by position; the longer one's rest is not looked at. `None`
/// if one of the two values of truth is missing.
pub fn roc_curve(probabilities: &[f64], truths: &[bool]) -> Option<Vec<RocPoint>> {
    let steps = steps(probabilities, truths);
    let &(_, positives, all) = steps.last()?;
    let negatives = all - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut curve = vec![RocPoint {
        false_positive_rate: 0.0,
        true_positive_rate: 0.0,
        threshold: f64::INFINITY,
    }];
    curve.extend(steps.into_iter().map(|(threshold, hits, above)| RocPoint {
        false_positive_rate: (above - hits) as f64 / negatives as f64,
        true_positive_rate: hits as f64 / positives as f64,
        threshold,
    }));
    Some(curve)
}

/// Area under the ROC curve by trapezoids: the chance that a random positive has the higher probability,
/// ties counting one half. `None` if one of the two values of truth is missing.
pub fn roc_auc(probabilities: &[f64], truths: &[bool]) -> Option<f64> {
    let curve = roc_curve(probabilities, truths)?;
    let area = |pair: &[RocPoint]| {
        let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
        width * (pair[1].true_positive_rate + pair[0].true_positive_rate) / 2.0
    };
    Some(curve.windows(2).map(area).sum())
}

/// `sum (R_k - R_(k-1)) P_k` over falling thresholds, without interpolation. `None` without positives.
pub fn average_precision(probabilities: &[f64], truths: &[bool]) -> Option<f64> {
    let steps = steps(probabilities, truths);
    let total = steps.last()?.1;
    let mut before = 0;
    let mut sum = 0.0;
    for (_, hits, above) in steps {
        sum += (hits - before) as f64 * hits as f64 / above as f64;
        before = hits;
    }
    ratio(sum, total as f64)
}
