//! What a synthetic patient shall show, before anything is drawn.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{Finding, Mixture, PatientError, SyntheticEcg, check, draw, synthesize};
use crate::recording::Sex;

/// Disturbances other than the heart, at the electrodes. Zero switches one off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Root mean square of muscle noise at one electrode, in millivolts (0 to 0.5).
    pub muscle_mv: f64,
    /// Amplitude of mains pickup at the worst electrode, in millivolts (0 to 0.5).
    pub mains_mv: f64,
    /// Mains frequency: 50 or 60 Hz.
    pub mains_hz: f64,
    /// Size of sudden shifts when an electrode moves, in millivolts (0 to 3).
    pub motion_mv: f64,
}

impl Noise {
    /// No disturbance.
    pub const NONE: Self = Self {
        muscle_mv: 0.0,
        mains_mv: 0.0,
        mains_hz: 50.0,
        motion_mv: 0.0,
    };
}

/// Slow movement of the baseline and what breathing does to the beats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wander {
    /// Amplitude at one electrode in millivolts (0 to 2).
    pub amplitude_mv: f64,
    /// Breaths per minute (4 to 60); breathing also modulates rate and amplitude of the beats.
    pub breaths_per_min: f64,
}

impl Wander {
    /// A baseline that stays where it is, with quiet breathing.
    pub const NONE: Self = Self {
        amplitude_mv: 0.0,
        breaths_per_min: 14.0,
    };
}

/// Findings and parameters of a synthetic patient. [`PatientPlan::synthesize`] makes the ECG.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatientPlan {
    /// What it shows; exactly one of them is a rhythm ([`Finding::is_rhythm`]).
    pub findings: Vec<Finding>,
    /// Ventricular rate in beats per minute, the mean over the recording. With premature beats the rate of
    /// the underlying rhythm.
    pub rate_bpm: f64,
    /// Onset of P to onset of QRS in milliseconds; `None` in rhythms without P waves.
    pub pr_ms: Option<f64>,
    /// Duration of QRS in milliseconds.
    pub qrs_ms: f64,
    /// Onset of QRS to end of T in milliseconds.
    pub qt_ms: f64,
    /// Frontal QRS axis in degrees, -180 (excluded) to 180; 0 points left, 90 to the feet.
    pub axis_degrees: f64,
    /// Disturbances at the electrodes.
    pub noise: Noise,
    /// Baseline and breathing.
    pub wander: Wander,
    /// Age in years (18 to 100).
    pub age_years: u16,
    /// Sex.
    pub sex: Sex,
    /// Length of the recording in seconds (2 to 3600).
    pub seconds: f64,
    /// Samples per second (100 to 4000).
    pub sampling_rate_hz: f64,
}

impl PatientPlan {
    /// A patient from a mixture chosen for training: the shares are in `docs/synthetic-patients.md`.
    ///
    /// Ten seconds at 500 Hz with light noise; never fails.
    pub fn draw<R: Rng>(rng: &mut R) -> Self {
        Self::draw_from(Mixture::default(), rng)
    }

    /// As [`PatientPlan::draw`], from a mixture of one's choice.
    pub fn draw_from<R: Rng>(mixture: Mixture, rng: &mut R) -> Self {
        draw::mixture(mixture, rng)
    }

    /// A patient with one finding; a rhythm is added when the finding is none, and what the finding needs
    /// (left ventricular strain needs hypertrophy).
    pub fn with_finding<R: Rng>(finding: Finding, rng: &mut R) -> Self {
        draw::with_findings(&[finding], rng)
    }

    /// A patient with these findings, completed by a rhythm where none is among them.
    ///
    /// # Errors
    ///
    /// [`PatientError`] when they cannot be shown together.
    pub fn with_findings<R: Rng>(findings: &[Finding], rng: &mut R) -> Result<Self, PatientError> {
        let plan = draw::with_findings(findings, rng);
        plan.validate()?;
        Ok(plan)
    }

    /// Whether the plan has this finding.
    pub fn has(&self, finding: Finding) -> bool {
        self.findings.contains(&finding)
    }

    /// The finding that names the rhythm, if the plan has one.
    pub fn rhythm(&self) -> Option<Finding> {
        self.findings
            .iter()
            .copied()
            .find(|finding| finding.is_rhythm())
    }

    /// QT corrected for rate after Bazett, in milliseconds: QT / sqrt(RR in seconds).
    pub fn qtc_bazett_ms(&self) -> f64 {
        self.qt_ms * libm::sqrt(self.rate_bpm / 60.0)
    }

    /// Checks that the findings can be shown together and that the parameters agree with them, in both
    /// directions: a PR interval of 220 ms without the label first-degree AV block is refused too, for a
    /// label set that leaves out what the signal shows teaches the wrong thing.
    ///
    /// # Errors
    ///
    /// [`PatientError`], naming the finding or parameter, what was expected and what to do.
    pub fn validate(&self) -> Result<(), PatientError> {
        check::validate(self)
    }

    /// Makes the ECG. The same plan and generator state give the same bytes on every platform.
    ///
    /// # Errors
    ///
    /// Those of [`PatientPlan::validate`], and [`PatientError::QWaves`].
    pub fn synthesize<R: Rng>(&self, rng: &mut R) -> Result<SyntheticEcg, PatientError> {
        self.validate()?;
        synthesize::synthesize(self, rng)
    }
}
