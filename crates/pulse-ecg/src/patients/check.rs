//! What a plan may ask for.
//!
//! Limits of normal: Surawicz et al. 2009 and Rautaharju et al. 2009 (AHA/ACCF/HRS recommendations III and
//! IV): QRS of bundle branch block from 120 ms, normal axis -30 to 90 degrees, QTc prolonged from 450 ms in
//! men and 460 ms in women; PR above 200 ms is first-degree block.

mod findings;
mod limits;

use super::{PatientError, PatientPlan};
use crate::recording::Sex;

/// Longest normal QTc (Bazett) in milliseconds.
pub(super) const fn qtc_limit_ms(sex: Sex) -> f64 {
    match sex {
        Sex::Male => 450.0,
        Sex::Female => 460.0,
    }
}

pub(super) fn validate(plan: &PatientPlan) -> Result<(), PatientError> {
    findings::findings(&plan.findings)?;
    let rhythm = plan.rhythm().ok_or(PatientError::NoRhythm)?;
    limits::recording(plan)?;
    limits::disturbances(plan)?;
    limits::rate(plan, rhythm)?;
    limits::long_enough(plan, rhythm)?;
    limits::conduction(plan, rhythm)?;
    limits::repolarisation(plan)?;
    limits::axis(plan)
}
