//! The heart vector through a QRS complex, a T wave and a P wave: tables in Frank's axes.
//!
//! `x` to the left, `y` to the feet, `z` to the back, in units that the fit to a patient's voltage scales.
//! Times are fractions of the QRS complex. The order of activation is that of the textbooks (Durrer et al.
//! 1970 for the normal heart): septum to the right and front, apex to the left and feet, free wall of the
//! left ventricle to the left and back, base upwards.

/// One vector wave of a QRS complex.
#[derive(Debug, Clone, Copy)]
pub(super) struct Force {
    /// Peak, fraction of QRS.
    pub(super) centre: f64,
    /// Rise, fraction of QRS.
    pub(super) left: f64,
    /// Fall, fraction of QRS.
    pub(super) right: f64,
    /// Peak vector.
    pub(super) xyz: [f64; 3],
}

const fn force(centre: f64, left: f64, right: f64, xyz: [f64; 3]) -> Force {
    Force {
        centre,
        left,
        right,
        xyz,
    }
}

/// Normal activation.
pub(super) const NORMAL: [Force; 5] = [
    force(0.20, 0.20, 0.20, [-0.16, -0.06, -0.30]),
    force(0.36, 0.24, 0.22, [0.35, 0.30, -0.22]),
    force(0.50, 0.26, 0.24, [0.95, 0.70, 0.12]),
    force(0.63, 0.24, 0.26, [0.30, 0.12, 0.85]),
    force(0.82, 0.20, 0.18, [-0.14, -0.22, 0.22]),
];

/// Normal order with a thick left wall: the forces to the left and back outgrow the septum's.
pub(super) const HYPERTROPHY: [Force; 5] = [
    force(0.19, 0.19, 0.20, [-0.07, -0.03, -0.11]),
    force(0.36, 0.24, 0.22, [0.30, 0.22, 0.00]),
    force(0.50, 0.26, 0.24, [1.00, 0.55, 0.32]),
    force(0.63, 0.24, 0.26, [0.40, 0.10, 0.66]),
    force(0.82, 0.20, 0.18, [-0.08, -0.16, 0.20]),
];

/// Septal force to the left from the start, then the left wall slowly and almost evenly: a broad R to the left with
/// a slurred or slightly notched top, QS or rS as far as V3. The wall's forces point further to the back than to
/// the left, which moves the transition between V3 and V4; their crests overlap so far that they make one plateau.
pub(super) const LEFT_BUNDLE: [Force; 4] = [
    force(0.20, 0.20, 0.30, [0.24, 0.12, 0.06]),
    force(0.36, 0.30, 0.36, [0.58, 0.24, 0.80]),
    force(0.55, 0.36, 0.36, [0.40, 0.10, 0.70]),
    force(0.69, 0.32, 0.31, [0.54, 0.16, 0.80]),
];

/// Normal start in half of the time, then the right ventricle late and slow: a broad R' in V1, a broad,
/// slurred S to the left. The late vector turns from the front to the right, so that no lead pauses with all
/// others.
pub(super) const RIGHT_BUNDLE: [Force; 6] = [
    force(0.12, 0.12, 0.13, [-0.14, -0.06, -0.26]),
    force(0.24, 0.16, 0.15, [0.40, 0.30, -0.06]),
    force(0.33, 0.18, 0.17, [0.72, 0.52, 0.10]),
    force(0.42, 0.17, 0.17, [0.22, 0.06, 0.34]),
    force(0.62, 0.22, 0.30, [-0.20, 0.03, -0.54]),
    force(0.79, 0.26, 0.21, [-0.32, -0.09, -0.22]),
];

/// Pacing at the apex of the right ventricle: from the apex upwards and back and away from V4 to V6, which stay
/// negative.
pub(super) const PACED: [Force; 3] = [
    force(0.25, 0.25, 0.28, [-0.24, -0.34, 0.22]),
    force(0.48, 0.30, 0.28, [-0.74, -0.92, 0.72]),
    force(0.72, 0.28, 0.28, [-0.48, -0.52, 0.56]),
];

/// Ectopic beats by origin: outflow tract, apex of the right ventricle, free wall of the left ventricle.
pub(super) const ECTOPIC: [[Force; 3]; 3] = [
    [
        force(0.30, 0.30, 0.28, [0.30, 0.65, 0.35]),
        force(0.52, 0.30, 0.26, [0.55, 1.10, 0.75]),
        force(0.76, 0.24, 0.24, [0.15, 0.30, 0.40]),
    ],
    [
        force(0.30, 0.30, 0.28, [0.40, -0.45, 0.25]),
        force(0.54, 0.30, 0.26, [0.80, -0.90, 0.70]),
        force(0.76, 0.24, 0.24, [0.35, -0.30, 0.40]),
    ],
    [
        force(0.30, 0.30, 0.28, [-0.35, -0.10, -0.55]),
        force(0.54, 0.30, 0.26, [-0.75, 0.30, -0.85]),
        force(0.76, 0.24, 0.24, [-0.45, 0.35, 0.20]),
    ],
];

/// Normal T wave, in millivolts of the vector.
pub(super) const T_NORMAL: [f64; 3] = [0.29, 0.20, -0.10];
/// T wave of right bundle branch block: away from the late right ventricle.
pub(super) const T_RIGHT_BUNDLE: [f64; 3] = [0.30, 0.18, 0.12];
/// ST and T of left ventricular strain: away from the wall that is too thick.
pub(super) const ST_STRAIN: [f64; 3] = [-0.12, -0.04, -0.09];
/// See [`ST_STRAIN`].
pub(super) const T_STRAIN: [f64; 3] = [-0.27, -0.08, -0.30];

/// P wave: right atrium, then left.
pub(super) const P_RIGHT_ATRIUM: [f64; 3] = [0.028, 0.074, -0.050];
/// See [`P_RIGHT_ATRIUM`].
pub(super) const P_LEFT_ATRIUM: [f64; 3] = [0.056, 0.050, 0.040];
/// P wave of a beat that starts low in the left atrium.
pub(super) const P_ECTOPIC: [f64; 3] = [-0.010, -0.085, -0.030];
