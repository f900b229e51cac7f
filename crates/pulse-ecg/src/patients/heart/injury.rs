//! Vectors of ischaemia and infarction by territory.
//!
//! A current of injury points to the wall that is injured through its whole thickness, away from one that is
//! injured inside only; an infarcted wall no longer pulls, so the first forces point away from it. With one
//! vector for each, the changes in the opposite leads come by themselves.

use super::lead_field::Leads;
use crate::lead::Lead;
use crate::patients::Territory;

/// Direction of the ST vector of elevation.
pub(super) const fn elevation(territory: Territory) -> [f64; 3] {
    match territory {
        Territory::Anterior => [0.25, -0.15, -0.60],
        Territory::Septal => [-0.25, 0.05, -0.60],
        Territory::Lateral => [0.70, -0.35, 0.30],
        Territory::Inferior => [-0.15, 0.70, 0.10],
    }
}

/// Direction of the ST vector of depression.
pub(super) const fn depression(territory: Territory) -> [f64; 3] {
    match territory {
        Territory::Anterior => [-0.20, 0.05, 0.55],
        Territory::Septal => [0.15, 0.02, 0.50],
        // A little to the feet, as from a high lateral wall, so that aVL takes part.
        Territory::Lateral => [-0.60, 0.15, 0.05],
        Territory::Inferior => [-0.15, -0.60, 0.02],
    }
}

/// Direction of the first 40 ms after an infarction.
pub(super) const fn q_wave(territory: Territory) -> [f64; 3] {
    match territory {
        Territory::Anterior => [-0.30, 0.05, 0.62],
        Territory::Septal => [0.18, 0.05, 0.55],
        Territory::Lateral => [-0.62, 0.22, -0.15],
        Territory::Inferior => [0.10, -0.60, 0.05],
    }
}

/// Value of a standard lead from the independent ones.
pub(in crate::patients) fn lead_value(leads: &Leads, lead: &Lead) -> f64 {
    match lead {
        Lead::I => leads[0],
        Lead::II => leads[1],
        Lead::III => leads[1] - leads[0],
        Lead::AVR => -0.5 * (leads[0] + leads[1]),
        Lead::AVL => leads[0] - 0.5 * leads[1],
        Lead::AVF => leads[1] - 0.5 * leads[0],
        Lead::V1 => leads[2],
        Lead::V2 => leads[3],
        Lead::V3 => leads[4],
        Lead::V4 => leads[5],
        Lead::V5 => leads[6],
        Lead::V6 => leads[7],
        Lead::Other(_) => 0.0,
    }
}

/// The second largest value that `sign` times a lead of the territory has: what two neighbouring leads reach.
pub(in crate::patients) fn second_best(leads: &Leads, territory: Territory, sign: f64) -> f64 {
    let (mut best, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for lead in territory.leads() {
        let value = sign * lead_value(leads, lead);
        if value > best {
            second = best;
            best = value;
        } else if value > second {
            second = value;
        }
    }
    second
}
