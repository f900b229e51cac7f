//! ST segment and T wave.
//!
//! The T wave is a bell that starts at the end of QRS, rises slowly and falls faster. The ST segment is a
//! plateau that begins with the end of QRS and falls with the T wave, on the same curve, so that in every
//! lead the tangent to the steepest fall meets the baseline at the same time: the end of T.

use super::lead_field::Leads;
use super::wave::bump;

/// Where the tangent at the steepest fall of `(1 - u^2)^3` meets zero: steepest at `u^2 = 1/5`, there the
/// value is 0.512 and the slope -1.717.
const TANGENT_END: f64 = 0.745_36;

/// Share of QT from the peak of T to its end.
const PEAK_TO_END: f64 = 0.22;

/// ST begins to rise this share of QRS before its end, and is there this share after it.
const ST_RISE: (f64, f64) = (0.26, 0.20);

/// Share of the time from the end of QRS to the peak of T that the T wave takes to rise.
const T_RISE: f64 = 0.92;

/// ST and T of one beat in time.
#[derive(Debug, Clone, Copy)]
pub(in crate::patients) struct Repolarisation {
    qrs_s: f64,
    peak_s: f64,
    rise_s: f64,
    fall_s: f64,
}

impl Repolarisation {
    /// For a beat with this QRS and this QT, in seconds after QRS onset.
    pub(in crate::patients) fn new(qrs_s: f64, qt_s: f64) -> Self {
        let peak_to_end = (PEAK_TO_END * qt_s).min(0.5 * (qt_s - qrs_s));
        let peak_s = qt_s - peak_to_end;
        Self {
            qrs_s,
            peak_s,
            rise_s: T_RISE * (peak_s - qrs_s),
            fall_s: peak_to_end / TANGENT_END,
        }
    }

    /// First and last time at which anything is there, seconds after QRS onset.
    pub(in crate::patients) fn span(&self) -> (f64, f64) {
        (self.qrs_s * (1.0 - ST_RISE.0), self.peak_s + self.fall_s)
    }

    /// Shares of the ST plateau and of the T wave at a time.
    pub(in crate::patients) fn shapes(&self, time: f64) -> (f64, f64) {
        if time >= self.peak_s {
            let fall = bump((time - self.peak_s) / self.fall_s);
            return (fall, fall);
        }
        let rise = (time / self.qrs_s - 1.0 + ST_RISE.0) / (ST_RISE.0 + ST_RISE.1);
        let rise = rise.clamp(0.0, 1.0);
        (
            rise * rise * (3.0 - 2.0 * rise),
            bump((time - self.peak_s) / self.rise_s),
        )
    }

    /// Level of all leads `after_s` seconds after the end of QRS.
    pub(in crate::patients) fn level(&self, st: &Leads, t: &Leads, after_s: f64) -> Leads {
        let (plateau, wave) = self.shapes(self.qrs_s + after_s);
        std::array::from_fn(|lead| plateau * st[lead] + wave * t[lead])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Repolarisation;

    #[test]
    fn the_tangent_to_the_falling_t_wave_meets_the_baseline_at_qt() {
        let wave = Repolarisation::new(0.09, 0.40);
        let value = |i: u32| wave.shapes(f64::from(i) * 1e-4).1;
        let steepest = (3000..4500)
            .max_by(|a, b| (value(*a) - value(a + 1)).total_cmp(&(value(*b) - value(b + 1))));
        let i = steepest.unwrap();
        let end = f64::from(i) * 1e-4 + value(i) / ((value(i) - value(i + 1)) / 1e-4);
        assert!((end - 0.40).abs() < 2e-4, "{end}");
    }
}
