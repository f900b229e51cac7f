//! What accuracy is left if the least certain answers are withheld.

use serde::Serialize;

use super::ratio;

/// One point of an abstention curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AbstentionPoint {
    /// Share of the items answered.
    pub coverage: f64,
    /// Accuracy among them.
    pub accuracy: f64,
    /// The lowest confidence answered.
    pub threshold: f64,
}

/// The abstention (risk-coverage) curve, from the most certain answers to all: one point per distinct
/// confidence. Empty without items.
pub fn abstention_curve(confidences: &[f64], correct: &[bool]) -> Vec<AbstentionPoint> {
    let mut pairs: Vec<(f64, bool)> = confidences
        .iter()
        .copied()
        .zip(correct.iter().copied())
        .collect();
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0));
    let all = pairs.len() as f64;
    let mut hits = 0usize;
    let mut curve: Vec<AbstentionPoint> = Vec::new();
    for (index, (threshold, is_correct)) in pairs.into_iter().enumerate() {
        hits += usize::from(is_correct);
        let answered = (index + 1) as f64;
        let point = AbstentionPoint {
            coverage: answered / all,
            accuracy: hits as f64 / answered,
            threshold,
        };
        match curve.last_mut() {
            Some(last) if last.threshold == threshold => *last = point,
            _ => curve.push(point),
        }
    }
    curve
}

/// Mean accuracy over the coverage, each point standing for the coverage it adds. `None` without items.
pub fn area_under_abstention(confidences: &[f64], correct: &[bool]) -> Option<f64> {
    let curve = abstention_curve(confidences, correct);
    let mut before = 0.0;
    let mut sum = 0.0;
    for point in &curve {
        sum += (point.coverage - before) * point.accuracy;
        before = point.coverage;
    }
    ratio(sum, before)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_ends_at_the_plain_accuracy() {
        let curve = abstention_curve(&[0.9, 0.5, 0.9, 0.1], &[true, false, true, false]);
        let points: Vec<_> = curve.iter().map(|p| (p.coverage, p.accuracy)).collect();
        assert_eq!(points, [(0.5, 1.0), (0.75, 2.0 / 3.0), (1.0, 0.5)]);
        let area = area_under_abstention(&[0.9, 0.5, 0.9, 0.1], &[true, false, true, false]);
        assert!((area.unwrap() - (0.5 + 0.25 * 2.0 / 3.0 + 0.25 * 0.5)).abs() < 1e-15);
        assert_eq!(area_under_abstention(&[], &[]), None);
    }
}
