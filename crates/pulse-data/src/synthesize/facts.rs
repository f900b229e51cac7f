//! What may be asked about a case, and what is true of it.

use pulse_ecg::patients::{Finding, StatementReport};
use rand::Rng;

use super::case::Case;
use super::random::pick;

/// Rates that textbooks call slow and fast, per minute.
const SLOW: u32 = 60;
const FAST: u32 = 100;

/// A question about the range of the rate, with the ranges to choose from.
pub(super) fn ask_range(rng: &mut impl Rng) -> String {
    let question = pick(
        rng,
        &[
            "In which range is the ventricular rate?",
            "Which category does the heart rate on this ECG belong to?",
        ],
    );
    format!("{question} Choose one: below 60 bpm, 60 to 100 bpm, above 100 bpm.")
}

impl Case {
    /// Whether the ECG shows a finding.
    pub(super) fn shows(&self, finding: Finding) -> bool {
        self.ecg.findings.contains(&finding)
    }

    /// Whether wide, abnormally conducted beats hide what the ventricles would show otherwise.
    fn is_masked(&self) -> bool {
        self.shows(Finding::PacedRhythm) || self.shows(Finding::LeftBundleBranchBlock)
    }

    /// Whether a finding can be neither seen nor excluded: wide, abnormally conducted beats hide what the
    /// ventricles would show otherwise, and a pacemaker that follows P waves leaves the sinus rhythm behind it to
    /// interpretation.
    fn hides(&self, finding: Finding) -> bool {
        let is_morphology = finding.st_elevation().is_some()
            || finding.st_depression().is_some()
            || finding.q_wave_infarction().is_some()
            || matches!(
                finding,
                Finding::LeftVentricularHypertrophy
                    | Finding::LeftVentricularStrain
                    | Finding::LeftBundleBranchBlock
                    | Finding::RightBundleBranchBlock
                    | Finding::LeftAxisDeviation
                    | Finding::RightAxisDeviation
                    | Finding::LongQt
            );
        let is_sinus = matches!(
            finding,
            Finding::SinusRhythm
                | Finding::SinusBradycardia
                | Finding::SinusTachycardia
                | Finding::SinusArrhythmia
                | Finding::FirstDegreeAvBlock
        );
        !self.shows(finding)
            && ((is_morphology && self.is_masked())
                || (is_sinus && self.shows(Finding::PacedRhythm)))
    }

    /// Findings that are certainly absent: neither shown nor hidden.
    pub(super) fn absent(&self) -> Vec<Finding> {
        let all = Finding::ALL.iter().copied();
        all.filter(|finding| !self.shows(*finding) && !self.hides(*finding))
            .collect()
    }

    /// Findings of which nothing can be said.
    pub(super) fn hidden(&self) -> Vec<Finding> {
        let all = Finding::ALL.iter().copied();
        all.filter(|finding| self.hides(*finding)).collect()
    }

    /// The report in statements.
    pub(super) fn statements(&self) -> StatementReport {
        StatementReport::new(&self.ecg.findings, &self.hidden(), self.rate())
    }

    /// The name of the rhythm.
    pub(super) fn rhythm(&self) -> &'static str {
        self.plan.rhythm().map_or("sinus rhythm", Finding::name)
    }

    /// Mean ventricular rate in whole beats per minute.
    pub(super) fn rate(&self) -> u32 {
        libm::round(self.ecg.truth.rate_bpm) as u32
    }

    /// Where the rate lies between those that textbooks call slow and fast, in the words of [`ask_range`].
    pub(super) fn rate_range(&self) -> &'static str {
        match self.rate() {
            ..SLOW => "below 60 bpm",
            SLOW..=FAST => "60 to 100 bpm",
            _ => "above 100 bpm",
        }
    }

    /// Findings in words: `sinus rhythm, left axis deviation and prolonged QT interval`.
    pub(super) fn findings_in_words(&self) -> String {
        let names: Vec<&str> = self
            .ecg
            .findings
            .iter()
            .map(|finding| finding.name())
            .collect();
        match names.split_last() {
            None => String::new(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }
}

/// A sentence of it: capital letter first, full stop last.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
