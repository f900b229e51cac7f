//! When the atria and the ventricles beat.
//!
//! Sinus rhythm varies with breathing and with a slower wave at 0.1 Hz, as the bimodal spectrum of McSharry
//! et al. 2003 has it. A premature ventricular beat takes the place of the next sinus beat, so that the
//! pause after it is compensatory; a premature atrial beat resets the sinus node. In fibrillation RR
//! intervals are independent of each other; in flutter they are whole numbers of flutter waves.

use rand::Rng;

use super::chance::{bell, between, happens, index};
use super::truth::BeatKind;
use super::variation::qt_jitter_s;
use super::{Finding, PatientPlan};

/// A P wave.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtrialBeat {
    pub(super) onset_s: f64,
    pub(super) ectopic: bool,
}

/// A QRS complex.
#[derive(Debug, Clone, Copy)]
pub(super) struct VentricularBeat {
    pub(super) onset_s: f64,
    pub(super) kind: BeatKind,
    pub(super) p_onset_s: Option<f64>,
    /// QT interval of this beat.
    pub(super) qt_s: f64,
}

/// Everything that beats, from before the recording until after it.
#[derive(Debug, Clone)]
pub(super) struct Rhythm {
    pub(super) atria: Vec<AtrialBeat>,
    pub(super) ventricles: Vec<VentricularBeat>,
    /// Length of a flutter wave in seconds; `None` without flutter.
    pub(super) flutter_wave_s: Option<f64>,
    /// Flutter waves per QRS when that is constant.
    pub(super) block: Option<u32>,
}

/// Beats are made from this long before the recording.
const LEAD_IN_S: f64 = 2.5;

pub(super) fn rhythm(plan: &PatientPlan, breath_phase: f64, rng: &mut impl Rng) -> Rhythm {
    let mean_s = 60.0 / plan.rate_bpm;
    let mut flutter = None;
    let mut block = None;
    let mut intervals = match plan.rhythm() {
        Some(Finding::AtrialFibrillation) => fibrillation(plan, mean_s, rng),
        Some(Finding::AtrialFlutter) => {
            let (wave_s, ratio, intervals) = flutter_intervals(plan, mean_s, rng);
            (flutter, block) = (Some(wave_s), ratio);
            intervals
        }
        Some(Finding::PacedRhythm) => steady(plan, mean_s, rng),
        _ => sinus(plan, mean_s, breath_phase, rng),
    };
    let start = -LEAD_IN_S + between(rng, 0.0, mean_s);
    // In flutter the intervals are whole waves and stay so.
    if flutter.is_none() {
        hold_mean(&mut intervals, start, plan.seconds, mean_s);
    }
    let premature_atrial = if plan.has(Finding::PrematureAtrialContractions) {
        premature_positions(&times(start, &intervals), plan, &[], rng)
    } else {
        Vec::new()
    };
    for &beat in &premature_atrial {
        let earliest = (0.9 * plan.qt_ms * 1e-3 + 0.04) / intervals[beat - 1];
        intervals[beat - 1] *= between(rng, 0.60, 0.74).max(earliest).min(0.8);
        intervals[beat] *= between(rng, 1.05, 1.15);
    }
    let regular = times(start, &intervals);
    let ventricles = ventricles(plan, &regular, &premature_atrial, rng);
    let pr_s = plan.pr_ms.map(|ms| ms * 1e-3);
    let atria = pr_s.map_or_else(Vec::new, |pr| {
        regular
            .iter()
            .enumerate()
            .map(|(i, onset)| AtrialBeat {
                onset_s: onset - pr,
                ectopic: premature_atrial.contains(&i),
            })
            .collect()
    });
    Rhythm {
        atria,
        ventricles,
        flutter_wave_s: flutter,
        block,
    }
}

fn times(start: f64, intervals: &[f64]) -> Vec<f64> {
    std::iter::once(start)
        .chain(intervals.iter().scan(start, |time, interval| {
            *time += interval;
            Some(*time)
        }))
        .collect()
}

/// Intervals until well after the recording.
fn fill(plan: &PatientPlan, mut next: impl FnMut(f64) -> f64) -> Vec<f64> {
    let mut intervals = Vec::new();
    let mut time = -LEAD_IN_S;
    while time < plan.seconds + 3.0 {
        let interval = next(time);
        time += interval;
        intervals.push(interval);
    }
    intervals
}

fn sinus(plan: &PatientPlan, mean_s: f64, breath_phase: f64, rng: &mut impl Rng) -> Vec<f64> {
    let breath = std::f64::consts::TAU * plan.wander.breaths_per_min / 60.0;
    let slow_phase = between(rng, 0.0, std::f64::consts::TAU);
    let (breathing, slow, random) = if plan.has(Finding::SinusArrhythmia) {
        (between(rng, 0.12, 0.18), 0.015, 0.008)
    } else {
        // Young hearts vary with breathing, old ones hardly; fast ones hardly either.
        let youth = ((75.0 - f64::from(plan.age_years)) / 50.0).clamp(0.2, 1.0);
        let calm = ((130.0 - plan.rate_bpm) / 60.0).clamp(0.1, 1.0);
        (0.026 * youth * calm, 0.011 * calm, 0.007)
    };
    fill(plan, |time| {
        let waves = breathing * libm::sin(breath * time + breath_phase)
            + slow * libm::sin(std::f64::consts::TAU * 0.1 * time + slow_phase);
        mean_s * (1.0 + waves + bell(rng, 0.0, random))
    })
}

fn fibrillation(plan: &PatientPlan, mean_s: f64, rng: &mut impl Rng) -> Vec<f64> {
    let spread = between(rng, 0.19, 0.27);
    let shortest = (0.30_f64).max(0.55 * mean_s);
    fill(plan, |_| {
        (mean_s * (1.0 + bell(rng, 0.0, spread))).max(shortest + between(rng, 0.0, 0.05))
    })
}

fn steady(plan: &PatientPlan, mean_s: f64, rng: &mut impl Rng) -> Vec<f64> {
    fill(plan, |_| mean_s * (1.0 + bell(rng, 0.0, 0.0015)))
}

fn flutter_intervals(
    plan: &PatientPlan,
    mean_s: f64,
    rng: &mut impl Rng,
) -> (f64, Option<u32>, Vec<f64>) {
    let fits = |ratio: &u32| (240.0..=345.0).contains(&(plan.rate_bpm * f64::from(*ratio)));
    let ratio = [2, 3, 4].into_iter().find(fits);
    let variable = ratio.is_none() || happens(rng, 0.3);
    if let (Some(ratio), false) = (ratio, variable) {
        let wave_s = mean_s / f64::from(ratio);
        return (wave_s, Some(ratio), fill(plan, |_| mean_s));
    }
    // Two neighbouring ratios, mixed so that the mean rate is the one asked for.
    let atrial = between(rng, 275.0, 310.0);
    let wave_s = 60.0 / atrial;
    let waves = (mean_s / wave_s).clamp(2.05, 4.95);
    let low = libm::floor(waves);
    let mut debt = between(rng, 0.0, 1.0);
    let intervals = fill(plan, |_| {
        debt += waves - low;
        let mut count = low;
        if debt >= 1.0 {
            debt -= 1.0;
            count += 1.0;
        }
        if low >= 3.0 && happens(rng, 0.25) {
            // One wave more now and one less to pay for it later.
            debt -= 1.0;
            count += 1.0;
        }
        if debt < -1.0 {
            debt += 1.0;
            count -= 1.0;
        }
        count.max(2.0) * wave_s
    });
    (wave_s, None, intervals)
}

/// Scales the intervals so that their mean inside the recording is the one asked for.
fn hold_mean(intervals: &mut [f64], start: f64, seconds: f64, mean_s: f64) {
    for _ in 0..3 {
        let times = times(start, intervals);
        let inside: Vec<usize> = (0..intervals.len())
            .filter(|&i| times[i] >= 0.0 && times[i + 1] < seconds)
            .collect();
        if inside.is_empty() {
            return;
        }
        let mean = inside.iter().map(|&i| intervals[i]).sum::<f64>() / inside.len() as f64;
        let factor = mean_s / mean;
        intervals
            .iter_mut()
            .for_each(|interval| *interval *= factor);
    }
}

/// One to three beats every ten seconds, at least three apart and from those taken, inside the recording
/// with their neighbours; one only where two kinds of premature beats share the recording.
fn premature_positions(
    times: &[f64],
    plan: &PatientPlan,
    taken: &[usize],
    rng: &mut impl Rng,
) -> Vec<usize> {
    let free = |beat: usize| taken.iter().all(|other| beat.abs_diff(*other) >= 3);
    let inside: Vec<usize> = (1..times.len().saturating_sub(1))
        .filter(|&i| times[i - 1] > 0.2 && times[i + 1] < plan.seconds - 0.3 && free(i))
        .collect();
    let both = plan.has(Finding::PrematureAtrialContractions)
        && plan.has(Finding::PrematureVentricularContractions);
    let most = if both { 1 } else { 3 };
    let wanted = (1 + index(rng, most)) * ((plan.seconds / 10.0) as usize).max(1);
    let mut chosen: Vec<usize> = Vec::new();
    for _ in 0..wanted * 8 {
        if inside.is_empty() || chosen.len() == wanted {
            break;
        }
        let beat = inside[index(rng, inside.len())];
        if chosen.iter().all(|other| beat.abs_diff(*other) >= 3) {
            chosen.push(beat);
        }
    }
    chosen.sort_unstable();
    chosen
}

fn ventricles(
    plan: &PatientPlan,
    regular: &[f64],
    premature_atrial: &[usize],
    rng: &mut impl Rng,
) -> Vec<VentricularBeat> {
    let base = match plan.rhythm() {
        Some(Finding::AtrialFibrillation) => BeatKind::Fibrillation,
        Some(Finding::AtrialFlutter) => BeatKind::Flutter,
        Some(Finding::PacedRhythm) => BeatKind::Paced,
        _ => BeatKind::Sinus,
    };
    let pr_s = plan.pr_ms.map(|ms| ms * 1e-3);
    let mut beats: Vec<VentricularBeat> = regular
        .iter()
        .enumerate()
        .map(|(i, &onset_s)| VentricularBeat {
            onset_s,
            kind: if premature_atrial.contains(&i) {
                BeatKind::PrematureAtrial
            } else {
                base
            },
            p_onset_s: pr_s.map(|pr| onset_s - pr),
            qt_s: plan.qt_ms * 1e-3,
        })
        .collect();
    if plan.has(Finding::PrematureVentricularContractions) {
        let qt_s = plan.qt_ms * 1e-3;
        for beat in premature_positions(regular, plan, premature_atrial, rng) {
            let before = regular[beat] - regular[beat - 1];
            let coupling = (between(rng, 0.58, 0.72) * before)
                .max(qt_s + 0.01)
                .min(0.86 * before);
            beats[beat] = VentricularBeat {
                onset_s: regular[beat - 1] + coupling,
                kind: BeatKind::PrematureVentricular,
                p_onset_s: None,
                qt_s: (qt_s * 1.08).min(0.62),
            };
        }
    }
    adapt_qt(&mut beats, 60.0 / plan.rate_bpm, rng);
    beats
}

/// QT follows the interval before the beat a little, and T ends before the next QRS begins.
fn adapt_qt(beats: &mut [VentricularBeat], mean_s: f64, rng: &mut impl Rng) {
    for i in 0..beats.len() {
        let before = if i == 0 {
            mean_s
        } else {
            beats[i].onset_s - beats[i - 1].onset_s
        };
        let after = beats
            .get(i + 1)
            .map_or(mean_s, |next| next.onset_s - beats[i].onset_s);
        if beats[i].kind != BeatKind::PrematureVentricular {
            beats[i].qt_s *= 1.0 + 0.12 * (before / mean_s - 1.0).clamp(-0.5, 0.5);
            beats[i].qt_s += qt_jitter_s(rng);
        }
        beats[i].qt_s = beats[i].qt_s.min((after - 0.015).max(0.26));
    }
}
