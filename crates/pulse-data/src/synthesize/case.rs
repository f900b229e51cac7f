//! One recording of one patient.

use pulse_ecg::patients::{Mixture, PatientPlan, SyntheticEcg};

use super::error::SynthesizeError;
use super::random::generator;

/// A synthetic ECG with the place of its page.
pub(super) struct Case {
    pub(super) patient: u64,
    pub(super) recording: u64,
    pub(super) plan: PatientPlan,
    pub(super) ecg: SyntheticEcg,
}

impl Case {
    /// Recording number `recording` of patient `patient`. All recordings of a patient have the same
    /// findings; noise, beats and measurements at the electrodes differ.
    pub(super) fn make(
        seed: u64,
        mixture: Mixture,
        patient: u64,
        recording: u64,
    ) -> Result<Self, SynthesizeError> {
        let plan = PatientPlan::draw_from(mixture, &mut generator(seed, "patient", patient));
        Self::of_plan(seed, plan, patient, recording)
    }

    /// The same for a plan that was drawn elsewhere.
    pub(super) fn of_plan(
        seed: u64,
        plan: PatientPlan,
        patient: u64,
        recording: u64,
    ) -> Result<Self, SynthesizeError> {
        let purpose = format!("recording {recording}");
        let mut ecg = plan.synthesize(&mut generator(seed, &purpose, patient))?;
        ecg.recording.name = format!("p{patient:08}-{recording}");
        Ok(Self {
            patient,
            recording,
            plan,
            ecg,
        })
    }

    /// Path of the page below the image folder; the lint's parser reads patient and recording from it.
    pub(super) fn image_path(&self, extension: &str) -> String {
        let (patient, recording) = (self.patient, self.recording);
        format!("synthetic/p{patient:08}/r{patient:08}{recording}-0.{extension}")
    }
}
