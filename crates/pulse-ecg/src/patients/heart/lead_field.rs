//! From the heart vector to the electrodes: Dower's matrix.
//!
//! Dower, Machado and Osborne 1980, *On deriving the electrocardiogram from vectorcardiographic leads*:
//! the eight independent leads as linear combinations of Frank's X (to the left), Y (to the feet) and Z (to
//! the back). The other four limb leads follow from I and II by Einthoven's and Goldberger's relations.

use rand::Rng;

use crate::patients::chance::bell;

/// Values of the independent leads in the order I, II, V1 to V6, in millivolts.
pub(in crate::patients) type Leads = [f64; 8];

/// Index of the first chest lead in [`Leads`].
pub(in crate::patients) const CHEST: usize = 2;

const DOWER: [[f64; 3]; 8] = [
    [0.632, -0.235, 0.059],
    [0.235, 1.066, -0.132],
    [-0.515, 0.157, -0.917],
    [0.044, 0.164, -1.387],
    [0.882, 0.098, -1.277],
    [1.213, 0.127, -0.601],
    [1.125, 0.127, -0.086],
    [0.831, 0.076, 0.230],
];

/// Share of a rotation in the frontal plane that reaches the chest leads. A torso is no pure dipole: the
/// chest electrodes see the wall under them whatever the limb leads' axis is, so patients with axis
/// deviation keep most of their R-wave progression.
const CHEST_SHARE: f64 = 0.35;

/// Lead vectors of one patient.
#[derive(Debug, Clone)]
pub(in crate::patients) struct LeadField {
    rows: [[f64; 3]; 8],
}

impl LeadField {
    /// Dower's matrix with chest electrodes a little off their place: each chest lead is mixed with its
    /// neighbours and has a gain of its own.
    pub(in crate::patients) fn draw(rng: &mut impl Rng) -> Self {
        let mut rows = DOWER;
        for lead in CHEST..8 {
            let shift = bell(rng, 0.0, 0.10).clamp(-0.25, 0.25);
            let neighbour = if shift < 0.0 {
                lead.max(CHEST + 1) - 1
            } else {
                (lead + 1).min(7)
            };
            let gain = bell(rng, 1.0, 0.07);
            for axis in 0..3 {
                let moved =
                    DOWER[lead][axis] + shift.abs() * (DOWER[neighbour][axis] - DOWER[lead][axis]);
                rows[lead][axis] = gain * moved;
            }
        }
        Self { rows }
    }

    /// The leads' values for a heart vector.
    pub(in crate::patients) fn project(&self, vector: [f64; 3]) -> Leads {
        self.rows
            .map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
    }

    /// The leads' values for a heart vector turned by `degrees` in the frontal plane, from left to feet.
    ///
    /// The limb leads turn on Einthoven's triangle itself, so that the axis read from them turns by just as
    /// much; Dower's rows for I and II are not at right angles and would distort it.
    pub(in crate::patients) fn project_turned(&self, vector: [f64; 3], degrees: f64) -> Leads {
        let [x, y, z] = vector;
        let (sin, cos) = libm::sincos((degrees * CHEST_SHARE).to_radians());
        let mut leads = self.project([cos * x - sin * y, sin * x + cos * y, z]);
        let [one, two, ..] = self.project(vector);
        let [left, feet] = frontal(one, two);
        let (sin, cos) = libm::sincos(degrees.to_radians());
        let (left, feet) = (cos * left - sin * feet, sin * left + cos * feet);
        leads[0] = left;
        leads[1] = feet / FEET + 0.5 * left;
        leads
    }
}

/// 2 / sqrt(3): aVF = II - I / 2 has a lead vector that much shorter than I.
const FEET: f64 = 1.154_700_538_379_251_5;

/// Components to the left and to the feet of what I and II see, on Einthoven's triangle.
pub(in crate::patients) fn frontal(lead_one: f64, lead_two: f64) -> [f64; 2] {
    [lead_one, (lead_two - 0.5 * lead_one) * FEET]
}

/// Frontal axis in degrees of a pair of values in I and II.
pub(in crate::patients) fn frontal_axis_degrees(lead_one: f64, lead_two: f64) -> f64 {
    let [left, feet] = frontal(lead_one, lead_two);
    libm::atan2(feet, left).to_degrees()
}
