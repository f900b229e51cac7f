//! Lays beats into the signal.

use rand::Rng;

use super::chance::between;
use super::heart::{LeadField, Leads, Ventricle, Wave, bump};
use super::variation::{Breathing, Sizes};

/// Seconds between a pacing spike and the QRS it causes.
const SPIKE_BEFORE_QRS_S: f64 = 0.004;

/// A pacemaker's stimulus.
pub(super) struct Spike {
    leads: Leads,
}

impl Spike {
    /// Large in all leads when unipolar, small when bipolar.
    pub(super) fn draw(field: &LeadField, unipolar: bool, rng: &mut impl Rng) -> Self {
        let size = if unipolar {
            between(rng, 0.9, 1.6)
        } else {
            between(rng, 0.35, 0.6)
        };
        Self {
            leads: field.project([0.30, 0.75, 0.40].map(|v: f64| v * size)),
        }
    }
}

/// The signal under construction, eight independent leads a sample.
pub(super) struct Painter {
    signal: Vec<Leads>,
    rate: f64,
    breathing: Breathing,
}

impl Painter {
    pub(super) fn new(samples: usize, rate: f64, breathing: Breathing) -> Self {
        Self {
            signal: vec![[0.0; 8]; samples],
            rate,
            breathing,
        }
    }

    pub(super) fn into_signal(self) -> Vec<Leads> {
        self.signal
    }

    /// Lays waves down whose times count from `onset_s`, `size` times as large as they are.
    pub(super) fn waves(&mut self, waves: &[Wave], onset_s: f64, size: f64) {
        let gains = self.breathing.gains_at(onset_s).map(|gain| gain * size);
        let rate = self.rate;
        for wave in waves {
            let leads: Leads = std::array::from_fn(|lead| gains[lead] * wave.leads[lead]);
            let peak_s = onset_s + wave.centre;
            for (i, sample) in self.between(peak_s - wave.left, peak_s + wave.right) {
                let share = wave.shape(i as f64 / rate - onset_s);
                for (sum, lead) in sample.iter_mut().zip(leads) {
                    *sum += share * lead;
                }
            }
        }
    }

    /// Lays down QRS, ST and T.
    pub(super) fn beat(&mut self, ventricle: &Ventricle, onset_s: f64, qt_s: f64, sizes: Sizes) {
        self.waves(&ventricle.qrs, onset_s, sizes.qrs);
        let gains = self.breathing.gains_at(onset_s);
        let scaled = |leads: &Leads, size: f64| -> Leads {
            std::array::from_fn(|lead| gains[lead] * size * leads[lead])
        };
        let (st, t) = (
            scaled(&ventricle.st, sizes.qrs),
            scaled(&ventricle.t, sizes.t),
        );
        let repolarisation = ventricle.repolarisation(qt_s);
        let (from, to) = repolarisation.span();
        let rate = self.rate;
        for (i, sample) in self.between(onset_s + from, onset_s + to) {
            let (plateau, wave) = repolarisation.shapes(i as f64 / rate - onset_s);
            for (value, (st, t)) in sample.iter_mut().zip(st.iter().zip(&t)) {
                *value += plateau * st + wave * t;
            }
        }
    }

    /// Lays down a pacing spike just before a QRS: 2 ms, or one sample where samples are further apart.
    pub(super) fn spike(&mut self, spike: &Spike, qrs_onset_s: f64) {
        let half_s = (0.0015_f64).max(1.0 / self.rate);
        let centre = qrs_onset_s - SPIKE_BEFORE_QRS_S - half_s;
        let rate = self.rate;
        for (i, sample) in self.between(centre - half_s, centre + half_s) {
            let share = bump((i as f64 / rate - centre) / half_s);
            for (sum, lead) in sample.iter_mut().zip(spike.leads) {
                *sum += share * lead;
            }
        }
    }

    /// Samples from one time to another, as far as they are inside, with their numbers.
    fn between(&mut self, from_s: f64, to_s: f64) -> impl Iterator<Item = (usize, &mut Leads)> {
        let count = self.signal.len();
        let bound = |time: f64| (libm::ceil(time * self.rate).max(0.0) as usize).min(count);
        let (first, last) = (bound(from_s), bound(to_s));
        self.signal[first..last.max(first)]
            .iter_mut()
            .enumerate()
            .map(move |(i, sample)| (first + i, sample))
    }
}
