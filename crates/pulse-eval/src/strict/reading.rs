//! What could be read from one answer.

use std::collections::BTreeMap;

use super::verdict::Stance;
use serde::{Deserialize, Serialize};

/// What could be read from one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    /// This.
    Read(T),
    /// Nothing, and why.
    Unreadable(Unreadable),
}

impl<T> Reading<T> {
    /// What was read, if anything.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// There is no text.
    Empty,
    /// The text names nothing that is asked for.
    NothingRecognised,
    /// The text names several options where one is asked for, contradicts itself, or says something that the
    /// rules do not know about what it names.
    Ambiguous,
    /// The text names a letter that the question does not have.
    OutsideOptions,
}

/// What is said about each of several things, by position.
#[derive(Debug, Default)]
pub(super) struct Mentions(BTreeMap<usize, Stance>);

impl Mentions {
    /// Adds one mention; two that contradict each other are unclear.
    pub(super) fn add(&mut self, at: usize, stance: Stance) {
        let known = self.0.entry(at).or_insert(stance);
        *known = match (*known, stance) {
            (one, other) if one == other => one,
            (one, Stance::Discussed) => one,
            (Stance::Discussed, other) => other,
            _ => Stance::Unclear,
        };
    }

    /// Whether nothing was named.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is affirmed; nothing if something is unclear or only discussed.
    pub(super) fn affirmed(&self) -> Option<Vec<usize>> {
        let is_open = |stance: &Stance| matches!(stance, Stance::Unclear | Stance::Discussed);
        if self.0.values().any(is_open) {
            return None;
        }
        let held = self
            .0
            .iter()
            .filter(|(_, stance)| **stance == Stance::Affirmed);
        Some(held.map(|(at, _)| *at).collect())
    }
}

/// Whether an answer ticks, crosses, strikes out or uses signs, which is not read.
pub(super) fn has_boxes(answer: &str) -> bool {
    let lower = answer.to_lowercase();
    answer.contains(|c| "\u{2705}\u{274c}\u{274e}\u{2610}\u{2611}\u{2612}\u{2713}\u{2714}\u{2716}\u{2717}\u{2718}".contains(c))
        || ["[ ]", "[x]", "~~", "(+)", "(-)", " +,", " -,", " +;", " -;"]
            .iter()
            .any(|mark| lower.contains(mark))
}
