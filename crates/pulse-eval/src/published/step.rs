//! Which checkpoint a file's name stands for.

use std::fmt;

/// The key under which the original sums up a file; files with the same key replace each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKey {
    /// A name with `step` in it: the number after its last `-`, 99999 for `final`.
    Step(i64),
    /// Any other name: what stands before the first `_`.
    Model(String),
}

impl StepKey {
    const FINAL: i64 = 99999;

    /// The key of a file name; `None` if it contains `step` but no number can be read.
    pub fn of(file_name: &str) -> Option<Self> {
        let stem = file_name.strip_suffix(".jsonl").unwrap_or(file_name);
        if !file_name.contains("step") {
            let model = stem.split_once('_').map_or(stem, |(model, _)| model);
            return Some(Self::Model(model.to_owned()));
        }
        let last = stem.rsplit_once('-').map_or(stem, |(_, last)| last);
        match last {
            "final" => Some(Self::Step(Self::FINAL)),
            number => number.parse().ok().map(Self::Step),
        }
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(Self::FINAL) => out.write_str("final"),
            Self::Step(step) => write!(out, "{step}"),
            Self::Model(model) => out.write_str(model),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_give_steps_or_models() {
        assert_eq!(
            StepKey::of("step-final.jsonl").unwrap().to_string(),
            "final"
        );
        assert_eq!(StepKey::of("step-1200.jsonl"), Some(StepKey::Step(1200)));
        assert_eq!(StepKey::of("step-x.jsonl"), None);
        let model = StepKey::of("gpt4o_ptb-test_none.jsonl").unwrap();
        assert_eq!(model.to_string(), "gpt4o");
        assert!(StepKey::Step(5) < StepKey::of("step-final.jsonl").unwrap());
    }
}
