//! A report as nine statements in a fixed order: what a program writes, reads back and scores without judgement.
//!
//! ```text
//! Rhythm: sinus rhythm. Rate: 72/min. Ectopy: none. Conduction: left bundle branch block. Axis: normal.
//! Hypertrophy: not assessable. ST segment: not assessable. Q waves: not assessable. QT: not assessable.
//! ```
//!
//! Each statement names findings, or says in one fixed word that there are none, or that the page does not let one
//! say. A text is a report of this form or it is not: [`StatementReport::parse`] takes nothing else.

mod error;
mod parse;
mod topic;

use std::fmt;

pub use error::StatementError;
pub use topic::Topic;

use super::Finding;

/// What one statement says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub enum Statement {
    /// These findings, in the order of [`Topic::findings`]; none of them where it is empty.
    Findings(Vec<Finding>),
    /// That it cannot be seen whether there are any: behind pacing or left bundle branch block.
    NotAssessable,
}

/// A report in statements.
///
/// ```
/// use pulse_ecg::patients::{Finding, StatementReport};
///
/// let report = StatementReport::new(&[Finding::SinusRhythm, Finding::LongQt], &[], 72);
/// let text = report.to_string();
/// assert!(text.starts_with("Rhythm: sinus rhythm. Rate: 72/min. Ectopy: none."));
/// assert_eq!(StatementReport::parse(&text)?, report);
/// # Ok::<(), pulse_ecg::patients::StatementError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StatementReport {
    rate_bpm: u32,
    /// In the order of [`Topic::ALL`].
    statements: Vec<Statement>,
}

impl StatementReport {
    /// The report of an ECG that shows `findings`, exactly one of them what drives the ventricles, and of whose
    /// `hidden` findings nothing can be said. A topic is called not assessable where nothing of it is shown and
    /// something of it is hidden. `rate_bpm` is the mean ventricular rate per minute.
    pub fn new(findings: &[Finding], hidden: &[Finding], rate_bpm: u32) -> Self {
        let statement = |topic: &Topic| {
            let shown: Vec<Finding> = topic
                .findings()
                .iter()
                .copied()
                .filter(|finding| findings.contains(finding))
                .collect();
            let is_hidden = topic.findings().iter().any(|one| hidden.contains(one));
            match shown.is_empty() && is_hidden {
                true => Statement::NotAssessable,
                false => Statement::Findings(shown),
            }
        };
        Self {
            rate_bpm,
            statements: Topic::ALL.iter().map(statement).collect(),
        }
    }

    /// Reads a report. White space around it does not count; every other difference to what `Display` writes does.
    ///
    /// # Errors
    /// [`StatementError`] with what was found, what was expected there, and where.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        parse::parse(text)
    }

    /// Mean ventricular rate per minute.
    pub fn rate_bpm(&self) -> u32 {
        self.rate_bpm
    }

    /// What it says about a topic.
    pub fn about(&self, topic: Topic) -> &Statement {
        &self.statements[topic as usize]
    }

    /// The statement about a topic in words: `Axis: normal.`
    pub fn statement(&self, topic: Topic) -> String {
        let words = match self.about(topic) {
            Statement::NotAssessable => topic::NOT_ASSESSABLE.to_owned(),
            Statement::Findings(findings) if findings.is_empty() => topic.none().to_owned(),
            Statement::Findings(findings) => {
                let names: Vec<&str> = findings.iter().map(|finding| finding.name()).collect();
                names.join(", ")
            }
        };
        format!("{}: {words}.", topic.label())
    }

    /// The statement about the rate in words: `Rate: 72/min.`
    pub fn rate_statement(&self) -> String {
        format!("{}: {}/min.", topic::RATE, self.rate_bpm)
    }

    /// Whether it names a finding.
    pub fn names(&self, finding: Finding) -> bool {
        self.statements.iter().any(|statement| match statement {
            Statement::Findings(findings) => findings.contains(&finding),
            Statement::NotAssessable => false,
        })
    }
}

impl fmt::Display for StatementReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for topic in Topic::ALL {
            let separator = if topic == Topic::ALL[0] { "" } else { " " };
            write!(f, "{separator}{}", self.statement(topic))?;
            if topic == topic::BEFORE_RATE {
                write!(f, " {}", self.rate_statement())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
