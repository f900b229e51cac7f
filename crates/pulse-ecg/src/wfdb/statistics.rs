//! Figures of a signal, computed in double precision.

use super::record::{MISSING_SAMPLE, WfdbSignal};

/// Range, mean and spread of a voltage over the samples that are there, in millivolts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignalStatistics {
    /// Lowest value.
    pub min_mv: f64,
    /// Highest value.
    pub max_mv: f64,
    /// Mean.
    pub mean_mv: f64,
    /// Standard deviation of the population (divided by n).
    pub std_mv: f64,
}

impl SignalStatistics {
    /// Figures of a lead in millivolts without its missing (NaN) samples; none if there is no other.
    pub fn of_millivolts(samples: &[f32]) -> Option<Self> {
        Self::of(
            samples
                .iter()
                .copied()
                .filter(|value| !value.is_nan())
                .map(f64::from),
        )
    }

    fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let count = values.clone().count();
        if count == 0 {
            return None;
        }
        let mean_mv = values.clone().sum::<f64>() / count as f64;
        let square = |value: f64| (value - mean_mv) * (value - mean_mv);
        let variance = values.clone().map(square).sum::<f64>() / count as f64;
        Some(Self {
            min_mv: values.clone().fold(f64::INFINITY, f64::min),
            max_mv: values.fold(f64::NEG_INFINITY, f64::max),
            mean_mv,
            std_mv: libm::sqrt(variance),
        })
    }
}

impl WfdbSignal {
    /// Sum of the digital values that are there.
    pub fn digital_sum(&self) -> i64 {
        self.present().map(i64::from).sum()
    }

    /// Samples that are missing.
    pub fn missing(&self) -> usize {
        self.samples.len() - self.present().count()
    }

    /// Figures in millivolts; none for an uncalibrated signal, one that is no voltage or one without
    /// samples.
    pub fn statistics(&self) -> Option<SignalStatistics> {
        let unit = self.voltage_unit()?;
        self.gain?;
        let millivolts = |sample: i32| unit.to_millivolts(self.physical(sample));
        SignalStatistics::of(self.present().map(millivolts))
    }

    fn present(&self) -> impl Iterator<Item = i32> + Clone + '_ {
        self.samples
            .iter()
            .copied()
            .filter(|sample| *sample != MISSING_SAMPLE)
    }
}
