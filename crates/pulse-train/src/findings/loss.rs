//! Loss of the head's outputs and its gradient, on the host: a few hundred values a page.

use super::outputs::{Measure, Outputs};
use super::target::Target;

/// Weight of each logit of a finding beside the rhythm.
const FINDING: f32 = 0.5;

/// The mean loss over the pages and its gradient to their outputs, `[pages, Outputs::count()]`. The loss of a page is
/// the cross-entropy of its rhythm, plus those of the other findings that can be judged, plus the divergence from the
/// bell of each measurement that there is; it is 0 where everything is certain and right. Pages without anything to
/// learn add nothing, and no pages give 0.
pub fn loss(outputs: &[f32], targets: &[&Target]) -> (f64, Vec<f32>) {
    let width = Outputs::count();
    let mut gradient = vec![0f32; outputs.len()];
    let mut sum = 0f64;
    let share = 1.0 / targets.len().max(1) as f32;
    let rows = outputs
        .chunks_exact(width)
        .zip(gradient.chunks_exact_mut(width));
    for ((row, gradient), target) in rows.zip(targets) {
        if let Some(rhythm) = target.rhythm {
            let range = Outputs::rhythm();
            let mut wanted = vec![0f32; range.len()];
            wanted[rhythm] = 1.0;
            let slots = (&row[range.clone()], &mut gradient[range]);
            sum += divergence(slots, &wanted, share);
        }
        for (at, shown) in Outputs::others().zip(&target.others) {
            if let Some(shown) = shown {
                let wanted = if *shown { 1.0 } else { 0.0 };
                sum += f64::from(FINDING * softplus(row[at], *shown));
                gradient[at] = share * FINDING * (sigmoid(row[at]) - wanted);
            }
        }
        for (index, measure) in Measure::ALL.iter().enumerate() {
            if let Some(value) = target.measures[index] {
                let range = Outputs::measure(index);
                let slots = (&row[range.clone()], &mut gradient[range]);
                let found = divergence(slots, &measure.bell(value), share * measure.weight);
                sum += f64::from(measure.weight) * found;
            }
        }
    }
    (sum * f64::from(share), gradient)
}

/// `Σ p · ln(p / softmax)` and, scaled, its gradient.
fn divergence((logits, gradient): (&[f32], &mut [f32]), wanted: &[f32], scale: f32) -> f64 {
    let found = softmax(logits);
    let mut sum = 0f64;
    for ((gradient, found), wanted) in gradient.iter_mut().zip(&found).zip(wanted) {
        *gradient = scale * (found - wanted);
        if *wanted > 0.0 {
            let quotient = f64::from(*wanted) / f64::from(found.max(f32::MIN_POSITIVE));
            sum += f64::from(*wanted) * quotient.ln();
        }
    }
    sum
}

pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let total: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// `−ln` of the probability of what is true.
fn softplus(logit: f32, shown: bool) -> f32 {
    let against = if shown { -logit } else { logit };
    against.max(0.0) + (-against.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::outputs::others;

    fn target(seed: usize) -> Target {
        Target {
            rhythm: (seed != 2).then_some(seed % 6),
            others: (0..others().count())
                .map(|index| [Some(true), Some(false), None][(index + seed) % 3])
                .collect(),
            measures: [
                Some(71.0),
                (seed == 1).then_some(180.0),
                None,
                Some(400.0),
                Some(-30.0),
            ],
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let targets = [target(1), target(2)];
        let targets: Vec<&Target> = targets.iter().collect();
        let count = 2 * Outputs::count();
        let outputs: Vec<f32> = (0..count)
            .map(|i| ((i * 37 % 41) as f32 - 20.0) / 9.0)
            .collect();
        let (value, gradient) = loss(&outputs, &targets);
        assert!(value > 0.0);
        let step = 1e-2f32;
        for at in (0..count).step_by(3) {
            let moved = |by: f32| {
                let mut outputs = outputs.clone();
                outputs[at] += by;
                loss(&outputs, &targets).0
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            assert!(
                (slope - f64::from(gradient[at])).abs() < 1e-4,
                "{at}: {slope} {}",
                gradient[at]
            );
        }
    }

    #[test]
    fn nothing_to_learn_gives_nothing_and_extremes_stay_numbers() {
        let nothing = Target {
            rhythm: None,
            others: vec![None; others().count()],
            measures: [None; 5],
        };
        let (value, gradient) = loss(&vec![3.0; Outputs::count()], &[&nothing]);
        assert!(value == 0.0 && gradient.iter().all(|g| *g == 0.0));
        assert_eq!(loss(&[], &[]), (0.0, vec![]));
        let far: Vec<f32> = (0..Outputs::count())
            .map(|i| if i % 2 == 0 { 1e4 } else { -1e4 })
            .collect();
        let (value, gradient) = loss(&far, &[&target(1)]);
        assert!(value.is_finite() && gradient.iter().all(|g| g.is_finite()));
    }
}
