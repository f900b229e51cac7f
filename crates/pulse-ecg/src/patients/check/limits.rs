//! Limits of the parameters: what a recording can be and what each finding allows.

use super::qtc_limit_ms;
use crate::patients::{Finding, PatientError, PatientPlan};

pub(super) fn recording(plan: &PatientPlan) -> Result<(), PatientError> {
    let limits = "of a recording the generator makes";
    within("seconds", plan.seconds, 2.0, 3600.0, "s", limits)?;
    within(
        "sampling_rate_hz",
        plan.sampling_rate_hz,
        100.0,
        4000.0,
        "Hz",
        limits,
    )?;
    within(
        "age_years",
        f64::from(plan.age_years),
        18.0,
        100.0,
        "years",
        "for adults only",
    )
}

pub(super) fn disturbances(plan: &PatientPlan) -> Result<(), PatientError> {
    let readable = "so that the ECG stays readable";
    within(
        "noise.muscle_mv",
        plan.noise.muscle_mv,
        0.0,
        0.5,
        "mV",
        readable,
    )?;
    within(
        "noise.mains_mv",
        plan.noise.mains_mv,
        0.0,
        0.5,
        "mV",
        readable,
    )?;
    within(
        "noise.mains_hz",
        plan.noise.mains_hz,
        50.0,
        60.0,
        "Hz",
        "as mains have it",
    )?;
    within(
        "noise.motion_mv",
        plan.noise.motion_mv,
        0.0,
        3.0,
        "mV",
        readable,
    )?;
    within(
        "wander.amplitude_mv",
        plan.wander.amplitude_mv,
        0.0,
        2.0,
        "mV",
        readable,
    )?;
    within(
        "wander.breaths_per_min",
        plan.wander.breaths_per_min,
        4.0,
        60.0,
        "per minute",
        "for a breathing adult",
    )
}

pub(super) fn rate(plan: &PatientPlan, rhythm: Finding) -> Result<(), PatientError> {
    let (low, high, because) = match rhythm {
        Finding::SinusBradycardia => (35.0, 59.5, "in sinus bradycardia"),
        Finding::SinusTachycardia => (100.5, 160.0, "in sinus tachycardia"),
        Finding::AtrialFibrillation => (45.0, 170.0, "in atrial fibrillation"),
        Finding::AtrialFlutter => (60.0, 170.0, "in atrial flutter"),
        Finding::PacedRhythm => (50.0, 110.0, "in paced rhythm"),
        _ => (60.0, 100.0, "in sinus rhythm"),
    };
    within("rate_bpm", plan.rate_bpm, low, high, "per minute", because)
}

/// A recording must hold what its labels say: a premature beat with its neighbours, a breath.
pub(super) fn long_enough(plan: &PatientPlan, rhythm: Finding) -> Result<(), PatientError> {
    let mean_s = 60.0 / plan.rate_bpm;
    let premature = [
        Finding::PrematureAtrialContractions,
        Finding::PrematureVentricularContractions,
    ]
    .iter()
    .filter(|finding| plan.has(**finding))
    .count();
    let irregular = matches!(rhythm, Finding::AtrialFibrillation | Finding::AtrialFlutter);
    // Beat, neighbours and the phase of the first beat are three intervals; those of fibrillation may be
    // nearly twice as long; a second kind keeps three beats away on either side.
    let beats = match (premature, irregular) {
        (0, _) => 0.0,
        (1, false) => 3.6,
        (1, true) => 6.0,
        _ => 9.5,
    };
    if premature > 0 {
        within(
            "seconds",
            plan.seconds,
            beats * mean_s + 0.5,
            3600.0,
            "s",
            "to hold its premature beats at this rate",
        )?;
    }
    if plan.has(Finding::SinusArrhythmia) {
        within(
            "seconds",
            plan.seconds,
            60.0 / plan.wander.breaths_per_min + 2.0 * mean_s,
            3600.0,
            "s",
            "to hold a breath of sinus arrhythmia",
        )?;
    }
    Ok(())
}

pub(super) fn conduction(plan: &PatientPlan, rhythm: Finding) -> Result<(), PatientError> {
    let has_p = !matches!(rhythm, Finding::AtrialFibrillation | Finding::AtrialFlutter);
    match (plan.pr_ms, has_p) {
        (Some(_), false) => {
            return Err(PatientError::PrInterval {
                rhythm,
                expectation: "has no P waves, yet a PR interval is given",
                advice: "set pr_ms to none",
            });
        }
        (None, true) if rhythm != Finding::PacedRhythm => {
            return Err(PatientError::PrInterval {
                rhythm,
                expectation: "has P waves, yet no PR interval is given",
                advice: "set pr_ms",
            });
        }
        (Some(pr), true) if plan.has(Finding::FirstDegreeAvBlock) => {
            within("pr_ms", pr, 201.0, 360.0, "ms", "in first-degree AV block")?;
        }
        (Some(pr), true) => within(
            "pr_ms",
            pr,
            110.0,
            200.0,
            "ms",
            "without first-degree AV block",
        )?,
        (None, _) => {}
    }
    if let Some(pr) = plan.pr_ms {
        // The P wave follows the end of the T wave before it by no more than an overlap of 60 ms.
        let room = 60_000.0 / plan.rate_bpm - plan.qt_ms + 60.0;
        within(
            "pr_ms",
            pr,
            0.0,
            room,
            "ms",
            "between the T wave before and the QRS at this rate and QT",
        )?;
    }
    let (low, high, because) = if plan.has(Finding::PacedRhythm) {
        (130.0, 200.0, "in paced beats")
    } else if plan.has(Finding::LeftBundleBranchBlock) || plan.has(Finding::RightBundleBranchBlock)
    {
        (120.0, 180.0, "in bundle branch block")
    } else {
        (70.0, 110.0, "without bundle branch block or pacing")
    };
    within("qrs_ms", plan.qrs_ms, low, high, "ms", because)
}

pub(super) fn repolarisation(plan: &PatientPlan) -> Result<(), PatientError> {
    let beat_ms = 60_000.0 / plan.rate_bpm;
    within(
        "qt_ms",
        plan.qt_ms,
        plan.qrs_ms + 150.0,
        (0.92 * beat_ms).min(700.0),
        "ms",
        "between QRS and the next beat",
    )?;
    // Bazett over-corrects fast rates and wide QRS prolongs QT by itself: there the limit says nothing.
    let judged = plan.qrs_ms <= 110.0 && plan.rate_bpm <= 100.0;
    let qtc = plan.qtc_bazett_ms();
    let limit = qtc_limit_ms(plan.sex);
    if plan.has(Finding::LongQt) {
        within(
            "qtc (Bazett)",
            qtc,
            limit + 10.0,
            640.0,
            "ms",
            "in a prolonged QT interval",
        )
    } else if judged {
        within(
            "qtc (Bazett)",
            qtc,
            330.0,
            limit,
            "ms",
            "without a prolonged QT interval",
        )
    } else {
        Ok(())
    }
}

pub(super) fn axis(plan: &PatientPlan) -> Result<(), PatientError> {
    let (low, high, because) = if plan.has(Finding::LeftAxisDeviation) {
        (-80.0, -31.0, "in left axis deviation")
    } else if plan.has(Finding::RightAxisDeviation) {
        (91.0, 150.0, "in right axis deviation")
    } else if plan.has(Finding::PacedRhythm) {
        (
            -100.0,
            -31.0,
            "for pacing at the apex of the right ventricle",
        )
    } else {
        (-30.0, 90.0, "without axis deviation")
    };
    within(
        "axis_degrees",
        plan.axis_degrees,
        low,
        high,
        "degrees",
        because,
    )
}

fn within(
    parameter: &'static str,
    value: f64,
    low: f64,
    high: f64,
    unit: &'static str,
    because: &'static str,
) -> Result<(), PatientError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(PatientError::OutOfRange {
            parameter,
            value,
            low,
            high,
            unit,
            because,
        })
    }
}
