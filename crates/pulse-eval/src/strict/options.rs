//! Reading which of a question's options hold.

use std::collections::BTreeSet;

use super::negation::stance;
use super::reading::{Mentions, Reading, Unreadable, has_boxes};
use super::verdict::Stance;
use super::words::{Break, Word, phrase, stands_at, words};
use crate::gold::{GoldAnswer, is_characters};

/// The sentence that closes the questions of ECG-QA.
const CLOSING: &str = "Only answer based on the given Options without any explanation.";

/// The options that a question lists after its last `Options:`, in lower case. Pieces that a comma cut out of
/// one of the `known` options are put together again.
pub fn options_of_prompt(prompt: &str, known: &BTreeSet<String>) -> Vec<String> {
    let pieces: Vec<String> = options_as_listed(prompt)
        .iter()
        .map(|piece| piece.to_lowercase())
        .collect();
    let mut options = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let joined = (at + 2..=pieces.len()).find_map(|end| {
            let whole = pieces[at..end].join(", ");
            known.contains(&whole).then_some((whole, end))
        });
        let (option, end) = joined.unwrap_or_else(|| (pieces[at].to_owned(), at + 1));
        options.push(option);
        at = end;
    }
    options
}

/// What a question lists after its last `Options:`, cut at commas, as it is written.
pub(crate) fn options_as_listed(prompt: &str) -> Vec<String> {
    let listed = prompt.rsplit_once("Options:").map_or("", |(_, rest)| rest);
    listed
        .replace(CLOSING, "")
        .split(',')
        .map(|piece| piece.trim().trim_end_matches('.').to_owned())
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// The true options as a set in lower case: a list's elements; a string (or list of single characters) as a
/// whole if the question lists it, otherwise split at commas.
pub fn gold_option_set(answer: &GoldAnswer, prompt: &str) -> BTreeSet<String> {
    let lower = |text: &str| text.trim().to_lowercase();
    match answer {
        GoldAnswer::List(parts) if !is_characters(parts) => {
            parts.iter().map(|part| lower(part)).collect()
        }
        other => {
            let text = lower(&other.to_text());
            let whole = BTreeSet::from([text.clone()]);
            if !text.contains(',') || options_of_prompt(prompt, &whole).contains(&text) {
                return whole;
            }
            text.split(',').map(lower).collect()
        }
    }
}

/// The options that an answer names and does not deny, as positions in `options`, ascending.
///
/// Whole words without regard to case, the longest option first, each word once. An option's own `no` or `not`
/// denies nothing. Nothing named: unreadable; everything named denied: no option.
pub fn read_options(answer: &str, options: &[String]) -> Reading<Vec<usize>> {
    let words = words(answer);
    if words.is_empty() {
        return Reading::Unreadable(Unreadable::Empty);
    }
    let found = find_options(&words, options);
    if found.is_empty() {
        return Reading::Unreadable(Unreadable::NothingRecognised);
    }
    // Unless the answer is a bare list, as questions that compare two ECGs want it.
    let contradicts_itself = |read: &Vec<usize>| {
        let listed: usize = read.iter().map(|at| phrase(&options[*at]).len()).sum();
        let has = |word: &str| {
            read.iter()
                .any(|at| options[*at].eq_ignore_ascii_case(word))
        };
        let is_none_and_more = read.len() > 1 && has("none");
        listed < words.len() && (has("yes") && has("no") || is_none_and_more)
    };
    match found.affirmed() {
        Some(read) if !contradicts_itself(&read) && !has_boxes(answer) => Reading::Read(read),
        _ => Reading::Unreadable(Unreadable::Ambiguous),
    }
}

/// Options that occur, with what is said about them. `no` is an option only where no word follows it in its
/// clause.
pub(super) fn find_options(words: &[Word<'_>], options: &[String]) -> Mentions {
    let mut names: Vec<(usize, Vec<String>)> = options
        .iter()
        .map(|option| phrase(option))
        .enumerate()
        .collect();
    names.sort_by_key(|(_, phrase)| std::cmp::Reverse(phrase.len()));
    let mut taken = vec![false; words.len()];
    let mut mentions = Vec::new();
    for (option, phrase) in &names {
        for start in 0..words.len() {
            let end = start + phrase.len();
            let is_determiner = *phrase == ["no"]
                && words
                    .get(end)
                    .is_some_and(|next| next.before == Break::Space);
            if stands_at(words, start, phrase)
                && !taken[start..end].contains(&true)
                && !is_determiner
            {
                taken[start..end].fill(true);
                mentions.push((*option, start, end));
            }
        }
    }
    let mut found = Mentions::default();
    for (option, start, end) in mentions {
        let stance = match is_shortened(words, start, end, &taken, &names) {
            true => Stance::Unclear,
            false => stance(words, start, end, |at| taken[at]),
        };
        found.add(option, stance);
    }
    found
}

/// Whether a part of another option stands beside one: "lead I and II", "anterior and inferior infarction".
fn is_shortened(
    words: &[Word<'_>],
    start: usize,
    end: usize,
    taken: &[bool],
    names: &[(usize, Vec<String>)],
) -> bool {
    let is_joint = |word: &Word<'_>| ["and", "or"].contains(&word.lower.as_str());
    let (first, last) = (&words[start].lower, &words[end - 1].lower);
    let behind = match words.get(end) {
        Some(next) if is_joint(next) => end + 1,
        Some(next) if next.before == Break::Comma => end,
        _ => words.len(),
    };
    let before = match start.checked_sub(1).map(|at| (at, &words[at])) {
        Some((at, word)) if is_joint(word) => at.checked_sub(1),
        Some((at, _)) if words[start].before == Break::Comma => Some(at),
        _ => None,
    };
    let free = |at: usize| words.get(at).filter(|_| !taken[at]);
    names.iter().any(|(_, name)| {
        let (Some(head), Some(tail)) = (name.first(), name.last()) else {
            return false;
        };
        name.len() > 1
            && (head == first && free(behind).is_some_and(|word| word.lower == *tail)
                || tail == last
                    && before
                        .and_then(free)
                        .is_some_and(|word| word.lower == *head))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str, prompt: &str) -> Option<Vec<String>> {
        let options = options_of_prompt(prompt, &BTreeSet::new());
        let reading = read_options(answer, &options);
        reading
            .value()
            .map(|found| found.iter().map(|at| options[*at].clone()).collect())
    }

    #[test]
    fn options_are_whole_words_longest_first() {
        let prompt =
            format!("q Options: none, no, Lead I, Lead II, atrial fibrillation\n{CLOSING}");
        let cases: [(&str, Option<&[&str]>); 8] = [
            ("none", Some(&["none"])),
            ("No.", Some(&["no"])),
            ("LEAD II", Some(&["lead ii"])),
            ("lead i, lead ii", Some(&["lead i", "lead ii"])),
            (
                "No, there is atrial fibrillation",
                Some(&["no", "atrial fibrillation"]),
            ),
            ("lead i but not atrial fibrillation", Some(&["lead i"])),
            ("unclear", None),
            ("", None),
        ];
        for (answer, options) in cases {
            let found = read(answer, &prompt);
            let found: Option<Vec<&str>> = found
                .as_ref()
                .map(|found| found.iter().map(String::as_str).collect());
            assert_eq!(found.as_deref(), options, "{answer:?}");
        }
    }

    #[test]
    fn gold_is_understood_in_every_spelling() {
        let prompt = "q Options: a, b or c, late, very late";
        let set = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        let list: GoldAnswer = GoldAnswer::List(vec!["B".into(), "late".into()]);
        assert_eq!(gold_option_set(&list, prompt), set(&["b", "late"]));
        let characters = GoldAnswer::List("late".chars().map(String::from).collect());
        assert_eq!(gold_option_set(&characters, prompt), set(&["late"]));
        let whole = GoldAnswer::Text("Late, very late".into());
        assert_eq!(gold_option_set(&whole, prompt), set(&["late, very late"]));
        let two = GoldAnswer::Text("a, late".into());
        assert_eq!(gold_option_set(&two, prompt), set(&["a", "late"]));
    }
}
