//! The complex of an infarcted heart: forces that are lost, until every wall shows its Q waves.

use rand::Rng;

use super::fit::{Voltage, fit, stretch};
use super::forces::Force;
use super::injury::q_wave as lost_direction;
use super::lead_field::LeadField;
use super::q_wave;
use super::wave::Wave;
use crate::patients::chance::between;
use crate::patients::{PatientPlan, Territory};

/// Most steps towards Q waves; the forces lost are twice as large after six.
const Q_STEPS: u32 = 9;

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

/// The fitted complex, with the lost forces made larger, and the early forces that are left smaller, until
/// every infarcted wall shows its Q waves.
pub(super) fn with_q_waves(
    plan: &PatientPlan,
    field: &LeadField,
    mut forces: Vec<Force>,
    mut lost: Vec<Force>,
    voltage: Voltage,
) -> Vec<Wave> {
    let walls = plan
        .findings
        .iter()
        .filter_map(|finding| finding.q_wave_infarction());
    for _ in 0..Q_STEPS {
        let qrs = stretch(
            &fit(field, &forces, &lost, plan.axis_degrees, voltage),
            plan.qrs_ms * 1e-3,
        );
        if walls.clone().all(|wall| q_wave::shows(&qrs, wall)) {
            return qrs;
        }
        for force in &mut lost {
            force.xyz = force.xyz.map(|v| v * 1.12);
        }
        for force in forces.iter_mut().filter(|force| force.centre < 0.45) {
            force.xyz = force.xyz.map(|v| v * 0.8);
        }
    }
    stretch(
        &fit(field, &forces, &lost, plan.axis_degrees, voltage),
        plan.qrs_ms * 1e-3,
    )
}
