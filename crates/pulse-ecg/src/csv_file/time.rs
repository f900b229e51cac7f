//! Sampling rate from a column of times, and whether samples are evenly spaced.

use super::error::CsvError;

/// Times as they are read.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Line of the file and value, in the column's own unit.
    values: Vec<(u64, f64)>,
    /// Most decimal digits that were written: their last place bounds the rounding.
    decimals: u32,
}

/// Steps may differ by this share, besides the rounding of their ends.
const TOLERANCE: f64 = 0.01;

impl Times {
    pub(super) fn push(&mut self, line: u64, text: &str, value: f64) {
        let decimals = text
            .split_once('.')
            .map_or(0, |(_, digits)| digits.len() as u32);
        self.decimals = self.decimals.max(decimals);
        self.values.push((line, value));
    }

    /// The mean step between samples and what its rounding may be; checks that all steps are alike.
    fn step(&self, column: usize) -> Result<Option<(f64, f64)>, CsvError> {
        let mut steps: Vec<f64> = self.pairs().map(|((_, a), (_, b))| b - a).collect();
        steps.sort_by(f64::total_cmp);
        let (Some(middle), Some((_, first)), Some((_, last))) = (
            steps.get(steps.len() / 2),
            self.values.first(),
            self.values.last(),
        ) else {
            return Ok(None);
        };
        if let Some((_, (line, found))) = self.pairs().find(|((_, a), (_, b))| b <= a) {
            return Err(CsvError::TimeNotRising {
                line,
                column,
                found,
            });
        }
        let unit = libm::pow(10.0, -f64::from(self.decimals.min(30)));
        // Times of a coarser grid than half a step would let a lost sample pass as rounding.
        let rounding = if unit <= middle / 2.0 { unit } else { 0.0 };
        let allowed = middle * TOLERANCE + rounding;
        for ((_, before), (line, found)) in self.pairs() {
            let expected = before + middle;
            if (found - expected).abs() > allowed {
                return Err(CsvError::UnevenTime {
                    line,
                    column,
                    found,
                    expected,
                });
            }
        }
        let count = steps.len() as f64;
        Ok(Some(((last - first) / count, unit / count)))
    }

    /// Each time and the next.
    fn pairs(&self) -> impl Iterator<Item = ((u64, f64), (u64, f64))> + '_ {
        self.values
            .iter()
            .copied()
            .zip(self.values.iter().copied().skip(1))
    }

    /// The rate in Hz: a whole number where the rounding of the times allows one. None for fewer than
    /// two samples.
    pub(super) fn rate_hz(&self, column: usize, seconds: f64) -> Result<Option<f64>, CsvError> {
        let Some((step, rounding)) = self.step(column)? else {
            return Ok(None);
        };
        let rate = 1.0 / (step * seconds);
        let whole = libm::round(rate);
        let uncertain = rate * (rounding / step + 1e-9);
        Ok(Some(if (rate - whole).abs() <= uncertain && whole > 0.0 {
            whole
        } else {
            rate
        }))
    }

    /// Checks that a counter goes up by one.
    pub(super) fn check_counter(&self, column: usize) -> Result<(), CsvError> {
        let first = self.values.first().map_or(0.0, |(_, first)| *first);
        for (index, (line, found)) in self.values.iter().enumerate() {
            let expected = first + index as f64;
            if *found != expected {
                return Err(CsvError::UnevenTime {
                    line: *line,
                    column,
                    found: *found,
                    expected,
                });
            }
        }
        Ok(())
    }
}
