//! Which findings one ECG can show, as far as the generator can.

use crate::patients::{Finding, PatientError, Territory};

pub(super) fn findings(findings: &[Finding]) -> Result<(), PatientError> {
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
        (AtrialFlutter, InferiorQWaveInfarction | InferiorStElevation | InferiorStDepression) => {
            Some("flutter waves hide Q waves and ST levels in the inferior leads")
        }
        (LeftAxisDeviation, LateralQWaveInfarction) => {
            Some("lateral Q waves turn the axis to the right")
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
