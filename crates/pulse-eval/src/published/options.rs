//! Which options the original reads from an answer to ECG-QA.

use std::collections::BTreeSet;

use super::python::strip;
use crate::gold::GoldAnswer;

/// The sentence that closes the questions of ECG-QA and is removed before the options are split.
const CLOSING: &str = "Only answer based on the given Options without any explanation.";

/// The options as the original finds them in a prompt: what follows the last `Options:`, without the closing
/// sentence, split at commas. An option with a comma falls apart.
pub fn candidates(prompt: &str) -> Vec<String> {
    let listed = prompt
        .rsplit_once("Options:")
        .map_or(prompt, |(_, rest)| rest)
        .replace(CLOSING, "");
    listed
        .split(',')
        .map(|option| strip(option).to_owned())
        .collect()
}

/// The candidates that occur in the lower-cased answer. Candidates are not lower-cased, so one with a capital
/// letter never occurs; one that is part of another (`no` in `none`) occurs with it.
pub fn chosen_options(candidates: &[String], answer: &str) -> BTreeSet<String> {
    let answer = answer.to_lowercase();
    candidates
        .iter()
        .filter(|candidate| answer.contains(candidate.as_str()))
        .cloned()
        .collect()
}

/// The set the original compares with: a list's elements, or a string's characters (with which no set of
/// words is ever equal).
pub fn gold_options(answer: &GoldAnswer) -> BTreeSet<String> {
    match answer {
        GoldAnswer::List(parts) => parts.iter().cloned().collect(),
        GoldAnswer::Text(text) => text.chars().map(String::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(options: &[&str]) -> BTreeSet<String> {
        options.iter().map(|option| (*option).to_owned()).collect()
    }

    #[test]
    fn options_are_read_as_in_the_original() {
        let prompt = format!("Options: old. Which? Options: none, no , Lead V1\n{CLOSING}");
        let options = candidates(&prompt);
        assert_eq!(options, ["none", "no", "Lead V1"]);
        assert_eq!(chosen_options(&options, "NONE"), set(&["none", "no"]));
        assert!(chosen_options(&options, "Lead V1").is_empty());
        assert_eq!(candidates("yes, no"), ["yes", "no"]);
        assert_eq!(
            gold_options(&GoldAnswer::Text("no".into())),
            set(&["n", "o"])
        );
        let list = GoldAnswer::List(vec!["b".into(), "a".into()]);
        assert_eq!(gold_options(&list), set(&["a", "b"]));
    }
}
