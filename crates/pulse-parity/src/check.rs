//! Comparisons and their results.

use serde::Serialize;

/// How a section ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything compared is within its tolerance.
    Holds,
    /// Something differs by more.
    Fails,
    /// This version has no code for it yet.
    Missing,
    /// The folder has no fixtures for it.
    NoFixtures,
    /// A fixture or model cannot be used; the report's message says why.
    Error,
}

/// One quantity of a section, over all its cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What was compared.
    pub quantity: String,
    /// Cases compared.
    pub cases: usize,
    /// The largest difference found: of values, or the number of unequal items where equality is
    /// asked for.
    pub largest: f64,
    /// The largest difference allowed.
    pub tolerance: f64,
    /// The first case that differs by more, in words.
    pub failure: Option<String>,
}

impl Check {
    /// A quantity that must be equal.
    pub fn exact(quantity: impl Into<String>) -> Self {
        Self::within(quantity, 0.0)
    }

    /// A quantity that may differ.
    pub fn within(quantity: impl Into<String>, tolerance: f64) -> Self {
        Self {
            quantity: quantity.into(),
            cases: 0,
            largest: 0.0,
            tolerance,
            failure: None,
        }
    }

    /// Counts a case with its difference; a difference that is no number fails.
    pub fn difference(&mut self, case: &str, difference: f64) {
        self.cases += 1;
        if difference.is_nan() || difference > self.largest {
            self.largest = if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            };
        }
        let is_good = difference <= self.tolerance;
        if !is_good && self.failure.is_none() {
            self.failure = Some(format!("{case}: {difference:e}"));
        }
    }

    /// Counts a case that must be equal.
    pub fn equal<T: PartialEq + std::fmt::Debug + ?Sized>(
        &mut self,
        case: &str,
        ours: &T,
        theirs: &T,
    ) {
        self.cases += 1;
        if ours == theirs {
            return;
        }
        self.largest += 1.0;
        if self.failure.is_none() {
            let short = |value: &T| {
                let text = format!("{value:?}");
                text.chars().take(200).collect::<String>()
            };
            self.failure = Some(format!(
                "{case}: {} instead of {}",
                short(ours),
                short(theirs)
            ));
        }
    }

    /// Counts a case whose values may differ by the tolerance; unequal lengths fail.
    pub fn values(&mut self, case: &str, ours: &[f32], theirs: &[f32]) {
        if ours.len() != theirs.len() {
            self.cases += 1;
            self.largest = f64::INFINITY;
            self.failure.get_or_insert(format!(
                "{case}: {} values instead of {}",
                ours.len(),
                theirs.len()
            ));
            return;
        }
        self.difference(case, largest_difference(ours, theirs));
    }

    /// Whether every case held. So it is where there are none: a folder need not have beams, say.
    pub fn holds(&self) -> bool {
        self.failure.is_none()
    }

    /// Whether the folder has nothing to compare it with.
    pub fn is_empty(&self) -> bool {
        self.cases == 0
    }
}

/// The largest absolute difference; NaN if any value is.
pub(crate) fn largest_difference(ours: &[f32], theirs: &[f32]) -> f64 {
    let mut largest = 0f64;
    for (a, b) in ours.iter().zip(theirs) {
        let difference = (f64::from(*a) - f64::from(*b)).abs();
        if difference.is_nan() {
            return f64::NAN;
        }
        largest = largest.max(difference);
    }
    largest
}

/// What became of a section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectionReport {
    /// The section's name.
    pub section: String,
    /// How it ended.
    pub status: Status,
    /// What was compared.
    pub checks: Vec<Check>,
    /// Why it ended early, for [`Status::Error`].
    pub message: Option<String>,
    /// Seconds it took.
    pub seconds: f64,
}

impl SectionReport {
    /// Whether the section holds.
    pub fn holds(&self) -> bool {
        self.status == Status::Holds
    }
}
