//! Plausible parameters for findings, and a mixture of findings for training.

use rand::Rng;

use super::chance::{bell, between, happens, index};
use super::check::qtc_limit_ms;
use super::{Finding, Mixture, Noise, PatientPlan, Territory, Wander};
use crate::recording::Sex;

/// Percentages of a mixture. Chosen for training, not estimated from a population.
struct Shares {
    /// Share of each rhythm; the rest is sinus rhythm.
    rhythms: [(Finding, f64); 5],
    /// Patients offered each further finding; one that contradicts those already drawn is dropped.
    further: [(Finding, f64); 8],
    /// Patients with ST elevation, with ST depression and with Q waves, of one territory each.
    st_elevation: f64,
    st_depression: f64,
    q_waves: f64,
    /// Patients with an axis deviation.
    axis: f64,
}

/// Of [`Mixture::Ward`].
const WARD: Shares = Shares {
    rhythms: [
        (Finding::SinusBradycardia, 12.0),
        (Finding::SinusTachycardia, 10.0),
        (Finding::AtrialFibrillation, 12.0),
        (Finding::AtrialFlutter, 5.0),
        (Finding::PacedRhythm, 4.0),
    ],
    further: [
        (Finding::LeftBundleBranchBlock, 5.0),
        (Finding::RightBundleBranchBlock, 6.0),
        (Finding::LeftVentricularHypertrophy, 8.0),
        (Finding::FirstDegreeAvBlock, 6.0),
        (Finding::PrematureVentricularContractions, 6.0),
        (Finding::PrematureAtrialContractions, 5.0),
        (Finding::SinusArrhythmia, 5.0),
        (Finding::LongQt, 4.0),
    ],
    st_elevation: 8.0,
    st_depression: 7.0,
    q_waves: 8.0,
    axis: 6.0,
};

/// Of [`Mixture::Balanced`].
const BALANCED: Shares = Shares {
    rhythms: [
        (Finding::SinusBradycardia, 13.0),
        (Finding::SinusTachycardia, 13.0),
        (Finding::AtrialFibrillation, 14.0),
        (Finding::AtrialFlutter, 12.0),
        (Finding::PacedRhythm, 8.0),
    ],
    further: [
        (Finding::LeftBundleBranchBlock, 12.0),
        (Finding::RightBundleBranchBlock, 14.0),
        (Finding::LeftVentricularHypertrophy, 15.0),
        (Finding::FirstDegreeAvBlock, 20.0),
        (Finding::PrematureVentricularContractions, 15.0),
        (Finding::PrematureAtrialContractions, 18.0),
        (Finding::SinusArrhythmia, 8.0),
        (Finding::LongQt, 8.0),
    ],
    st_elevation: 22.0,
    st_depression: 20.0,
    q_waves: 16.0,
    axis: 14.0,
};

pub(super) fn mixture(mixture: Mixture, rng: &mut impl Rng) -> PatientPlan {
    let shares = match mixture {
        Mixture::Ward => &WARD,
        Mixture::Balanced => &BALANCED,
    };
    let mut findings = vec![rhythm(shares, rng)];
    let mut offered: Vec<Finding> = shares
        .further
        .iter()
        .filter(|(_, percent)| happens(rng, percent / 100.0))
        .map(|(finding, _)| *finding)
        .collect();
    for (percent, of) in [
        (
            shares.st_elevation,
            Finding::st_elevation as fn(Finding) -> Option<Territory>,
        ),
        (shares.st_depression, Finding::st_depression),
        (shares.q_waves, Finding::q_wave_infarction),
    ] {
        if happens(rng, percent / 100.0) {
            let territory = Territory::ALL[index(rng, Territory::ALL.len())];
            offered.extend(
                Finding::ALL
                    .iter()
                    .copied()
                    .filter(|finding| of(*finding) == Some(territory)),
            );
        }
    }
    if happens(rng, shares.axis / 100.0) {
        offered.push(if happens(rng, 0.7) {
            Finding::LeftAxisDeviation
        } else {
            Finding::RightAxisDeviation
        });
    }
    if offered.contains(&Finding::LeftVentricularHypertrophy) && happens(rng, 0.4) {
        offered.push(Finding::LeftVentricularStrain);
    }
    let mut plan = with_findings(&findings, rng);
    for finding in offered {
        findings.push(finding);
        let candidate = with_findings(&findings, rng);
        if candidate.validate().is_ok() {
            plan = candidate;
        } else {
            findings.pop();
        }
    }
    plan
}

fn rhythm(shares: &Shares, rng: &mut impl Rng) -> Finding {
    let mut left = between(rng, 0.0, 100.0);
    for (finding, percent) in shares.rhythms {
        left -= percent;
        if left < 0.0 {
            return finding;
        }
    }
    Finding::SinusRhythm
}

pub(super) fn with_findings(asked: &[Finding], rng: &mut impl Rng) -> PatientPlan {
    let mut findings = asked.to_vec();
    if !findings.iter().any(|finding| finding.is_rhythm()) {
        findings.insert(0, Finding::SinusRhythm);
    }
    if findings.contains(&Finding::LeftVentricularStrain)
        && !findings.contains(&Finding::LeftVentricularHypertrophy)
    {
        findings.push(Finding::LeftVentricularHypertrophy);
    }
    let has = |finding| findings.contains(&finding);
    let sex = if happens(rng, 0.5) {
        Sex::Female
    } else {
        Sex::Male
    };
    let healthy = findings.iter().all(|finding| {
        matches!(
            finding,
            Finding::SinusRhythm
                | Finding::SinusBradycardia
                | Finding::SinusTachycardia
                | Finding::SinusArrhythmia
        )
    });
    let age = if has(Finding::SinusArrhythmia) {
        bell(rng, 32.0, 9.0)
    } else if healthy {
        bell(rng, 48.0, 16.0)
    } else {
        bell(rng, 68.0, 11.0)
    };
    let rate_bpm = rate(&findings, rng);
    let qrs_ms = if has(Finding::PacedRhythm) {
        between(rng, 145.0, 180.0)
    } else if has(Finding::LeftBundleBranchBlock) {
        between(rng, 130.0, 165.0)
    } else if has(Finding::RightBundleBranchBlock) {
        between(rng, 128.0, 160.0)
    } else {
        let men = if sex == Sex::Male { 5.0 } else { 0.0 };
        let wall = if has(Finding::LeftVentricularHypertrophy) {
            6.0
        } else {
            0.0
        };
        (bell(rng, 88.0, 6.0) + men + wall).clamp(74.0, 108.0)
    };
    let qt_ms = qt(&findings, rate_bpm, qrs_ms, sex, rng);
    let pr_ms = pr(&findings, rate_bpm, qt_ms, rng);
    PatientPlan {
        axis_degrees: axis(&findings, age, rng),
        noise: Noise {
            muscle_mv: between(rng, 0.002, 0.012),
            mains_mv: if happens(rng, 0.2) {
                between(rng, 0.002, 0.015)
            } else {
                0.0
            },
            mains_hz: if happens(rng, 0.5) { 50.0 } else { 60.0 },
            motion_mv: if happens(rng, 0.06) {
                between(rng, 0.1, 0.5)
            } else {
                0.0
            },
        },
        wander: Wander {
            amplitude_mv: between(rng, 0.005, 0.06),
            breaths_per_min: between(rng, 11.0, 20.0),
        },
        age_years: age.clamp(18.0, 97.0) as u16,
        sex,
        seconds: 10.0,
        sampling_rate_hz: 500.0,
        findings,
        rate_bpm,
        pr_ms,
        qrs_ms,
        qt_ms,
    }
}

fn rate(findings: &[Finding], rng: &mut impl Rng) -> f64 {
    let has = |finding| findings.contains(&finding);
    if has(Finding::SinusBradycardia) {
        between(rng, 42.0, 57.0)
    } else if has(Finding::SinusTachycardia) {
        between(rng, 104.0, 138.0)
    } else if has(Finding::AtrialFibrillation) {
        if has(Finding::LongQt) {
            between(rng, 60.0, 85.0)
        } else {
            between(rng, 62.0, 135.0)
        }
    } else if has(Finding::AtrialFlutter) {
        let atrial = between(rng, 265.0, 320.0);
        atrial / [2.0, 2.0, 3.0, 4.0][index(rng, 4)]
    } else if has(Finding::PacedRhythm) {
        between(rng, 60.0, 85.0)
    } else if has(Finding::SinusArrhythmia) {
        between(rng, 62.0, 76.0)
    } else if has(Finding::FirstDegreeAvBlock) || has(Finding::LongQt) {
        between(rng, 62.0, 82.0)
    } else {
        between(rng, 63.0, 94.0)
    }
}

/// QT from a QTc after Fridericia (402 ms in men, 412 in women, Rautaharju et al. 2014 within a few
/// milliseconds), widened by what QRS exceeds 100 ms, and held inside the limits of its label.
fn qt(findings: &[Finding], rate_bpm: f64, qrs_ms: f64, sex: Sex, rng: &mut impl Rng) -> f64 {
    let rr_s = 60.0 / rate_bpm;
    let limit = qtc_limit_ms(sex);
    if findings.contains(&Finding::LongQt) {
        return (between(rng, limit + 25.0, limit + 100.0) * libm::sqrt(rr_s))
            .min(0.8 * rr_s * 1000.0);
    }
    let centre = if sex == Sex::Male { 398.0 } else { 408.0 };
    let qtc = bell(rng, centre, 11.0) + (qrs_ms - 100.0).max(0.0) * 0.8;
    let qt = qtc * libm::cbrt(rr_s);
    let normal = if qrs_ms <= 110.0 && rate_bpm <= 100.0 {
        (limit - 8.0) * libm::sqrt(rr_s)
    } else {
        f64::INFINITY
    };
    let shortest = 335.0 * libm::sqrt(rr_s);
    qt.min(normal)
        .max(shortest.min(normal))
        .min(0.88 * rr_s * 1000.0)
        .max(qrs_ms + 152.0)
}

fn pr(findings: &[Finding], rate_bpm: f64, qt_ms: f64, rng: &mut impl Rng) -> Option<f64> {
    let has = |finding| findings.contains(&finding);
    if has(Finding::AtrialFibrillation) || has(Finding::AtrialFlutter) {
        return None;
    }
    if has(Finding::PacedRhythm) {
        // The pacemaker follows the atria. Without a PR interval the atria stand still, which is rare.
        return Some(between(rng, 140.0, 190.0));
    }
    let room = 60_000.0 / rate_bpm - qt_ms + 55.0;
    if has(Finding::FirstDegreeAvBlock) {
        return Some(between(rng, 216.0, 300.0).min(room));
    }
    let quicker = (rate_bpm - 70.0) * 0.25;
    Some(
        (bell(rng, 158.0, 13.0) - quicker)
            .clamp(120.0, 190.0)
            .min(room),
    )
}

/// Axis turns to the left with age (Macfarlane et al. 2011).
fn axis(findings: &[Finding], age: f64, rng: &mut impl Rng) -> f64 {
    let has = |finding| findings.contains(&finding);
    if has(Finding::LeftAxisDeviation) {
        between(rng, -66.0, -38.0)
    } else if has(Finding::RightAxisDeviation) {
        between(rng, 98.0, 130.0)
    } else if has(Finding::PacedRhythm) {
        between(rng, -85.0, -50.0)
    } else if has(Finding::LeftBundleBranchBlock) || has(Finding::LeftVentricularHypertrophy) {
        between(rng, -20.0, 45.0)
    } else if has(Finding::InferiorQWaveInfarction) {
        between(rng, -22.0, 20.0)
    } else if has(Finding::LateralQWaveInfarction) {
        between(rng, 60.0, 80.0)
    } else {
        bell(rng, 60.0 - 0.5 * (age - 30.0), 17.0).clamp(-20.0, 82.0)
    }
}
