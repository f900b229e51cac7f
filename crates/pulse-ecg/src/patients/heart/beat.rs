//! The ventricular beat of one patient: QRS, ST and T in the eight independent leads.

use rand::Rng;

use super::fit::{Extremes, Voltage, fit, stretch};
use super::forces::{
    ECTOPIC, Force, HYPERTROPHY, LEFT_BUNDLE, NORMAL, PACED, RIGHT_BUNDLE, ST_STRAIN, T_NORMAL,
    T_RIGHT_BUNDLE, T_STRAIN,
};
use super::injury::{depression, elevation, q_wave as lost_direction, second_best};
use super::lead_field::{LeadField, Leads};
use super::q_wave;
use super::repolarisation::Repolarisation;
use super::wave::{Wave, sum_at};
use crate::patients::chance::{bell, between, index};
use crate::patients::{Finding, PatientPlan, Territory};
use crate::recording::Sex;

/// Seconds after the end of QRS at which ST levels are set and reported.
pub(in crate::patients) const ST_MEASURED_AFTER_S: f64 = 0.06;

/// Most steps towards Q waves; the forces lost are twice as large after six.
const Q_STEPS: u32 = 9;

/// One kind of ventricular beat.
#[derive(Debug, Clone)]
pub(in crate::patients) struct Ventricle {
    /// QRS waves, seconds after QRS onset.
    pub(in crate::patients) qrs: Vec<Wave>,
    /// Duration of QRS.
    pub(in crate::patients) qrs_s: f64,
    /// Time of the largest heart vector, seconds after onset.
    pub(in crate::patients) peak_s: f64,
    /// Level of the ST plateau.
    pub(in crate::patients) st: Leads,
    /// Peak of the T wave.
    pub(in crate::patients) t: Leads,
}

impl Ventricle {
    /// The dominant beat of a plan.
    pub(in crate::patients) fn dominant(
        plan: &PatientPlan,
        field: &LeadField,
        rng: &mut impl Rng,
    ) -> Self {
        let forces = vary(forces_of(plan), rng);
        let lost = lost_forces(plan, rng);
        let voltage = voltage_of(plan, rng);
        let qrs = with_q_waves(plan, field, forces, lost, voltage);
        let (st, t) = st_and_t(plan, field, &qrs, rng);
        Self::new(qrs, plan.qrs_ms * 1e-3, st, t)
    }

    /// A premature ventricular beat: wide, large, with its T wave against it.
    pub(in crate::patients) fn ectopic(field: &LeadField, rng: &mut impl Rng) -> Self {
        let forces = vary(&ECTOPIC[index(rng, ECTOPIC.len())], rng);
        let mut sum = [0.0; 2];
        for force in &forces {
            let leads = field.project(force.xyz);
            sum = [sum[0] + leads[0], sum[1] + leads[1]];
        }
        let axis = super::lead_field::frontal_axis_degrees(sum[0], sum[1]);
        let voltage = Voltage::LargestChest(between(rng, 1.5, 2.4));
        let qrs_s = between(rng, 0.136, 0.172);
        let qrs = stretch(&fit(field, &forces, &[], axis, voltage), qrs_s);
        let (st, t) = discordant(&qrs, qrs_s, between(rng, 0.30, 0.42));
        Self::new(qrs, qrs_s, st, t)
    }

    fn new(qrs: Vec<Wave>, qrs_s: f64, st: Leads, t: Leads) -> Self {
        let energy = |i: &u32| {
            let leads = sum_at(&qrs, qrs_s * f64::from(*i) / 128.0);
            leads.iter().map(|v| v * v).sum::<f64>()
        };
        let peak = (0..=128)
            .max_by(|a, b| energy(a).total_cmp(&energy(b)))
            .unwrap_or(64);
        Self {
            peak_s: qrs_s * f64::from(peak) / 128.0,
            qrs,
            qrs_s,
            st,
            t,
        }
    }

    /// S in V1 plus the larger R of V5 and V6, millivolts.
    pub(in crate::patients) fn sokolow_mv(&self) -> f64 {
        Extremes::of(&self.qrs, 0.0, self.qrs_s).sokolow_mv()
    }

    /// Level of all leads 60 ms after the end of QRS, for a QT interval.
    pub(in crate::patients) fn st_level(&self, qt_s: f64) -> Leads {
        Repolarisation::new(self.qrs_s, qt_s).level(&self.st, &self.t, ST_MEASURED_AFTER_S)
    }

    /// ST and T in time for a QT interval.
    pub(in crate::patients) fn repolarisation(&self, qt_s: f64) -> Repolarisation {
        Repolarisation::new(self.qrs_s, qt_s)
    }
}

fn forces_of(plan: &PatientPlan) -> &'static [Force] {
    if plan.has(Finding::PacedRhythm) {
        &PACED
    } else if plan.has(Finding::LeftBundleBranchBlock) {
        &LEFT_BUNDLE
    } else if plan.has(Finding::RightBundleBranchBlock) {
        &RIGHT_BUNDLE
    } else if plan.has(Finding::LeftVentricularHypertrophy) {
        &HYPERTROPHY
    } else {
        &NORMAL
    }
}

/// No two hearts are alike: sizes and times of the forces differ a little.
fn vary(forces: &[Force], rng: &mut impl Rng) -> Vec<Force> {
    let vary = |force: &Force, rng: &mut _| {
        let gain = bell(rng, 1.0, 0.10).clamp(0.7, 1.3);
        let late = bell(rng, 0.0, 0.012);
        Force {
            centre: force.centre + late,
            left: force.left * bell(rng, 1.0, 0.05),
            right: force.right * bell(rng, 1.0, 0.05),
            xyz: [
                force.xyz[0] * gain + bell(rng, 0.0, 0.02),
                force.xyz[1] * gain + bell(rng, 0.0, 0.02),
                force.xyz[2] * gain + bell(rng, 0.0, 0.03),
            ],
        }
    };
    forces.iter().map(|force| vary(force, rng)).collect()
}

/// First forces away from infarcted walls, in millivolts.
fn lost_forces(plan: &PatientPlan, rng: &mut impl Rng) -> Vec<Force> {
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
                Territory::Anterior | Territory::Septal => (0.30, 0.34),
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
fn with_q_waves(
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

fn voltage_of(plan: &PatientPlan, rng: &mut impl Rng) -> Voltage {
    if plan.has(Finding::PacedRhythm) || plan.has(Finding::LeftBundleBranchBlock) {
        return Voltage::LargestChest(between(rng, 1.4, 2.3));
    }
    if plan.has(Finding::RightBundleBranchBlock) {
        return Voltage::LargestChest(between(rng, 1.1, 1.7));
    }
    if plan.has(Finding::LeftVentricularHypertrophy) {
        return Voltage::Sokolow {
            sum: between(rng, 3.7, 4.5),
            cornell: 9.0,
        };
    }
    let young = (60.0 - f64::from(plan.age_years)).max(0.0) * 0.008;
    Voltage::Sokolow {
        sum: (bell(rng, 2.15, 0.35) + young).clamp(1.4, 3.1),
        cornell: if plan.sex == Sex::Male { 2.4 } else { 1.75 },
    }
}

fn st_and_t(
    plan: &PatientPlan,
    field: &LeadField,
    qrs: &[Wave],
    rng: &mut impl Rng,
) -> (Leads, Leads) {
    if plan.has(Finding::PacedRhythm) || plan.has(Finding::LeftBundleBranchBlock) {
        return discordant(qrs, plan.qrs_ms * 1e-3, between(rng, 0.26, 0.36));
    }
    let strain = plan.has(Finding::LeftVentricularStrain);
    let base = if strain {
        T_STRAIN
    } else if plan.has(Finding::RightBundleBranchBlock) {
        T_RIGHT_BUNDLE
    } else {
        T_NORMAL
    };
    // T gets flatter with age and rate, and is taller in men.
    let gain = bell(rng, 1.0, 0.16).clamp(0.65, 1.4)
        * (1.12 - 0.004 * (f64::from(plan.age_years) - 30.0)).clamp(0.8, 1.15)
        * (1.0 - 0.003 * (plan.rate_bpm - 70.0)).clamp(0.75, 1.1)
        * if plan.sex == Sex::Male { 1.08 } else { 0.92 };
    let gain = if strain { gain.max(0.8) } else { gain };
    let turned = [
        base[0],
        base[1] + bell(rng, 0.0, 0.03),
        base[2] + bell(rng, 0.0, 0.04),
    ]
    .map(|v| v * gain);
    // The T axis follows the QRS axis by a quarter.
    let turn = if strain {
        0.0
    } else {
        (plan.axis_degrees - 45.0).clamp(-90.0, 60.0) * 0.25
    };
    let mut t = field.project_turned(turned, turn);
    let mut st = if strain {
        field.project(ST_STRAIN.map(|v| v * gain))
    } else {
        field.project([0.01, 0.005, -0.015])
    };
    injure(plan, field, &mut st, &mut t, rng);
    (st, t)
}

/// Adds currents of injury, sized so that in every named territory two leads reach the level drawn.
fn injure(
    plan: &PatientPlan,
    field: &LeadField,
    st: &mut Leads,
    t: &mut Leads,
    rng: &mut impl Rng,
) {
    for (sign, of) in [
        (
            1.0,
            Finding::st_elevation as fn(Finding) -> Option<Territory>,
        ),
        (-1.0, Finding::st_depression),
    ] {
        let walls: Vec<_> = plan
            .findings
            .iter()
            .filter_map(|finding| of(*finding))
            .collect();
        if walls.is_empty() {
            continue;
        }
        let mut direction = [0.0; 3];
        for wall in &walls {
            let vector = if sign > 0.0 {
                elevation(*wall)
            } else {
                depression(*wall)
            };
            for (sum, v) in direction.iter_mut().zip(vector) {
                *sum += v;
            }
        }
        let leads = field.project(direction);
        let wanted = if sign > 0.0 {
            between(rng, 0.20, 0.38)
        } else {
            between(rng, 0.13, 0.22)
        };
        let t_share = if sign > 0.0 {
            between(rng, 0.55, 1.0)
        } else {
            between(rng, 0.1, 0.5)
        };
        let repolarisation = Repolarisation::new(plan.qrs_ms * 1e-3, plan.qt_ms * 1e-3);
        let now = repolarisation.level(st, t, ST_MEASURED_AFTER_S);
        let mut added = leads;
        let t_there = repolarisation
            .shapes(plan.qrs_ms * 1e-3 + ST_MEASURED_AFTER_S)
            .1;
        for value in &mut added {
            *value *= 1.0 + t_share * t_there;
        }
        // Smallest size at which the weakest wall is there: the level is linear in it.
        let size = walls
            .iter()
            .map(|wall| size_for(&now, &added, *wall, sign, wanted))
            .fold(0.0, f64::max);
        for lead in 0..8 {
            st[lead] += size * leads[lead];
            t[lead] += size * t_share * leads[lead];
        }
    }
}

/// Least size of `added` (up to 1.5) that brings two leads of the wall to the wanted level, by bisection.
fn size_for(now: &Leads, added: &Leads, wall: Territory, sign: f64, wanted: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.5);
    for _ in 0..24 {
        let middle = 0.5 * (low + high);
        let level: Leads = std::array::from_fn(|lead| now[lead] + middle * added[lead]);
        if second_best(&level, wall, sign) < wanted {
            low = middle
        } else {
            high = middle
        }
    }
    high
}

/// ST and T against QRS, as large as its net area asks: what follows an abnormal order of activation.
fn discordant(qrs: &[Wave], qrs_s: f64, share: f64) -> (Leads, Leads) {
    let mut area = [0.0; 8];
    for wave in qrs {
        for (sum, lead) in area.iter_mut().zip(wave.leads) {
            *sum += wave.area() * lead / (qrs_s * 0.5);
        }
    }
    (area.map(|v| -0.11 * v), area.map(|v| -share * v))
}
