//! What differs from beat to beat in a heart that is well.
//!
//! Breathing moves the heart in the chest: the frontal axis swings and the chest leads grow and shrink, by a
//! few percent each (Pallàs-Areny, Colominas-Balagué, Rosell 1989). On top of that no
//! two beats are quite alike; T waves differ more than QRS complexes.

use rand::Rng;

use super::chance::{bell, between};
use super::heart::Leads;

/// Breathing of one patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Breathing {
    /// Radians a second, and where it is at time 0.
    speed: f64,
    phase: f64,
    /// Share by which each lead grows at the height of a breath; negative where it shrinks.
    shares: Leads,
}

impl Breathing {
    /// `phase` is that of the sinus rhythm; the size of beats follows it a little later.
    pub(super) fn draw(breaths_per_min: f64, phase: f64, rng: &mut impl Rng) -> Self {
        let mut shares = [0.0; 8];
        // Breathing in turns the axis to the feet: less in I, more in II.
        shares[0] = -between(rng, 0.01, 0.05);
        shares[1] = between(rng, 0.02, 0.06);
        for share in &mut shares[2..] {
            *share = between(rng, 0.010, 0.035);
        }
        Self {
            speed: std::f64::consts::TAU * breaths_per_min / 60.0,
            phase: phase + 0.8,
            shares,
        }
    }

    /// Size of each lead at a time, near 1.
    pub(super) fn gains_at(&self, time_s: f64) -> Leads {
        let breath = libm::sin(self.speed * time_s + self.phase);
        self.shares.map(|share| 1.0 + share * breath)
    }
}

/// Sizes of one beat's waves, near 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) qrs: f64,
    pub(super) t: f64,
}

impl Sizes {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            qrs: bell(rng, 1.0, 0.008),
            t: bell(rng, 1.0, 0.030),
        }
    }
}

/// Size of one P wave, near 1.
pub(super) fn atrial_size(rng: &mut impl Rng) -> f64 {
    bell(rng, 1.0, 0.05)
}

/// How much one beat's QT is off what its rate asks for, seconds.
pub(super) fn qt_jitter_s(rng: &mut impl Rng) -> f64 {
    bell(rng, 0.0, 0.002)
}
