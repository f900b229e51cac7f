//! Q waves as the labels say: forces that are lost until every infarcted wall shows them, and no other wall does.

use rand::Rng;

use super::fit::{Voltage, fit, stretch};
use super::forces::Force;
use super::injury::q_wave as lost_direction;
use super::lead_field::LeadField;
use super::q_wave;
use super::wave::Wave;
use crate::patients::chance::between;
use crate::patients::{Finding, PatientError, PatientPlan, Territory};

/// Most steps towards the Q waves that the labels say; the forces lost are twice as large after six.
const STEPS: u32 = 48;

/// First forces added in a step towards a wall with Q waves that no label says, millivolts of the vector.
const TOWARDS_MV: f64 = 0.05;

/// First forces away from infarcted walls, in millivolts.
pub(super) fn lost_forces(plan: &PatientPlan, rng: &mut impl Rng) -> Vec<Force> {
    let walls: Vec<_> = plan
        .findings
        .iter()
        .filter_map(|finding| finding.q_wave_infarction())
        .collect();
    let share = if walls.len() > 1 { 0.8 } else { 1.0 };
    walls
        .into_iter()
        .map(|wall| {
            let depth = between(rng, 0.95, 1.25) * share;
            // In front the whole complex is lost (QS); elsewhere an R wave follows.
            let (centre, right) = match wall {
                Territory::Anterior | Territory::Septal => (0.38, 0.42),
                Territory::Lateral | Territory::Inferior => (0.24, 0.30),
            };
            Force {
                centre,
                left: centre,
                right,
                xyz: lost_direction(wall).map(|v| v * depth),
            }
        })
        .collect()
}

/// The fitted complex. The lost forces are made larger, and the early forces that are left smaller, until every
/// infarcted wall shows its Q waves; first forces towards a wall that shows them without an infarct are added until
/// none does.
///
/// # Errors
///
/// [`PatientError::QWaves`] where the steps do not suffice.
pub(super) fn with_q_waves(
    plan: &PatientPlan,
    field: &LeadField,
    mut forces: Vec<Force>,
    mut fixed: Vec<Force>,
    voltage: Voltage,
) -> Result<Vec<Wave>, PatientError> {
    let labelled: Vec<_> = plan
        .findings
        .iter()
        .filter_map(|finding| finding.q_wave_infarction())
        .collect();
    let healthy: Vec<_> = Territory::ALL
        .into_iter()
        .filter(|wall| !may_show(plan, &labelled, *wall))
        .collect();
    let lost = fixed.len();
    let (mut hidden, mut false_q) = (None, None);
    for _ in 0..STEPS {
        let qrs = stretch(
            &fit(field, &forces, &fixed, plan.axis_degrees, voltage),
            plan.qrs_ms * 1e-3,
        );
        let shown = |wall: &Territory, limits| q_wave::shows(&qrs, *wall, limits);
        hidden = labelled
            .iter()
            .find(|wall| !shown(wall, q_wave::PATHOLOGICAL))
            .copied();
        false_q = healthy
            .iter()
            .find(|wall| shown(wall, q_wave::SUSPICIOUS))
            .copied();
        if hidden.is_some() {
            for force in &mut fixed[..lost] {
                force.xyz = force.xyz.map(|v| v * 1.12);
            }
            for force in forces.iter_mut().filter(|force| force.centre < 0.45) {
                force.xyz = force.xyz.map(|v| v * 0.8);
            }
        } else if let Some(wall) = false_q {
            for force in forces.iter_mut().filter(|force| force.centre < 0.26) {
                force.xyz = force.xyz.map(|v| v * 0.9);
            }
            fixed.push(Force {
                centre: 0.18,
                left: 0.18,
                right: 0.24,
                xyz: towards(wall).map(|v| v * TOWARDS_MV),
            });
        } else {
            return Ok(qrs);
        }
    }
    Err(match (hidden, false_q) {
        (Some(wall), _) => PatientError::QWaves {
            wall,
            found: "does not show the pathological Q waves of its label",
        },
        (None, wall) => PatientError::QWaves {
            wall: wall.unwrap_or(Territory::Lateral),
            found: "shows pathological Q waves without a label",
        },
    })
}

/// Whether a wall may show Q waves: with its label; beside an infarct that shares V2 with it; where the order of
/// activation is not the normal one and Q waves mean nothing.
fn may_show(plan: &PatientPlan, labelled: &[Territory], wall: Territory) -> bool {
    let shares_v2 = |other: &Territory| {
        matches!(
            (other, wall),
            (Territory::Anterior, Territory::Septal) | (Territory::Septal, Territory::Anterior)
        )
    };
    labelled.contains(&wall)
        || labelled.iter().any(shares_v2)
        || plan.has(Finding::PacedRhythm)
        || plan.has(Finding::LeftBundleBranchBlock)
}

/// Direction of first forces that a wall sees as an R wave.
const fn towards(wall: Territory) -> [f64; 3] {
    match wall {
        // None to the left: a lateral infarct beside it keeps its Q waves.
        Territory::Anterior => [0.0, 0.0, -1.0],
        Territory::Septal => [-0.20, 0.0, -0.95],
        Territory::Lateral => [1.0, -0.20, 0.0],
        Territory::Inferior => [0.0, 1.0, 0.0],
    }
}
