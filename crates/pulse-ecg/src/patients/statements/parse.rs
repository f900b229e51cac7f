//! From text to statements.

use super::topic::{BEFORE_RATE, NOT_ASSESSABLE, RATE, Topic};
use super::{Statement, StatementError, StatementReport};
use crate::patients::Finding;

/// Most digits of a rate.
const RATE_DIGITS: usize = 3;

pub(super) fn parse(text: &str) -> Result<StatementReport, StatementError> {
    let mut rest = Rest {
        text: text.trim(),
        at: 0,
    };
    let mut statements = Vec::with_capacity(Topic::ALL.len());
    let mut rate_bpm = 0;
    for topic in Topic::ALL {
        if topic != Topic::ALL[0] {
            rest.take(" ")?;
        }
        rest.take(topic.label())?;
        rest.take(": ")?;
        statements.push(statement(&mut rest, topic)?);
        rest.take(".")?;
        if topic == BEFORE_RATE {
            rest.take(" ")?;
            rest.take(RATE)?;
            rest.take(": ")?;
            rate_bpm = rate(&mut rest)?;
            rest.take("/min.")?;
        }
    }
    if !rest.left().is_empty() {
        return Err(rest.unexpected("the end of the report".to_owned()));
    }
    let report = StatementReport {
        rate_bpm,
        statements,
    };
    let rhythms = Topic::Rhythm.findings().iter();
    match rhythms
        .filter(|one| one.is_rhythm() && report.names(**one))
        .count()
    {
        1 => Ok(report),
        found => Err(StatementError::Rhythms { found }),
    }
}

fn statement(rest: &mut Rest<'_>, topic: Topic) -> Result<Statement, StatementError> {
    if rest.take(NOT_ASSESSABLE).is_ok() {
        return Ok(Statement::NotAssessable);
    }
    if rest.take(topic.none()).is_ok() {
        return Ok(Statement::Findings(Vec::new()));
    }
    let mut findings: Vec<Finding> = Vec::new();
    // Names come in the order of the topic, so that none comes twice and each set has one spelling.
    let mut candidates = topic.findings();
    loop {
        // Of two names of which one begins with the other the longer one would have to come first; there are none.
        let place = candidates
            .iter()
            .position(|finding| rest.left().starts_with(finding.name()))
            .ok_or_else(|| rest.unexpected(expected(topic, candidates, findings.is_empty())))?;
        findings.push(candidates[place]);
        rest.take(candidates[place].name())?;
        candidates = &candidates[place + 1..];
        if rest.take(", ").is_err() {
            return Ok(Statement::Findings(findings));
        }
    }
}

fn expected(topic: Topic, candidates: &[Finding], is_first: bool) -> String {
    let mut names: Vec<&str> = candidates.iter().map(|finding| finding.name()).collect();
    if is_first {
        names.extend([topic.none(), NOT_ASSESSABLE]);
    }
    match names.is_empty() {
        true => "no further finding".to_owned(),
        false => format!("one of {}", names.join(", ")),
    }
}

fn rate(rest: &mut Rest<'_>) -> Result<u32, StatementError> {
    let digits = rest
        .left()
        .bytes()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let has_leading_zero = rest.left().starts_with('0');
    let number = rest.left()[..digits].parse();
    match number {
        Ok(rate) if digits <= RATE_DIGITS && !has_leading_zero => {
            rest.at += digits;
            Ok(rate)
        }
        _ => Err(rest.unexpected(format!("a rate of one to {RATE_DIGITS} digits"))),
    }
}

/// What is not read yet.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl Rest<'_> {
    fn left(&self) -> &str {
        &self.text[self.at..]
    }

    fn take(&mut self, wanted: &str) -> Result<(), StatementError> {
        if !self.left().starts_with(wanted) {
            return Err(self.unexpected(format!("{wanted:?}")));
        }
        self.at += wanted.len();
        Ok(())
    }

    fn unexpected(&self, expected: String) -> StatementError {
        StatementError::Unexpected {
            at: self.at,
            found: self.left().chars().take(40).collect(),
            expected,
        }
    }
}
