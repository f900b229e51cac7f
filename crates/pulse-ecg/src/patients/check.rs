//! What a plan may ask for.
//!
//! Limits of normal: Surawicz et al. 2009 and Rautaharju et al. 2009 (AHA/ACCF/HRS recommendations III and
//! IV): QRS of bundle branch block from 120 ms, normal axis -30 to 90 degrees, QTc prolonged from 450 ms in
//! men and 460 ms in women; PR above 200 ms is first-degree block.

use super::{Finding, PatientError, PatientPlan, Territory};
use crate::recording::Sex;

/// Longest normal QTc (Bazett) in milliseconds.
pub(super) const fn qtc_limit_ms(sex: Sex) -> f64 {
    match sex {
        Sex::Male => 450.0,
        Sex::Female => 460.0,
    }
}

pub(super) fn validate(plan: &PatientPlan) -> Result<(), PatientError> {
    findings(&plan.findings)?;
    let rhythm = plan.rhythm().ok_or(PatientError::NoRhythm)?;
    recording(plan)?;
    disturbances(plan)?;
    rate(plan, rhythm)?;
    long_enough(plan, rhythm)?;
    conduction(plan, rhythm)?;
    repolarisation(plan)?;
    axis(plan)
}

fn findings(findings: &[Finding]) -> Result<(), PatientError> {
    for (i, &first) in findings.iter().enumerate() {
        for &second in &findings[i + 1..] {
            if first == second {
                return Err(PatientError::Repeated { finding: first });
            }
            if let Some(reason) =
                contradiction(first, second).or_else(|| contradiction(second, first))
            {
                return Err(PatientError::Contradiction {
                    first,
                    second,
                    reason,
                });
            }
        }
    }
    if findings.contains(&Finding::LeftVentricularStrain)
        && !findings.contains(&Finding::LeftVentricularHypertrophy)
    {
        return Err(PatientError::Incomplete {
            finding: Finding::LeftVentricularStrain,
            needs: "left ventricular hypertrophy",
        });
    }
    Ok(())
}

/// Why two findings exclude each other, asked in one order.
#[allow(clippy::enum_glob_use)]
fn contradiction(a: Finding, b: Finding) -> Option<&'static str> {
    use Finding::*;
    let wide = |finding| matches!(finding, LeftBundleBranchBlock | PacedRhythm);
    let st =
        |finding: Finding| finding.st_elevation().is_some() || finding.st_depression().is_some();
    if a.is_rhythm() && b.is_rhythm() {
        return Some("an ECG has one dominant rhythm");
    }
    match (a, b) {
        (SinusArrhythmia, SinusTachycardia | AtrialFibrillation | AtrialFlutter | PacedRhythm) => {
            Some("sinus arrhythmia is a variation of slow or normal sinus rhythm")
        }
        (FirstDegreeAvBlock, AtrialFibrillation | AtrialFlutter) => {
            Some("there is no PR interval without P waves")
        }
        (FirstDegreeAvBlock, PacedRhythm) => Some("the pacemaker sets the interval from P to QRS"),
        (PrematureAtrialContractions, AtrialFibrillation | AtrialFlutter) => {
            Some("no atrial beat can be premature while the atria fibrillate or flutter")
        }
        (PrematureAtrialContractions | PrematureVentricularContractions, SinusArrhythmia) => {
            Some("the pauses after premature beats would hide the breathing pattern")
        }
        (PrematureAtrialContractions | PrematureVentricularContractions, PacedRhythm) => {
            Some("the generator keeps a paced rhythm free of premature beats")
        }
        (LeftBundleBranchBlock, RightBundleBranchBlock) => {
            Some("both bundles blocked is complete heart block")
        }
        (PacedRhythm, LeftBundleBranchBlock | RightBundleBranchBlock) => {
            Some("paced beats do not travel through the bundle branches")
        }
        (
            LeftVentricularHypertrophy,
            LeftBundleBranchBlock | RightBundleBranchBlock | PacedRhythm,
        ) => Some("the voltage criteria do not hold when QRS is wide"),
        (LeftAxisDeviation, RightAxisDeviation) => Some("the axis has one direction"),
        (LeftAxisDeviation | RightAxisDeviation, PacedRhythm) => {
            Some("the axis of paced beats is set by the electrode")
        }
        (RightAxisDeviation, LeftBundleBranchBlock | LeftVentricularHypertrophy) => {
            Some("the generator's left-sided forces point left")
        }
        (LongQt, PacedRhythm | LeftBundleBranchBlock | RightBundleBranchBlock) => {
            Some("a wide QRS prolongs QT by itself")
        }
        (LongQt, SinusTachycardia | AtrialFlutter) => {
            Some("the T wave would run into the next beat")
        }
        (a, b) if wide(a) && (st(b) || b.q_wave_infarction().is_some()) => {
            Some("the ST-T changes and Q waves of a wide QRS are secondary")
        }
        (a, b) if a == LeftVentricularStrain && (st(b) || b == RightBundleBranchBlock) => {
            Some("strain is itself a change of ST and T")
        }
        (a, b) if a == LeftVentricularHypertrophy && b.q_wave_infarction().is_some() => {
            Some("the lost forces would undo the voltages")
        }
        (a, b)
            if a == RightAxisDeviation
                && b.q_wave_infarction()
                    .is_some_and(|t| t == Territory::Inferior) =>
        {
            Some("inferior Q waves turn the axis to the left")
        }
        (a, b) => territories(a, b),
    }
}

/// Territories that the electrical vector of one wall can show together.
fn territories(a: Finding, b: Finding) -> Option<&'static str> {
    use Territory::{Anterior, Inferior, Lateral, Septal};
    let adjacent = |a, b| {
        matches!(
            (a, b),
            (Anterior, Septal | Lateral)
                | (Septal | Lateral, Anterior)
                | (Inferior, Lateral)
                | (Lateral, Inferior)
        )
    };
    let apart = Some("the generator shows one change in neighbouring territories only");
    if let (Some(a), Some(b)) = (a.st_elevation(), b.st_elevation()) {
        return if adjacent(a, b) { None } else { apart };
    }
    if let (Some(a), Some(b)) = (a.st_depression(), b.st_depression()) {
        return if adjacent(a, b) { None } else { apart };
    }
    if let (Some(a), Some(b)) = (a.q_wave_infarction(), b.q_wave_infarction()) {
        return if adjacent(a, b) { None } else { apart };
    }
    let (raised, lowered) = (a.st_elevation()?, b.st_depression()?);
    let reciprocal = matches!(
        (raised, lowered),
        (Inferior, Lateral | Anterior | Septal) | (Anterior | Lateral, Inferior)
    );
    if reciprocal {
        None
    } else {
        Some("depression beside elevation is shown where it is reciprocal only")
    }
}

fn recording(plan: &PatientPlan) -> Result<(), PatientError> {
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

fn disturbances(plan: &PatientPlan) -> Result<(), PatientError> {
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

fn rate(plan: &PatientPlan, rhythm: Finding) -> Result<(), PatientError> {
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
fn long_enough(plan: &PatientPlan, rhythm: Finding) -> Result<(), PatientError> {
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

fn conduction(plan: &PatientPlan, rhythm: Finding) -> Result<(), PatientError> {
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

fn repolarisation(plan: &PatientPlan) -> Result<(), PatientError> {
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

fn axis(plan: &PatientPlan) -> Result<(), PatientError> {
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
