//! Whether a QRS complex has the Q waves of an infarcted wall.

use super::fit::VISIBLE_MV;
use super::injury::lead_value;
use super::wave::{Wave, sum_at};
use crate::patients::Territory;

/// From which length and depth on a Q wave counts.
///
/// Pathological is one from 30 ms and 0.1 mV on (Thygesen et al. 2018, table 7).
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    length_s: f64,
    depth_mv: f64,
    /// A first R wave lower than this is none.
    least_r_mv: f64,
}

/// A little more of both, so that noise does not undo it.
pub(super) const PATHOLOGICAL: Limits = Limits {
    length_s: 0.034,
    depth_mv: 0.14,
    least_r_mv: 0.5 * VISIBLE_MV,
};

/// A little less of both, so that neither noise nor the size of a beat makes it pathological.
pub(super) const SUSPICIOUS: Limits = Limits {
    length_s: 0.027,
    depth_mv: 0.085,
    least_r_mv: 0.05,
};

/// Step through the first forces.
const STEP_S: f64 = 0.001;

/// Whether two leads of the territory begin with a Q wave of these limits. Times of the waves count from the
/// onset of QRS.
pub(super) fn shows(waves: &[Wave], territory: Territory, limits: Limits) -> bool {
    let samples: Vec<_> = (0..80)
        .map(|i| sum_at(waves, f64::from(i) * STEP_S))
        .collect();
    let begins_with_q = |lead: &&crate::lead::Lead| {
        let mut values = samples
            .iter()
            .map(|leads| lead_value(leads, lead))
            .skip_while(|value| (-VISIBLE_MV..limits.least_r_mv).contains(value))
            .peekable();
        if values.peek().is_none_or(|first| *first > 0.0) {
            return false;
        }
        let (mut length_s, mut lowest) = (0.0, 0.0_f64);
        for value in values.take_while(|value| *value < 0.0) {
            length_s += STEP_S;
            lowest = lowest.min(value);
        }
        length_s >= limits.length_s && lowest <= -limits.depth_mv
    };
    territory.leads().iter().filter(begins_with_q).count() >= 2
}
