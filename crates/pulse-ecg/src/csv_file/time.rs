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

/// A time may be off its even place by this share of the step, besides its rounding.
const TOLERANCE: f64 = 0.01;

impl Times {
    pub(super) fn push(&mut self, line: u64, text: &str, value: f64) {
        let decimals = text
            .split_once('.')
            .map_or(0, |(_, digits)| digits.len() as u32);
        self.decimals = self.decimals.max(decimals);
        self.values.push((line, value));
    }

    /// The step between samples and what its rounding may be; checks that all steps are alike.
    fn step(&self, column: usize) -> Result<Option<(f64, f64)>, CsvError> {
        let (Some(&(_, first)), Some(&(line, last))) = (self.values.first(), self.values.last())
        else {
            return Ok(None);
        };
        let steps = self.values.len() - 1;
        if steps == 0 {
            return Ok(None);
        }
        let step = (last - first) / steps as f64;
        if step <= 0.0 {
            return Err(CsvError::UnevenTime {
                line,
                column,
                found: last,
                expected: first + 1.0,
            });
        }
        let rounding = libm::pow(10.0, -f64::from(self.decimals.min(30)));
        for (index, (line, found)) in self.values.iter().enumerate() {
            let expected = first + step * index as f64;
            if !((found - expected).abs() <= step * TOLERANCE + rounding) {
                return Err(CsvError::UnevenTime {
                    line: *line,
                    column,
                    found: *found,
                    expected,
                });
            }
        }
        Ok(Some((step, rounding / steps as f64)))
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
