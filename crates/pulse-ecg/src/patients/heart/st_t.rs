//! ST and T of a patient's dominant beat, and those that follow an abnormal order of activation.

use rand::Rng;

use super::beat::ST_MEASURED_AFTER_S;
use super::forces::{ST_STRAIN, T_NORMAL, T_RIGHT_BUNDLE, T_STRAIN};
use super::injury::{depression, elevation, second_best};
use super::lead_field::{LeadField, Leads};
use super::repolarisation::Repolarisation;
use super::wave::Wave;
use crate::patients::chance::{bell, between};
use crate::patients::{Finding, PatientPlan, Territory};
use crate::recording::Sex;

/// Levels of the ST plateau and peaks of T for the plan's QRS complex.
pub(super) fn st_and_t(
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
    // Flutter is drawn where its waves can be told from T.
    let gain = if plan.has(Finding::AtrialFlutter) {
        0.6 * gain
    } else {
        gain
    };
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
pub(super) fn discordant(qrs: &[Wave], qrs_s: f64, share: f64) -> (Leads, Leads) {
    let mut area = [0.0; 8];
    for wave in qrs {
        for (sum, lead) in area.iter_mut().zip(wave.leads) {
            *sum += wave.area() * lead / (qrs_s * 0.5);
        }
    }
    (area.map(|v| -0.11 * v), area.map(|v| -share * v))
}
