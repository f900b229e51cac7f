//! Whether something is denied where it stands.
//!
//! A cue denies what follows it within its clause, up to six words on. Over a comma it reaches only in a list
//! that goes on with `or` or `nor` ("no MI, STTC or HYP"); "no AF, LBBB" leaves LBBB standing. A few cues deny
//! what stands before them ("MI is unlikely").

use super::words::{Break, Word};

/// Words between a cue and what it denies.
const REACH: usize = 6;
/// Words between something and a cue that follows it.
const REACH_BACK: usize = 3;

const CUES: &[&str] = &[
    "no",
    "not",
    "without",
    "neither",
    "nor",
    "never",
    "non",
    "excluding",
    "excludes",
    "excluded",
    "isn't",
    "aren't",
    "doesn't",
    "don't",
    "cannot",
    "can't",
    "wasn't",
    "absent",
    "denies",
];
const TWO_WORD_CUES: &[[&str; 2]] = &[
    ["rather", "than"],
    ["instead", "of"],
    ["absence", "of"],
    ["lack", "of"],
    ["rule", "out"],
    ["ruled", "out"],
    ["rules", "out"],
    ["negative", "for"],
    ["free", "of"],
];
const CUES_AFTER: &[&str] = &["unlikely", "absent", "excluded", "negative"];
/// Words at which a denial ends.
const TURNS: &[&str] = &[
    "but", "however", "although", "though", "yet", "instead", "with", "shows", "is", "there",
];

/// Whether the words from `start` to before `end` are denied. Words for which `is_content` holds are no cues
/// (an option may itself be `no`).
pub(super) fn is_denied(
    words: &[Word<'_>],
    start: usize,
    end: usize,
    is_content: impl Fn(usize) -> bool,
) -> bool {
    denied_from_before(words, start, &is_content) || denied_from_behind(words, end, &is_content)
}

fn is_cue_at(words: &[Word<'_>], at: usize) -> bool {
    if CUES.contains(&words[at].lower.as_str()) {
        return true;
    }
    at > 0
        && TWO_WORD_CUES
            .iter()
            .any(|[first, second]| words[at - 1].lower == *first && words[at].lower == *second)
}

fn denied_from_before(
    words: &[Word<'_>],
    start: usize,
    is_content: &impl Fn(usize) -> bool,
) -> bool {
    let mut has_comma = false;
    let mut position = start;
    for _ in 0..REACH {
        match words[position].before {
            Break::Clause => return false,
            Break::Comma => has_comma = true,
            Break::Space => {}
        }
        let Some(before) = position.checked_sub(1) else {
            return false;
        };
        position = before;
        if is_content(position) {
            continue;
        }
        if is_cue_at(words, position) {
            return !has_comma || is_list_with_or(words, start);
        }
        if TURNS.contains(&words[position].lower.as_str()) {
            return false;
        }
    }
    false
}

/// Whether the clause goes on, at or after `start`, with `or` or `nor`, or the word before is one.
fn is_list_with_or(words: &[Word<'_>], start: usize) -> bool {
    let is_or = |word: &Word<'_>| word.lower == "or" || word.lower == "nor";
    let rest = words[start + 1..]
        .iter()
        .take_while(|word| word.before < Break::Clause)
        .take(REACH);
    rest.into_iter().any(is_or)
        || start
            .checked_sub(1)
            .is_some_and(|before| is_or(&words[before]))
}

fn denied_from_behind(words: &[Word<'_>], end: usize, is_content: &impl Fn(usize) -> bool) -> bool {
    for position in end..words.len().min(end + REACH_BACK) {
        let word = &words[position];
        if word.before > Break::Space || is_content(position) {
            return false;
        }
        if CUES_AFTER.contains(&word.lower.as_str()) {
            return true;
        }
        let is_verb = ["is", "are", "was", "were"]
            .contains(&words[position.saturating_sub(1)].lower.as_str());
        if word.lower == "not" && is_verb && position > end {
            return true;
        }
        let is_ruled_out = word.lower == "out" && words[position - 1].lower == "ruled";
        if is_ruled_out && position > end {
            return true;
        }
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::strict::words::words;

    #[test]
    fn denials_reach_as_far_as_they_are_meant() {
        let cases = [
            ("no X", true),
            ("There is no evidence of acute X", true),
            ("AFL rather than X", true),
            ("X rather than AFL", false),
            ("no AF, X", false),
            ("no AF, MI or X", true),
            ("no AF, X or MI", true),
            ("no AF but X", false),
            ("No AF. X", false),
            ("X is unlikely", true),
            ("X is not seen", true),
            ("X can be ruled out", false),
            ("X is ruled out", true),
            ("X, not AF", false),
            ("X and not AF", false),
            ("X", false),
            ("isn't X", true),
        ];
        for (text, denied) in cases {
            let words = words(text);
            let start = words.iter().position(|word| word.text == "X").unwrap();
            assert_eq!(
                is_denied(&words, start, start + 1, |_| false),
                denied,
                "{text}"
            );
        }
    }
}
