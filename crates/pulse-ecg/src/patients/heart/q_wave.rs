//! Whether a QRS complex has the Q waves of an infarcted wall.

use super::fit::VISIBLE_MV;
use super::injury::lead_value;
use super::wave::{Wave, sum_at};
use crate::patients::Territory;

/// Length that makes a Q wave pathological is 30 ms and depth 0.1 mV (Thygesen et al. 2018, table 7); a little
/// more of both, so that noise does not undo it.
const LENGTH_S: f64 = 0.034;
const DEPTH_MV: f64 = 0.14;

/// Step through the first forces.
const STEP_S: f64 = 0.001;

/// Whether two leads of the territory begin with a pathological Q wave. Times of the waves count from the
/// onset of QRS.
pub(super) fn shows(waves: &[Wave], territory: Territory) -> bool {
    let samples: Vec<_> = (0..80)
        .map(|i| sum_at(waves, f64::from(i) * STEP_S))
        .collect();
    let pathological = |lead: &&crate::lead::Lead| {
        let mut values = samples
            .iter()
            .map(|leads| lead_value(leads, lead))
            .skip_while(|value| value.abs() < VISIBLE_MV)
            .peekable();
        if values.peek().is_none_or(|first| *first > 0.0) {
            return false;
        }
        let (mut length_s, mut lowest) = (0.0, 0.0_f64);
        for value in values.take_while(|value| *value < 0.0) {
            length_s += STEP_S;
            lowest = lowest.min(value);
        }
        length_s >= LENGTH_S && lowest <= -DEPTH_MV
    };
    territory.leads().iter().filter(pathological).count() >= 2
}
