//! What fibrillating and fluttering atria do to the baseline.

use rand::Rng;

use super::chance::between;
use super::heart::{LeadField, Leads};

/// Adds f waves: three oscillations of 5 to 8 per second that drift in frequency and size, largest in V1, a
/// third to a half as large in the inferior leads, smaller still in the others.
pub(super) fn add_f_waves(
    signal: &mut [Leads],
    sampling_rate_hz: f64,
    field: &LeadField,
    rng: &mut impl Rng,
) {
    let size = between(rng, 0.034, 0.078);
    let centre_hz = between(rng, 5.2, 7.4);
    let directions = [
        [-0.30, 0.45, -0.95],
        [0.20, 0.95, -0.25],
        [0.60, -0.35, 0.25],
    ];
    for (direction, share) in directions.into_iter().zip([1.0, 0.85, 0.70]) {
        let leads = field.project(direction.map(|v: f64| v * size * share));
        let (mut sin, mut cos) = libm::sincos(between(rng, 0.0, std::f64::consts::TAU));
        let mut goal = (centre_hz, 1.0);
        let mut now = goal;
        for block in signal.chunks_mut((sampling_rate_hz * 0.12) as usize + 1) {
            // A new frequency and size are aimed at about every half second.
            if between(rng, 0.0, 1.0) < 0.25 {
                goal = (
                    centre_hz + between(rng, -1.4, 1.4),
                    between(rng, 0.35, 1.35),
                );
            }
            now.0 += 0.5 * (goal.0 - now.0);
            let next = now.1 + 0.4 * (goal.1 - now.1);
            let slope = (next - now.1) / block.len() as f64;
            let (turn_sin, turn_cos) =
                libm::sincos(std::f64::consts::TAU * now.0 / sampling_rate_hz);
            for (i, sample) in block.iter_mut().enumerate() {
                (sin, cos) = (
                    sin * turn_cos + cos * turn_sin,
                    cos * turn_cos - sin * turn_sin,
                );
                let value = (now.1 + slope * i as f64) * (sin + 0.25 * (2.0 * sin * cos));
                for (sum, lead) in sample.iter_mut().zip(leads) {
                    *sum += value * lead;
                }
            }
            now.1 = next;
        }
    }
}

/// Adds flutter waves of one length: a slow fall and a quick rise in the inferior leads, upright in V1
/// (typical, counter-clockwise flutter). `phase_s` is a time at which a wave begins.
pub(super) fn add_flutter_waves(
    signal: &mut [Leads],
    sampling_rate_hz: f64,
    field: &LeadField,
    wave_s: f64,
    phase_s: f64,
    rng: &mut impl Rng,
) {
    let size = between(rng, 0.25, 0.36);
    let main = field.project([0.06, -0.95, -0.10].map(|v| v * size));
    let front = field.project([-0.16, -0.06, -0.42].map(|v| v * size));
    for (i, sample) in signal.iter_mut().enumerate() {
        let turns = (i as f64 / sampling_rate_hz - phase_s) / wave_s;
        let phase = turns - libm::floor(turns);
        let (saw, hump) = (saw_tooth(phase), hump(phase));
        for (value, (main, front)) in sample.iter_mut().zip(main.iter().zip(&front)) {
            *value += saw * main + hump * front;
        }
    }
}

/// Periodic, mean near zero, -0.5 to 0.5: 0.72 of the wave down, the rest up, with rounded corners.
fn saw_tooth(phase: f64) -> f64 {
    let smooth = |u: f64| u * u * (3.0 - 2.0 * u);
    if phase < 0.72 {
        let u = phase / 0.72;
        // Slow at first, then steep: between a straight and a smooth fall.
        0.5 * u + 0.5 * smooth(u * u) - 0.5
    } else {
        0.5 - smooth((phase - 0.72) / 0.28)
    }
}

fn hump(phase: f64) -> f64 {
    super::heart::bump((phase - 0.55) / 0.34) - 0.31
}
