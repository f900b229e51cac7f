//! Where each statement lies among the outputs of the head.

use std::ops::Range;

use pulse_ecg::patients::Finding;

/// The rhythms, of which a page shows exactly one: the classes of a softmax.
pub const RHYTHMS: [Finding; 6] = [
    Finding::SinusRhythm,
    Finding::SinusBradycardia,
    Finding::SinusTachycardia,
    Finding::AtrialFibrillation,
    Finding::AtrialFlutter,
    Finding::PacedRhythm,
];

/// All other findings: a logit each, present or not.
pub fn others() -> impl Iterator<Item = Finding> {
    let all = Finding::ALL.iter().copied();
    all.filter(|finding| !finding.is_rhythm())
}

/// A measurement, estimated as a distribution over bins: the softmax is taught a bell around the true value, and its
/// mean is the estimate (Imani and White 2018, "Improving regression performance with distributional losses").
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Name with unit.
    pub name: &'static str,
    /// Lower edge of the first bin.
    pub low: f32,
    /// Width of a bin, and standard deviation of the bell.
    pub step: f32,
    /// Number of bins.
    pub bins: usize,
    /// Weight of its loss.
    pub weight: f32,
}

impl Measure {
    /// All of them: rate, PR, QRS, QT, axis.
    pub const ALL: [Self; 5] = [
        Self {
            name: "rate_bpm",
            low: 30.0,
            step: 4.0,
            bins: 34,
            weight: 1.0,
        },
        Self {
            name: "pr_ms",
            low: 90.0,
            step: 8.0,
            bins: 29,
            weight: 0.5,
        },
        Self {
            name: "qrs_ms",
            low: 60.0,
            step: 5.0,
            bins: 27,
            weight: 0.3,
        },
        Self {
            name: "qt_ms",
            low: 230.0,
            step: 10.0,
            bins: 42,
            weight: 0.3,
        },
        Self {
            name: "axis_degrees",
            low: -100.0,
            step: 8.0,
            bins: 31,
            weight: 0.3,
        },
    ];

    /// The probability of every bin under a bell around the value; values outside of the bins count as the nearest
    /// edge.
    pub fn bell(&self, value: f32) -> Vec<f32> {
        let high = self.low + self.step * self.bins as f32;
        let value = value.clamp(self.low, high);
        let below = |edge: usize| {
            let edge = self.low + self.step * edge as f32;
            normal_below((edge - value) / self.step)
        };
        let edges: Vec<f32> = (0..=self.bins).map(below).collect();
        let total = edges[self.bins] - edges[0];
        edges
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) / total)
            .collect()
    }

    /// The mean of a distribution over the bins.
    pub fn mean(&self, probabilities: &[f32]) -> f32 {
        probabilities
            .iter()
            .enumerate()
            .map(|(bin, p)| p * (self.low + self.step * (bin as f32 + 0.5)))
            .sum()
    }
}

/// The standard normal distribution function, by the approximation 7.1.26 of Abramowitz and Stegun for its error
/// function: absolute error below 1e-7.
fn normal_below(x: f32) -> f32 {
    let z = f64::from(x.abs()) * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let sum = series
        .iter()
        .fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    let outside = 0.5 * sum * (-z * z).exp();
    (if x < 0.0 { outside } else { 1.0 - outside }) as f32
}

/// Ranges of the outputs of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outputs;

impl Outputs {
    /// Logits of [`RHYTHMS`].
    pub fn rhythm() -> Range<usize> {
        0..RHYTHMS.len()
    }

    /// Logits of [`others`].
    pub fn others() -> Range<usize> {
        let start = RHYTHMS.len();
        start..start + others().count()
    }

    /// Logits of the bins of a measurement.
    pub fn measure(index: usize) -> Range<usize> {
        let before: usize = Measure::ALL[..index].iter().map(|one| one.bins).sum();
        let start = Self::others().end + before;
        start..start + Measure::ALL[index].bins
    }

    /// Number of all outputs.
    pub fn count() -> usize {
        Self::measure(Measure::ALL.len() - 1).end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_follow_each_other_and_every_finding_has_one() {
        assert_eq!(Outputs::others().start, Outputs::rhythm().end);
        assert_eq!(Outputs::measure(0).start, Outputs::others().end);
        for index in 1..Measure::ALL.len() {
            assert_eq!(
                Outputs::measure(index).start,
                Outputs::measure(index - 1).end
            );
        }
        assert_eq!(RHYTHMS.len() + others().count(), Finding::ALL.len());
    }

    #[test]
    fn the_mean_of_a_bell_is_its_value() {
        for measure in Measure::ALL {
            let high = measure.low + measure.step * measure.bins as f32;
            for share in [0.2, 0.43, 0.7] {
                let value = measure.low + share * (high - measure.low);
                let bell = measure.bell(value);
                assert!((bell.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                let mean = measure.mean(&bell);
                assert!((mean - value).abs() < 0.01 * measure.step, "{value} {mean}");
            }
            // Outside of the bins: the nearest edge, and no value that is no number.
            assert!(measure.bell(1e6).iter().all(|p| p.is_finite()));
        }
    }
}
