//! Fits a QRS complex to the voltage, axis and duration that a plan asks for.

use super::forces::Force;
use super::injury::lead_value;
use super::lead_field::{CHEST, LeadField, Leads, frontal};
use super::wave::{Wave, sum_at, visible_span};
use crate::lead::Lead;

/// Millivolts off the baseline, in any of the twelve leads, at which QRS counts as begun or not yet ended. A
/// wave of a single lead is one from 0.03 mV on (IEC 60601-2-51:2003, annex GG.5, as manuals of
/// electrocardiographs cite it); over all leads the first movement is seen earlier than in any one of them.
pub(super) const VISIBLE_MV: f64 = 0.02;

/// Steps through QRS when its extremes are sought.
const STEPS: u32 = 96;

/// The size of QRS.
#[derive(Debug, Clone, Copy)]
pub(super) enum Voltage {
    /// S in V1 plus the larger R of V5 and V6 (Sokolow and Lyon 1949), with Cornell's sum
    /// (R in aVL + S in V3) held below `cornell`.
    Sokolow { sum: f64, cornell: f64 },
    /// Largest deflection of the chest leads.
    LargestChest(f64),
}

/// Extremes of the independent leads and aVL through QRS.
pub(super) struct Extremes {
    pub(super) highest: Leads,
    pub(super) lowest: Leads,
    highest_avl: f64,
}

impl Extremes {
    pub(super) fn of(waves: &[Wave], from: f64, to: f64) -> Self {
        let mut found = Self {
            highest: [0.0; 8],
            lowest: [0.0; 8],
            highest_avl: 0.0,
        };
        for i in 0..=STEPS {
            let leads = sum_at(waves, from + (to - from) * f64::from(i) / f64::from(STEPS));
            for (lead, value) in leads.iter().enumerate() {
                found.highest[lead] = found.highest[lead].max(*value);
                found.lowest[lead] = found.lowest[lead].min(*value);
            }
            found.highest_avl = found.highest_avl.max(lead_value(&leads, &Lead::AVL));
        }
        found
    }

    /// S in V1 plus the larger R of V5 and V6.
    pub(super) fn sokolow_mv(&self) -> f64 {
        self.highest[CHEST + 4].max(self.highest[CHEST + 5]) - self.lowest[CHEST]
    }

    /// R in aVL plus S in V3.
    pub(super) fn cornell_mv(&self) -> f64 {
        self.highest_avl - self.lowest[CHEST + 2]
    }

    fn largest(&self, leads: std::ops::Range<usize>) -> f64 {
        leads
            .map(|lead| self.highest[lead].max(-self.lowest[lead]))
            .fold(1e-3, f64::max)
    }
}

/// QRS waves in fractions of its length: `forces` turned and scaled, and `fixed` vectors as they are.
pub(super) fn fit(
    field: &LeadField,
    forces: &[Force],
    fixed: &[Force],
    axis_degrees: f64,
    voltage: Voltage,
) -> Vec<Wave> {
    let (mut turn, mut chest_gain, mut limb_gain) = (0.0, 1.0, 1.0);
    let largest_limb = match voltage {
        Voltage::Sokolow { .. } => 1.8,
        Voltage::LargestChest(_) => 1.25,
    };
    let settled = with_recovery(field, fixed);
    let mut waves = Vec::with_capacity(forces.len() + settled.len());
    // Voltages depend on the turn weakly; the axis comes last in each round and is exact after it.
    for _ in 0..4 {
        let extremes = {
            build(
                &mut waves, field, forces, &settled, turn, chest_gain, limb_gain,
            );
            Extremes::of(&waves, 0.0, 1.0)
        };
        let factor = match voltage {
            Voltage::Sokolow { sum, cornell } => (sum / extremes.sokolow_mv().max(0.1))
                .min(cornell / extremes.cornell_mv().max(0.05)),
            Voltage::LargestChest(mv) => mv / extremes.largest(CHEST..8),
        };
        chest_gain *= factor;
        let limb = extremes.largest(0..CHEST) * factor;
        limb_gain *= factor * (limb.clamp(0.62, largest_limb) / limb);
        build(
            &mut waves, field, forces, &settled, 0.0, chest_gain, limb_gain,
        );
        let [left, feet] = net_area(&waves[..forces.len()]);
        turn = axis_degrees - libm::atan2(feet, left).to_degrees();
    }
    build(
        &mut waves, field, forces, &settled, turn, chest_gain, limb_gain,
    );
    waves
}

fn build(
    waves: &mut Vec<Wave>,
    field: &LeadField,
    forces: &[Force],
    settled: &[Wave],
    turn: f64,
    chest_gain: f64,
    limb_gain: f64,
) {
    waves.clear();
    for force in forces {
        let mut leads = field.project_turned(force.xyz, turn);
        for (lead, value) in leads.iter_mut().enumerate() {
            *value *= if lead < CHEST { limb_gain } else { chest_gain };
        }
        waves.push(Wave {
            centre: force.centre,
            left: force.left,
            right: force.right,
            leads,
        });
    }
    waves.extend_from_slice(settled);
}

/// Waves of the lost forces, and what comes after them: a wave in the limb leads that gives back their net
/// area, so that they make a Q wave and leave the axis alone.
fn with_recovery(field: &LeadField, fixed: &[Force]) -> Vec<Wave> {
    let mut waves: Vec<Wave> = fixed
        .iter()
        .map(|force| Wave {
            centre: force.centre,
            left: force.left,
            right: force.right,
            leads: field.project(force.xyz),
        })
        .collect();
    if waves.is_empty() {
        return waves;
    }
    let mut recovery = Wave {
        centre: 0.60,
        left: 0.22,
        right: 0.26,
        leads: [0.0; 8],
    };
    for lead in 0..CHEST {
        let lost: f64 = waves.iter().map(|w| w.area() * w.leads[lead]).sum();
        recovery.leads[lead] = -lost / recovery.area();
    }
    waves.push(recovery);
    waves
}

/// Net area of QRS on Einthoven's triangle.
fn net_area(waves: &[Wave]) -> [f64; 2] {
    let mut sum = [0.0; 2];
    for wave in waves {
        sum[0] += wave.area() * wave.leads[0];
        sum[1] += wave.area() * wave.leads[1];
    }
    frontal(sum[0], sum[1])
}

/// Maps fractions to seconds so that the visible complex starts at 0 and lasts `qrs_s`.
pub(super) fn stretch(waves: &[Wave], qrs_s: f64) -> Vec<Wave> {
    let (on, off) = visible_span(waves, -0.1, 1.1, VISIBLE_MV).unwrap_or((0.0, 1.0));
    let scale = qrs_s / (off - on).max(0.3);
    waves.iter().map(|wave| wave.mapped(on, scale)).collect()
}
