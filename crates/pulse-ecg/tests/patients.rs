//! Synthetic patients show what they are asked for: by construction, and as measured on the signal.

#![allow(clippy::unwrap_used, clippy::panic)]

use pulse_ecg::Lead;
use pulse_ecg::measure::measure;
use pulse_ecg::patients::{BeatKind, Finding, PatientError, PatientPlan, Superclass, SyntheticEcg};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn make(finding: Finding, seed: u64) -> SyntheticEcg {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    PatientPlan::with_finding(finding, &mut rng)
        .synthesize(&mut rng)
        .unwrap()
}

/// The same without noise and wander, to look at the morphology alone.
fn make_clean(finding: Finding, seed: u64) -> (PatientPlan, SyntheticEcg) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut plan = PatientPlan::with_finding(finding, &mut rng);
    plan.noise = pulse_ecg::patients::Noise::NONE;
    plan.wander = pulse_ecg::patients::Wander::NONE;
    let ecg = plan.synthesize(&mut rng).unwrap();
    (plan, ecg)
}

/// Samples of a lead within QRS of a beat well inside the recording, relative to the level at its onset.
fn qrs(ecg: &SyntheticEcg, lead: &Lead) -> Vec<f32> {
    let beat = ecg
        .truth
        .beats
        .iter()
        .find(|beat| beat.qrs_onset_s > 1.0)
        .unwrap();
    let rate = ecg.recording.sampling_rate_hz;
    let (from, to) = (
        (beat.qrs_onset_s * rate) as usize,
        (beat.qrs_offset_s * rate) as usize,
    );
    let signal = ecg.recording.lead(lead).unwrap();
    signal[from..=to].iter().map(|v| v - signal[from]).collect()
}

fn highest(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

fn lowest(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::min)
}

/// ST level 60 ms after the end of QRS.
fn st(ecg: &SyntheticEcg, lead: &Lead) -> f32 {
    let beat = ecg
        .truth
        .beats
        .iter()
        .find(|beat| beat.qrs_onset_s > 1.0)
        .unwrap();
    let rate = ecg.recording.sampling_rate_hz;
    let signal = ecg.recording.lead(lead).unwrap();
    signal[((beat.qrs_offset_s + 0.06) * rate) as usize]
        - signal[(beat.qrs_onset_s * rate) as usize]
}

#[test]
fn every_finding_and_a_thousand_drawn_patients_can_be_made() {
    for &finding in Finding::ALL {
        for seed in 0..50 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let plan = PatientPlan::with_finding(finding, &mut rng);
            assert_eq!(plan.validate(), Ok(()), "{finding} {seed}");
            assert!(plan.has(finding));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..3000 {
        let plan = PatientPlan::draw(&mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(plan.validate(), Ok(()), "{seed}");
        seen.extend(plan.findings);
    }
    assert_eq!(
        seen.len(),
        Finding::ALL.len(),
        "the mixture reaches every finding"
    );
}

#[test]
fn einthoven_and_goldberger_hold_with_noise_and_wander() {
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut plan = PatientPlan::draw(&mut rng);
        plan.noise.motion_mv = 0.5;
        plan.wander.amplitude_mv = 0.5;
        let ecg = plan.synthesize(&mut rng).unwrap();
        let lead = |lead: Lead| ecg.recording.lead(&lead).unwrap();
        for i in 0..ecg.recording.samples() {
            let (one, two, three) = (lead(Lead::I)[i], lead(Lead::II)[i], lead(Lead::III)[i]);
            // Two roundings of f32 at a few millivolts.
            assert!((one + three - two).abs() < 1e-6);
            assert!((lead(Lead::AVR)[i] + lead(Lead::AVL)[i] + lead(Lead::AVF)[i]).abs() < 2e-6);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for (seed, &finding) in Finding::ALL.iter().enumerate() {
        let ecg = make(finding, seed as u64);
        for lead in &ecg.recording.leads {
            for byte in lead.millivolts.iter().flat_map(|v| v.to_le_bytes()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        for byte in ecg.report.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // FNV-1a over all findings. A change here changes every data set made from seeds: say so in the
    // changelog.
    assert_eq!(hash, EXPECTED_HASH, "{hash:#x}");
}

const EXPECTED_HASH: u64 = 0xa88d_7526_6c99_5604;

#[test]
fn impossible_wishes_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let both = PatientPlan::with_findings(
        &[Finding::SinusRhythm, Finding::AtrialFibrillation],
        &mut rng,
    );
    assert!(
        matches!(both, Err(PatientError::Contradiction { .. })),
        "{both:?}"
    );
    let mut plan = PatientPlan::with_finding(Finding::SinusRhythm, &mut rng);
    plan.pr_ms = Some(240.0);
    assert!(matches!(
        plan.validate(),
        Err(PatientError::OutOfRange {
            parameter: "pr_ms",
            ..
        })
    ));
    plan = PatientPlan::with_finding(Finding::AtrialFibrillation, &mut rng);
    plan.pr_ms = Some(160.0);
    assert!(matches!(
        plan.validate(),
        Err(PatientError::PrInterval { .. })
    ));
    plan = PatientPlan::with_finding(Finding::SinusRhythm, &mut rng);
    plan.rate_bpm = f64::NAN;
    assert!(matches!(
        plan.validate(),
        Err(PatientError::OutOfRange {
            parameter: "rate_bpm",
            ..
        })
    ));
    plan = PatientPlan::with_finding(Finding::SinusRhythm, &mut rng);
    plan.findings.clear();
    assert_eq!(plan.validate(), Err(PatientError::NoRhythm));
}

#[test]
fn only_a_bare_sinus_rhythm_is_normal() {
    assert_eq!(
        make(Finding::SinusRhythm, 1).superclasses(),
        [Superclass::Norm]
    );
    assert_eq!(make(Finding::AtrialFibrillation, 1).superclasses(), []);
    assert_eq!(
        make(Finding::LeftVentricularStrain, 1).superclasses(),
        [Superclass::Sttc, Superclass::Hyp]
    );
}

#[test]
fn normal_chest_leads_have_r_wave_progression_and_upright_t() {
    for seed in 0..40 {
        let (_, ecg) = make_clean(Finding::SinusRhythm, seed);
        let v1 = qrs(&ecg, &Lead::V1);
        assert!(
            -lowest(&v1) > highest(&v1),
            "V1 is mainly negative, seed {seed}"
        );
        let v5 = qrs(&ecg, &Lead::V5);
        assert!(
            highest(&v5) > -lowest(&v5),
            "V5 is mainly positive, seed {seed}"
        );
        assert!(
            ecg.truth.sokolow_lyon_mv < 3.5,
            "seed {seed}: {}",
            ecg.truth.sokolow_lyon_mv
        );
    }
}

#[test]
fn hypertrophy_meets_sokolow_and_lyon() {
    for seed in 0..40 {
        let (_, ecg) = make_clean(Finding::LeftVentricularHypertrophy, seed);
        let r = highest(&qrs(&ecg, &Lead::V5)).max(highest(&qrs(&ecg, &Lead::V6)));
        let s = -lowest(&qrs(&ecg, &Lead::V1));
        assert!(r + s > 3.5, "seed {seed}: {r} + {s}");
    }
}

#[test]
fn bundle_branch_blocks_have_their_morphology() {
    for seed in 0..40 {
        let (_, ecg) = make_clean(Finding::LeftBundleBranchBlock, seed);
        let (v1, v6) = (qrs(&ecg, &Lead::V1), qrs(&ecg, &Lead::V6));
        assert!(
            -lowest(&v1) > 4.0 * highest(&v1),
            "QS or rS in V1, seed {seed}"
        );
        assert!(
            -lowest(&v6) < 0.1 * highest(&v6),
            "no q and no S in V6, seed {seed}"
        );
        assert!(
            st(&ecg, &Lead::V1) > 0.0 && st(&ecg, &Lead::V6) < 0.0,
            "discordant ST, seed {seed}"
        );

        let (_, ecg) = make_clean(Finding::RightBundleBranchBlock, seed);
        let v1 = qrs(&ecg, &Lead::V1);
        let late = &v1[v1.len() / 2..];
        assert!(
            highest(late) > 0.3 && highest(late) > highest(&v1[..v1.len() / 3]),
            "R' in V1, seed {seed}"
        );
        let v6 = qrs(&ecg, &Lead::V6);
        assert!(lowest(&v6[v6.len() / 2..]) < -0.15, "S in V6, seed {seed}");
    }
}

#[test]
fn st_changes_are_in_their_territory() {
    for &finding in Finding::ALL {
        let (territory, sign) = match (finding.st_elevation(), finding.st_depression()) {
            (Some(territory), _) => (territory, 1.0),
            (_, Some(territory)) => (territory, -1.0),
            _ => continue,
        };
        for seed in 0..20 {
            let (_, ecg) = make_clean(finding, seed);
            let count = territory
                .leads()
                .iter()
                .filter(|lead| sign * st(&ecg, lead) > 0.09)
                .count();
            assert!(count >= 2, "{finding}, seed {seed}: {count} leads");
        }
    }
}

#[test]
fn infarctions_have_q_waves_in_two_leads_of_their_territory() {
    for &finding in Finding::ALL {
        let Some(territory) = finding.q_wave_infarction() else {
            continue;
        };
        for seed in 0..20 {
            let (_, ecg) = make_clean(finding, seed);
            let deep = |lead: &&Lead| {
                let wave = qrs(&ecg, lead);
                // Negative from the start for 30 ms and at least 0.1 mV deep.
                let first = wave.iter().position(|v| v.abs() > 0.05).unwrap_or(0);
                let length = wave[first..].iter().take_while(|v| **v < 0.0).count();
                length as f64 / ecg.recording.sampling_rate_hz >= 0.028
                    && lowest(&wave[first..first + length]) < -0.1
            };
            let count = territory.leads().iter().filter(deep).count();
            assert!(count >= 2, "{finding}, seed {seed}: {count} leads");
        }
    }
}

#[test]
fn rhythms_beat_as_they_should() {
    for seed in 0..30 {
        let fibrillation = make(Finding::AtrialFibrillation, seed);
        let times: Vec<f64> = fibrillation
            .truth
            .beats
            .iter()
            .map(|beat| beat.time_s)
            .collect();
        assert!(
            variation(&times) > 0.10,
            "fibrillation is irregular, seed {seed}"
        );
        let sinus = make(Finding::SinusRhythm, seed);
        let times: Vec<f64> = sinus.truth.beats.iter().map(|beat| beat.time_s).collect();
        assert!(
            variation(&times) < 0.06,
            "sinus rhythm is regular, seed {seed}"
        );

        let ectopic = make(Finding::PrematureVentricularContractions, seed);
        let beats = &ectopic.truth.beats;
        let i = beats
            .iter()
            .position(|beat| beat.kind == BeatKind::PrematureVentricular)
            .unwrap();
        let (early, pause) = (
            beats[i].time_s - beats[i - 1].time_s,
            beats[i + 1].time_s - beats[i].time_s,
        );
        assert!(
            early < 0.9 * pause,
            "premature with a pause, seed {seed}: {early} {pause}"
        );
        assert!(beats[i].qrs_offset_s - beats[i].qrs_onset_s > 0.12);
    }
}

#[test]
fn every_premature_beat_asked_for_is_there() {
    let (mut atrial, mut ventricular) = (0, 0);
    for seed in 0..3000 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let plan = PatientPlan::draw(&mut rng);
        let kinds = [
            (
                Finding::PrematureAtrialContractions,
                BeatKind::PrematureAtrial,
                &mut atrial,
            ),
            (
                Finding::PrematureVentricularContractions,
                BeatKind::PrematureVentricular,
                &mut ventricular,
            ),
        ];
        if !kinds.iter().any(|(finding, ..)| plan.has(*finding)) {
            continue;
        }
        let ecg = plan.synthesize(&mut rng).unwrap();
        for (finding, kind, count) in kinds {
            let there = ecg.truth.beats.iter().any(|beat| beat.kind == kind);
            assert_eq!(there, plan.has(finding), "{finding}, seed {seed}");
            *count += u32::from(there);
        }
    }
    assert!(atrial > 50 && ventricular > 100, "{atrial} {ventricular}");
}

#[test]
fn a_recording_too_short_for_its_labels_is_refused() {
    for finding in [
        Finding::PrematureAtrialContractions,
        Finding::PrematureVentricularContractions,
        Finding::SinusArrhythmia,
    ] {
        for seed in 0..200 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut plan = PatientPlan::with_finding(finding, &mut rng);
            plan.seconds = 2.0;
            let Err(PatientError::OutOfRange {
                parameter: "seconds",
                low,
                ..
            }) = plan.validate()
            else {
                panic!("{finding} in 2 s, seed {seed}");
            };
            // The least length that is allowed does hold one.
            plan.seconds = low;
            let ecg = plan.synthesize(&mut rng).unwrap();
            let premature = |kind| {
                matches!(
                    kind,
                    BeatKind::PrematureAtrial | BeatKind::PrematureVentricular
                )
            };
            assert!(
                finding == Finding::SinusArrhythmia
                    || ecg.truth.beats.iter().any(|beat| premature(beat.kind)),
                "{finding} in {low} s, seed {seed}"
            );
        }
    }
}

/// Standard deviation over mean of the intervals.
fn variation(times: &[f64]) -> f64 {
    let intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
    let variance = intervals
        .iter()
        .map(|rr| (rr - mean) * (rr - mean))
        .sum::<f64>()
        / intervals.len() as f64;
    variance.sqrt() / mean
}

/// One beat is 2 samples off at most; over a whole recording of 10 s that is well under this.
const RATE_BPM: f64 = 1.5;

#[test]
fn the_detector_finds_the_beats_and_the_rate() {
    let (mut found, mut missed, mut wrong) = (0, 0, 0);
    for &finding in Finding::ALL {
        for seed in 0..8 {
            let ecg = make(finding, 500 + seed);
            let measured = measure(&ecg.recording).unwrap();
            let truth: Vec<f64> = ecg.truth.beats.iter().map(|beat| beat.time_s).collect();
            let near =
                |time: f64, list: &[f64]| list.iter().any(|other| (time - other).abs() < 0.075);
            found += truth
                .iter()
                .filter(|time| near(**time, &measured.r_peaks.times_s))
                .count();
            missed += truth
                .iter()
                .filter(|time| !near(**time, &measured.r_peaks.times_s))
                .count();
            wrong += measured
                .r_peaks
                .times_s
                .iter()
                .filter(|time| !near(**time, &truth))
                .count();
            if measured.r_peaks.times_s.len() == truth.len() {
                assert!(
                    (measured.rate_bpm - ecg.truth.rate_bpm).abs() < RATE_BPM,
                    "{finding} {seed}"
                );
            }
        }
    }
    let total = f64::from(found as u32 + missed as u32);
    assert!(missed as f64 / total < 0.005, "{missed} of {total} missed");
    assert!(wrong as f64 / total < 0.005, "{wrong} of {total} wrong");
}
