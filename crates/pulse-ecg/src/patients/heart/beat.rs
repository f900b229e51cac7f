//! The ventricular beat of one patient: QRS, ST and T in the eight independent leads.

use rand::Rng;

use super::fit::{Extremes, Voltage, fit, stretch};
use super::forces::{ECTOPIC, Force, HYPERTROPHY, LEFT_BUNDLE, NORMAL, PACED, RIGHT_BUNDLE};
use super::infarction::{lost_forces, with_q_waves};
use super::lead_field::{LeadField, Leads};
use super::repolarisation::Repolarisation;
use super::st_t::{discordant, st_and_t};
use super::wave::{Wave, sum_at};
use crate::patients::chance::{bell, between, index};
use crate::patients::{Finding, PatientError, PatientPlan};
use crate::recording::Sex;

/// Seconds after the end of QRS at which ST levels are set and reported.
pub(in crate::patients) const ST_MEASURED_AFTER_S: f64 = 0.06;

/// Hearts drawn until one shows the Q waves of its labels, no others, and no unlabelled voltages; few need a second.
const MOST_DRAWS: u32 = 12;

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
    ///
    /// # Errors
    ///
    /// [`PatientError::QWaves`] where its Q waves would not be what its labels say.
    pub(in crate::patients) fn dominant(
        plan: &PatientPlan,
        field: &LeadField,
        rng: &mut impl Rng,
    ) -> Result<Self, PatientError> {
        let mut draws = 1;
        let qrs = loop {
            let forces = vary(forces_of(plan), rng);
            let lost = lost_forces(plan, rng);
            let voltage = voltage_of(plan, rng);
            match with_q_waves(plan, field, forces, lost, voltage) {
                Ok(qrs) if !has_unlabelled_voltage(plan, &qrs) => break qrs,
                _ if draws < MOST_DRAWS => draws += 1,
                Err(error) => return Err(error),
                // Rare, and said in the documents.
                Ok(qrs) => break qrs,
            }
        };
        let (st, t) = st_and_t(plan, field, &qrs, rng);
        Ok(Self::new(qrs, plan.qrs_ms * 1e-3, st, t))
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

/// Whether voltages come near those of hypertrophy (Sokolow and Lyon 1949; Casale et al. 1987) that no label says:
/// the R wave in aVL after a lateral Q wave can.
fn has_unlabelled_voltage(plan: &PatientPlan, qrs: &[Wave]) -> bool {
    let labelled = [
        Finding::LeftVentricularHypertrophy,
        Finding::LeftBundleBranchBlock,
        Finding::PacedRhythm,
    ];
    let cornell_mv = if plan.sex == Sex::Male { 2.6 } else { 1.85 };
    let found = Extremes::of(qrs, 0.0, plan.qrs_ms * 1e-3);
    !labelled.into_iter().any(|finding| plan.has(finding))
        && (found.sokolow_mv() > 3.3 || found.cornell_mv() > cornell_mv)
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
