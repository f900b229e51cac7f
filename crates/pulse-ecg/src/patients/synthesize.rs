//! From a plan to a recording with its labels, true measurements and report.

use rand::Rng;

use super::chance::{between, happens};
use super::compose::{Painter, Spike};
use super::heart::{Atrium, LeadField, Leads, Ventricle, lead_value};
use super::rhythm::{Rhythm, rhythm};
use super::truth::{Beat, BeatKind, TrueMeasurements};
use super::variation::{Breathing, Sizes, atrial_size};
use super::{Finding, PatientError, PatientPlan, Superclass, disturb, fibrillatory, report};
use crate::lead::Lead;
use crate::recording::{LeadSignal, Patient, Recording};

/// Bodies drawn until a heart shows in its leads what the labels say; hardly any needs a second.
const MOST_BODIES: u32 = 8;

/// A synthetic ECG and everything that is true of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticEcg {
    /// The twelve standard leads in millivolts.
    pub recording: Recording,
    /// The plan's findings.
    pub findings: Vec<Finding>,
    /// What holds by construction.
    pub truth: TrueMeasurements,
    /// A short report in clinical wording that says the findings and true measurements and nothing else.
    pub report: String,
}

impl SyntheticEcg {
    /// The PTB-XL superclasses of the findings, sorted; `NORM` alone when the ECG shows nothing but a normal
    /// sinus rhythm, and none when it shows only rhythm or form statements.
    pub fn superclasses(&self) -> Vec<Superclass> {
        if self.findings == [Finding::SinusRhythm] {
            return vec![Superclass::Norm];
        }
        let mut classes: Vec<_> = self
            .findings
            .iter()
            .filter_map(|finding| finding.superclass())
            .filter(|class| *class != Superclass::Norm)
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}

pub(super) fn synthesize(
    plan: &PatientPlan,
    rng: &mut impl Rng,
) -> Result<SyntheticEcg, PatientError> {
    let (mut field, mut bodies) = (LeadField::draw(rng), 1);
    let breath_phase = between(rng, 0.0, std::f64::consts::TAU);
    let dominant = loop {
        match Ventricle::dominant(plan, &field, rng) {
            Err(_) if bodies < MOST_BODIES => bodies += 1,
            dominant => break dominant?,
        }
        field = LeadField::draw(rng);
    };
    let ectopic = Ventricle::ectopic(&field, rng);
    let longest_p_s = plan.pr_ms.map_or(0.11, |pr| pr * 1e-3 - 0.022);
    let atrium = Atrium::draw(&field, longest_p_s, rng);
    let rhythm = rhythm(plan, breath_phase, rng);

    let samples = libm::round(plan.seconds * plan.sampling_rate_hz) as usize;
    let mut painter = Painter::new(
        samples,
        plan.sampling_rate_hz,
        Breathing::draw(plan.wander.breaths_per_min, breath_phase, rng),
    );
    paint(
        &mut painter,
        plan,
        &rhythm,
        &dominant,
        &ectopic,
        &atrium,
        &field,
        rng,
    );
    let mut signal = painter.into_signal();
    if plan.has(Finding::AtrialFibrillation) {
        fibrillatory::add_f_waves(&mut signal, plan.sampling_rate_hz, &field, rng);
    }
    if let (Some(wave_s), Some(beat)) = (rhythm.flutter_wave_s, rhythm.ventricles.first()) {
        let phase_s = beat.onset_s - wave_s * between(rng, 0.55, 0.85);
        fibrillatory::add_flutter_waves(
            &mut signal,
            plan.sampling_rate_hz,
            &field,
            wave_s,
            phase_s,
            rng,
        );
    }
    disturb::disturb(&mut signal, plan, breath_phase, rng);

    let truth = truth(plan, &rhythm, &dominant, &ectopic);
    let st = dominant.st_level(plan.qt_ms * 1e-3);
    let report = report::write(plan, &truth, &st, &rhythm, rng);
    Ok(SyntheticEcg {
        recording: recording(plan, &signal),
        findings: plan.findings.clone(),
        truth,
        report,
    })
}

#[allow(clippy::too_many_arguments)]
fn paint(
    painter: &mut Painter,
    plan: &PatientPlan,
    rhythm: &Rhythm,
    dominant: &Ventricle,
    ectopic: &Ventricle,
    atrium: &Atrium,
    field: &LeadField,
    rng: &mut impl Rng,
) {
    for beat in &rhythm.atria {
        painter.waves(
            if beat.ectopic {
                &atrium.ectopic
            } else {
                &atrium.sinus
            },
            beat.onset_s,
            atrial_size(rng),
        );
    }
    let unipolar = happens(rng, 0.35);
    let spike = Spike::draw(field, unipolar, rng);
    for beat in &rhythm.ventricles {
        let ventricle = if beat.kind == BeatKind::PrematureVentricular {
            ectopic
        } else {
            dominant
        };
        painter.beat(ventricle, beat.onset_s, beat.qt_s, Sizes::draw(rng));
        if plan.has(Finding::PacedRhythm) {
            painter.spike(&spike, beat.onset_s);
        }
    }
}

fn truth(
    plan: &PatientPlan,
    rhythm: &Rhythm,
    dominant: &Ventricle,
    ectopic: &Ventricle,
) -> TrueMeasurements {
    let beats: Vec<Beat> = rhythm
        .ventricles
        .iter()
        .map(|beat| {
            let ventricle = if beat.kind == BeatKind::PrematureVentricular {
                ectopic
            } else {
                dominant
            };
            Beat {
                time_s: beat.onset_s + ventricle.peak_s,
                kind: beat.kind,
                p_onset_s: beat.p_onset_s,
                qrs_onset_s: beat.onset_s,
                qrs_offset_s: beat.onset_s + ventricle.qrs_s,
                t_end_s: beat.onset_s + beat.qt_s,
            }
        })
        .filter(|beat| beat.time_s >= 0.0 && beat.time_s < plan.seconds)
        .collect();
    let rate_bpm = match (beats.first(), beats.last()) {
        (Some(first), Some(last)) if last.time_s > first.time_s => {
            60.0 * (beats.len() - 1) as f64 / (last.time_s - first.time_s)
        }
        _ => plan.rate_bpm,
    };
    let rr_s = 60.0 / plan.rate_bpm;
    TrueMeasurements {
        rate_bpm,
        pr_ms: plan.pr_ms,
        qrs_ms: plan.qrs_ms,
        qt_ms: plan.qt_ms,
        qtc_ms: plan.qtc_bazett_ms(),
        qtc_fridericia_ms: plan.qt_ms / libm::cbrt(rr_s),
        axis_degrees: plan.axis_degrees,
        sokolow_lyon_mv: dominant.sokolow_mv(),
        beats,
    }
}

fn recording(plan: &PatientPlan, signal: &[Leads]) -> Recording {
    let column = |lead: usize| {
        signal
            .iter()
            .map(|leads| leads[lead] as f32)
            .collect::<Vec<f32>>()
    };
    let (one, two) = (column(0), column(1));
    let leads = Lead::STANDARD
        .into_iter()
        .enumerate()
        .map(|(i, lead)| {
            let from = |combine: fn(f32, f32) -> f32| {
                one.iter().zip(&two).map(|(a, b)| combine(*a, *b)).collect()
            };
            let millivolts = match i {
                0 => one.clone(),
                1 => two.clone(),
                2 => from(|one, two| two - one),
                3 => from(|one, two| -0.5 * (one + two)),
                4 => from(|one, two| one - 0.5 * two),
                5 => from(|one, two| two - 0.5 * one),
                chest => column(chest - 4),
            };
            LeadSignal { lead, millivolts }
        })
        .collect();
    Recording {
        name: "synthetic".to_owned(),
        sampling_rate_hz: plan.sampling_rate_hz,
        leads,
        patient: Patient {
            age_years: Some(plan.age_years),
            sex: Some(plan.sex),
            diagnosis_codes: plan
                .findings
                .iter()
                .filter_map(|f| f.snomed_ct())
                .map(str::to_owned)
                .collect(),
        },
        comments: vec!["Synthetic ECG: no patient stands behind it.".to_owned()],
    }
}

/// The standard leads in which a set of levels is at least `limit` times `sign` (1 or -1).
pub(super) fn leads_beyond(levels: &Leads, sign: f64, limit: f64) -> Vec<Lead> {
    Lead::STANDARD
        .into_iter()
        .filter(|lead| sign * lead_value(levels, lead) >= limit)
        .collect()
}
