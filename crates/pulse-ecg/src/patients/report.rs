//! A short report in clinical wording, from labels and true measurements only.

use rand::Rng;

use super::chance::index;
use super::heart::Leads;
use super::rhythm::Rhythm;
use super::synthesize::leads_beyond;
use super::truth::{BeatKind, TrueMeasurements};
use super::{Finding, PatientPlan, Territory};
use crate::lead::Lead;

/// ST level in millivolts from which a lead is listed.
const ST_LISTED_MV: f64 = 0.1;

pub(super) fn write(
    plan: &PatientPlan,
    truth: &TrueMeasurements,
    st: &Leads,
    rhythm: &Rhythm,
    rng: &mut impl Rng,
) -> String {
    let mut sentences = vec![rhythm_sentence(plan, truth, rhythm, rng)];
    sentences.extend(conduction(plan, truth, rng));
    sentences.extend(premature(plan, truth, rng));
    sentences.push(axis(plan, truth, rng));
    sentences.extend(hypertrophy(plan, truth, rng));
    sentences.extend(segments(plan, st, rng));
    sentences.extend(infarction(plan, rng));
    if plan.has(Finding::LongQt) {
        let qt = libm::round(truth.qt_ms);
        let qtc = libm::round(truth.qtc_ms);
        sentences.push(choose(
            rng,
            [
                format!("Prolonged QT interval (QT {qt} ms, QTc {qtc} ms after Bazett)."),
                format!("The QT interval is prolonged: QT/QTc {qt}/{qtc} ms."),
            ],
        ));
    }
    if plan.findings == [Finding::SinusRhythm] {
        let closing = [
            "Normal ECG.",
            "No abnormality found.",
            "Within normal limits.",
        ];
        sentences.push(choose(rng, closing.map(str::to_owned)));
    }
    sentences.join(" ")
}

fn choose<const N: usize>(rng: &mut impl Rng, mut phrases: [String; N]) -> String {
    std::mem::take(&mut phrases[index(rng, N)])
}

fn rhythm_sentence(
    plan: &PatientPlan,
    truth: &TrueMeasurements,
    rhythm: &Rhythm,
    rng: &mut impl Rng,
) -> String {
    let rate = libm::round(truth.rate_bpm);
    let name = if plan.has(Finding::SinusArrhythmia) {
        match plan.rhythm() {
            Some(Finding::SinusBradycardia) => "sinus bradycardia and sinus arrhythmia",
            _ => "sinus arrhythmia",
        }
    } else {
        plan.rhythm().map_or("", Finding::name)
    };
    let capital = capitalise(name);
    match plan.rhythm() {
        Some(Finding::AtrialFibrillation) => choose(
            rng,
            [
                format!("Atrial fibrillation with a mean ventricular rate of {rate}/min."),
                format!(
                    "Irregularly irregular rhythm without P waves: atrial fibrillation, ventricular rate {rate}/min."
                ),
                format!("Atrial fibrillation, ventricular rate {rate} bpm."),
            ],
        ),
        Some(Finding::AtrialFlutter) => {
            let block = rhythm
                .block
                .map_or("variable AV conduction".to_owned(), |n| {
                    format!("{n}:1 AV conduction")
                });
            choose(
                rng,
                [
                    format!("Atrial flutter with {block}, ventricular rate {rate}/min."),
                    format!("Saw-tooth flutter waves; atrial flutter with {block} at {rate} bpm."),
                ],
            )
        }
        Some(Finding::PacedRhythm) => {
            let mode = if plan.pr_ms.is_some() {
                " following P waves"
            } else {
                ""
            };
            choose(
                rng,
                [
                    format!("Ventricular paced rhythm{mode} at {rate}/min."),
                    format!("Pacemaker rhythm: ventricular pacing{mode}, rate {rate} bpm."),
                ],
            )
        }
        _ => choose(
            rng,
            [
                format!("{capital}, {rate}/min."),
                format!("{capital} at {rate} bpm."),
                format!("{capital} with a ventricular rate of {rate}/min."),
            ],
        ),
    }
}

fn conduction(plan: &PatientPlan, truth: &TrueMeasurements, rng: &mut impl Rng) -> Vec<String> {
    let mut sentences = Vec::new();
    let qrs = libm::round(truth.qrs_ms);
    if let (true, Some(pr)) = (plan.has(Finding::FirstDegreeAvBlock), truth.pr_ms) {
        let pr = libm::round(pr);
        sentences.push(choose(
            rng,
            [
                format!("First-degree AV block (PR interval {pr} ms)."),
                format!("The PR interval is prolonged to {pr} ms: first-degree AV block."),
            ],
        ));
    }
    for (finding, side) in [
        (Finding::LeftBundleBranchBlock, "Left"),
        (Finding::RightBundleBranchBlock, "Right"),
    ] {
        if plan.has(finding) {
            sentences.push(choose(
                rng,
                [
                    format!("{side} bundle branch block (QRS {qrs} ms)."),
                    format!("{side} bundle branch block with a QRS duration of {qrs} ms."),
                ],
            ));
        }
    }
    sentences
}

fn premature(plan: &PatientPlan, truth: &TrueMeasurements, rng: &mut impl Rng) -> Vec<String> {
    let mut sentences = Vec::new();
    for (finding, kind, long) in [
        (
            Finding::PrematureAtrialContractions,
            BeatKind::PrematureAtrial,
            "atrial",
        ),
        (
            Finding::PrematureVentricularContractions,
            BeatKind::PrematureVentricular,
            "ventricular",
        ),
    ] {
        let count = truth.beats.iter().filter(|beat| beat.kind == kind).count();
        if plan.has(finding) {
            let plural = if count == 1 { "" } else { "s" };
            sentences.push(choose(
                rng,
                [
                    format!("{count} premature {long} contraction{plural}."),
                    format!(
                        "Premature {long} complex{} ({count} in this recording).",
                        if count == 1 { "" } else { "es" }
                    ),
                ],
            ));
        }
    }
    sentences
}

fn axis(plan: &PatientPlan, truth: &TrueMeasurements, rng: &mut impl Rng) -> String {
    let degrees = libm::round(truth.axis_degrees) as i32;
    if plan.has(Finding::PacedRhythm) {
        return format!(
            "Wide paced QRS complexes of {} ms.",
            libm::round(truth.qrs_ms)
        );
    }
    let name = if plan.has(Finding::LeftAxisDeviation) {
        "left axis deviation"
    } else if plan.has(Finding::RightAxisDeviation) {
        "right axis deviation"
    } else {
        "normal axis"
    };
    let capital = capitalise(name);
    choose(
        rng,
        [
            format!("{capital}."),
            format!("{capital} ({degrees} degrees)."),
            format!("QRS axis {degrees} degrees, {name}."),
        ],
    )
}

fn hypertrophy(plan: &PatientPlan, truth: &TrueMeasurements, rng: &mut impl Rng) -> Vec<String> {
    let mut sentences = Vec::new();
    if plan.has(Finding::LeftVentricularHypertrophy) {
        let sum = truth.sokolow_lyon_mv;
        sentences.push(choose(
            rng,
            [
                format!("Left ventricular hypertrophy by voltage (Sokolow-Lyon {sum:.1} mV)."),
                "Voltage criteria for left ventricular hypertrophy are met.".to_owned(),
            ],
        ));
    }
    if plan.has(Finding::LeftVentricularStrain) {
        sentences.push(choose(
            rng,
            [
                "ST depression and T inversion in the lateral leads: left ventricular strain."
                    .to_owned(),
                "Secondary ST-T changes of left ventricular strain.".to_owned(),
            ],
        ));
    }
    sentences
}

fn segments(plan: &PatientPlan, st: &Leads, rng: &mut impl Rng) -> Vec<String> {
    let mut sentences = Vec::new();
    for (word, sign, of) in [
        (
            "elevation",
            1.0,
            Finding::st_elevation as fn(Finding) -> Option<Territory>,
        ),
        ("depression", -1.0, Finding::st_depression),
    ] {
        let territories: Vec<Territory> = plan
            .findings
            .iter()
            .filter_map(|finding| of(*finding))
            .collect();
        if territories.is_empty() {
            continue;
        }
        let leads: Vec<Lead> = leads_beyond(st, sign, ST_LISTED_MV)
            .into_iter()
            .filter(|lead| *lead != Lead::AVR)
            .collect();
        let names: Vec<&str> = territories.iter().map(|wall| wall.name()).collect();
        let (walls, of_walls) = (names.join(" and "), of_walls(&territories, &leads));
        sentences.push(choose(
            rng,
            [
                format!("{} ST {word}{of_walls}.", capitalise(&walls)),
                format!("ST {word} of the {walls} wall{of_walls}."),
                format!("ST segment {word} in the {walls} leads{of_walls}."),
            ],
        ));
        if sign > 0.0
            && !plan
                .findings
                .iter()
                .any(|finding| finding.st_depression().is_some())
        {
            let opposite: Vec<Lead> = leads_beyond(st, -1.0, ST_LISTED_MV)
                .into_iter()
                .filter(|lead| *lead != Lead::AVR)
                .collect();
            if !opposite.is_empty() {
                sentences.push(format!(
                    "Reciprocal ST depression in {}.",
                    self::list(&opposite)
                ));
            }
        }
    }
    sentences
}

/// ` (V1, V2), also in V3`: the leads of these walls in brackets, the others named apart.
fn of_walls(walls: &[Territory], leads: &[Lead]) -> String {
    let (inside, outside): (Vec<Lead>, Vec<Lead>) = leads
        .iter()
        .cloned()
        .partition(|lead| walls.iter().any(|wall| wall.leads().contains(lead)));
    let mut text = String::new();
    if !inside.is_empty() {
        text += &format!(" ({})", list(&inside));
    }
    if !outside.is_empty() {
        text += &format!(", also in {}", list(&outside));
    }
    text
}

fn infarction(plan: &PatientPlan, rng: &mut impl Rng) -> Vec<String> {
    let walls: Vec<&str> = plan
        .findings
        .iter()
        .filter_map(|finding| finding.q_wave_infarction())
        .map(|wall| wall.name())
        .collect();
    if walls.is_empty() {
        return Vec::new();
    }
    let walls = walls.join(" and ");
    vec![choose(
        rng,
        [
            format!("Pathological Q waves in the {walls} leads, consistent with infarction."),
            format!(
                "{} Q waves, consistent with {walls} infarction.",
                capitalise(&walls)
            ),
        ],
    )]
}

fn list(leads: &[Lead]) -> String {
    leads.iter().map(Lead::name).collect::<Vec<_>>().join(", ")
}

fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
