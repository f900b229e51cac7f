//! Disturbances at the nine electrodes: breathing and drift, mains, muscles, movement.
//!
//! They are added to electrodes, not to leads: what happens to the electrode of the left arm shows in I,
//! III, aVL, a little in every chest lead, and not in II; Einthoven's relations hold for the noise too.

use rand::Rng;

use super::chance::{bell, between, happens, index, standard};
use super::heart::Leads;
use super::plan::PatientPlan;

/// Right arm, left arm, left leg, C1 to C6.
const ELECTRODES: usize = 9;

/// Drift and envelopes are computed this often and drawn as straight lines between.
const COARSE_HZ: f64 = 20.0;

/// Movements per second of recording, when there are any.
const MOVES_PER_SECOND: f64 = 0.25;

struct Electrode {
    waves: [(f64, f64, f64); 3],
    mains: (f64, f64),
    muscle: f64,
    moves: Vec<(usize, f64)>,
}

pub(super) fn disturb(
    signal: &mut [Leads],
    plan: &PatientPlan,
    breath_phase: f64,
    rng: &mut impl Rng,
) {
    let rate = plan.sampling_rate_hz;
    let mut electrodes: Vec<Electrode> = (0..ELECTRODES)
        .map(|_| electrode(plan, breath_phase, rng))
        .collect();
    if plan.noise.motion_mv > 0.0 {
        let count = ((plan.seconds * MOVES_PER_SECOND) as usize).max(1);
        for _ in 0..count {
            let at = (between(rng, 0.0, 1.0) * signal.len() as f64) as usize;
            let sign = if happens(rng, 0.5) { 1.0 } else { -1.0 };
            let size = sign * plan.noise.motion_mv * between(rng, 0.4, 1.0);
            electrodes[index(rng, ELECTRODES)].moves.push((at, size));
        }
    }
    for electrode in &mut electrodes {
        electrode.moves.sort_unstable_by_key(|(at, _)| *at);
    }
    let mut last = [0.0; ELECTRODES];
    let mut moved = [0.0; ELECTRODES];
    let (turn_sin, turn_cos) = libm::sincos(std::f64::consts::TAU * plan.noise.mains_hz / rate);
    let (mut sin, mut cos) = (0.0, 1.0);
    let relax = libm::exp(-1.0 / (0.6 * rate));
    let follow = 1.0 - libm::exp(-1.0 / (0.02 * rate));
    let mut pending = [0.0; ELECTRODES];
    let block = ((rate / COARSE_HZ) as usize).max(1);
    let noisy = plan.noise.muscle_mv > 0.0;
    let mut drift: [f64; ELECTRODES] = std::array::from_fn(|e| drift_at(&electrodes[e], 0.0));
    for (number, samples) in signal.chunks_mut(block).enumerate() {
        let first = number * block;
        let after = (first + samples.len()) as f64 / rate;
        let slope: [f64; ELECTRODES] = std::array::from_fn(|e| {
            (drift_at(&electrodes[e], after) - drift[e]) / samples.len() as f64
        });
        for (i, sample) in samples.iter_mut().enumerate() {
            (sin, cos) = (
                sin * turn_cos + cos * turn_sin,
                cos * turn_cos - sin * turn_sin,
            );
            let mut volts = [0.0; ELECTRODES];
            for (e, electrode) in electrodes.iter().enumerate() {
                drift[e] += slope[e];
                let mut value = drift[e] + electrode.mains.0 * sin + electrode.mains.1 * cos;
                if noisy {
                    let white = standard(rng.next_u64());
                    // Neighbouring samples averaged: muscle noise fades towards the end of the band.
                    value += electrode.muscle * (white + 0.6 * last[e]);
                    last[e] = white;
                }
                if !electrode.moves.is_empty() {
                    pending[e] += electrode
                        .moves
                        .iter()
                        .filter(|m| m.0 == first + i)
                        .map(|m| m.1)
                        .sum::<f64>();
                    let step = pending[e] * follow;
                    pending[e] -= step;
                    moved[e] = (moved[e] + step) * relax;
                    value += moved[e];
                }
                volts[e] = value;
            }
            add(sample, &volts);
        }
    }
}

fn electrode(plan: &PatientPlan, breath_phase: f64, rng: &mut impl Rng) -> Electrode {
    let amplitude = plan.wander.amplitude_mv;
    let breath = std::f64::consts::TAU * plan.wander.breaths_per_min / 60.0;
    let phase = breath_phase + bell(rng, 0.0, 0.4);
    let random_phase = between(rng, 0.0, std::f64::consts::TAU);
    let other_phase = between(rng, 0.0, std::f64::consts::TAU);
    let mains_phase = libm::sincos(between(rng, 0.0, std::f64::consts::TAU));
    let mains = plan.noise.mains_mv * between(rng, 0.1, 1.0);
    Electrode {
        waves: [
            (amplitude * between(rng, 0.2, 0.7), breath, phase),
            (
                amplitude * between(rng, 0.2, 0.6),
                std::f64::consts::TAU * between(rng, 0.04, 0.12),
                random_phase,
            ),
            (
                amplitude * between(rng, 0.05, 0.25),
                std::f64::consts::TAU * between(rng, 0.3, 0.6),
                other_phase,
            ),
        ],
        mains: (mains * mains_phase.0, mains * mains_phase.1),
        // 1.166 is the gain of the two-sample average used below.
        muscle: plan.noise.muscle_mv * between(rng, 0.6, 1.3) / 1.166,
        moves: Vec::new(),
    }
}

fn drift_at(electrode: &Electrode, time: f64) -> f64 {
    electrode
        .waves
        .iter()
        .map(|(size, speed, phase)| size * libm::sin(speed * time + phase))
        .sum()
}

/// Electrodes to leads: I = LA - RA, II = LL - RA, V = C - (RA + LA + LL) / 3.
fn add(sample: &mut Leads, volts: &[f64; ELECTRODES]) {
    let [right_arm, left_arm, left_leg, chest @ ..] = volts;
    let terminal = (right_arm + left_arm + left_leg) / 3.0;
    sample[0] += left_arm - right_arm;
    sample[1] += left_leg - right_arm;
    for (lead, electrode) in sample[2..].iter_mut().zip(chest) {
        *lead += electrode - terminal;
    }
}
