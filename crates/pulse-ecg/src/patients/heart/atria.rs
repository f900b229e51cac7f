//! P waves of one patient.

use rand::Rng;

use super::forces::{P_ECTOPIC, P_LEFT_ATRIUM, P_RIGHT_ATRIUM};
use super::lead_field::LeadField;
use super::wave::{Wave, visible_span};
use crate::patients::chance::{bell, between};

/// Millivolts off the baseline at which a P wave counts as begun: half a small square is 0.05, trained
/// readers see about a fifth of that.
const VISIBLE_MV: f64 = 0.010;

/// P waves; times in seconds after the onset of P.
#[derive(Debug, Clone)]
pub(in crate::patients) struct Atrium {
    pub(in crate::patients) sinus: [Wave; 2],
    pub(in crate::patients) ectopic: [Wave; 2],
}

impl Atrium {
    /// Waves that last no longer than `longest_s`.
    pub(in crate::patients) fn draw(field: &LeadField, longest_s: f64, rng: &mut impl Rng) -> Self {
        let duration = bell(rng, 0.102, 0.007).min(longest_s);
        let gain = between(rng, 0.80, 1.25);
        let scaled = |xyz: [f64; 3], share: f64| xyz.map(|v| v * gain * share);
        let tilt = bell(rng, 0.0, 0.15);
        let sinus = pair(
            field,
            scaled(P_RIGHT_ATRIUM, 1.0 - tilt),
            scaled(P_LEFT_ATRIUM, 1.0 + tilt),
            duration,
        );
        let ectopic = pair(
            field,
            scaled(P_ECTOPIC, 0.5),
            scaled(P_ECTOPIC, 0.9),
            duration * 0.92,
        );
        Self { sinus, ectopic }
    }
}

fn pair(field: &LeadField, first: [f64; 3], second: [f64; 3], duration: f64) -> [Wave; 2] {
    let waves = [
        Wave {
            centre: 0.40,
            left: 0.42,
            right: 0.42,
            leads: field.project(first),
        },
        Wave {
            centre: 0.62,
            left: 0.42,
            right: 0.42,
            leads: field.project(second),
        },
    ];
    let (on, off) = visible_span(&waves, -0.1, 1.1, VISIBLE_MV).unwrap_or((0.0, 1.0));
    waves.map(|wave| wave.mapped(on, duration / (off - on).max(0.3)))
}
