//! What stands beside a letter: its option's text, another's, or prose.

use std::ops::Range;

use super::super::negation::is_doubt;
use super::super::options::find_options;
use super::super::words::{Break, Word, phrase, stands_at};

/// Cues that only say which finding is not there.
const PLAIN: &[&str] = &["no", "without"];
/// Words behind `no` that reject something else than a finding ("no way").
const IDIOMS: &[&str] = &["way", "idea", "chance", "reason", "need", "longer", "more"];

/// From a place to the end of its sentence.
fn sentence(words: &[Word<'_>], from: usize) -> Range<usize> {
    let length = words[from..]
        .iter()
        .skip(1)
        .take_while(|word| !word.gap.contains(['.', '\n', ';']))
        .count();
    from..words.len().min(from + 1 + length)
}

/// Whether a letter stands with what another option says.
///
/// Right behind it that is another option's text up to the end of the clause; in a list item (`is_item`) it is also
/// prose that affirms another option's text and not the letter's own.
pub(super) fn contradicts(
    words: &[Word<'_>],
    at: usize,
    own: usize,
    is_item: bool,
    options: &[String],
) -> bool {
    let from = at + 1;
    if from >= words.len() {
        return false;
    }
    let texts: Vec<Vec<String>> = options.iter().map(|text| phrase(text)).collect();
    if texts
        .get(own)
        .is_some_and(|own| stands_at(words, from, own))
    {
        return false;
    }
    let stands_alone = |text: &Vec<String>| {
        let behind = words.get(from + text.len());
        stands_at(words, from, text) && behind.is_none_or(|word| word.before != Break::Space)
    };
    // Of two options with one text neither is the other.
    let mut others = texts
        .iter()
        .enumerate()
        .filter(|(other, text)| *other != own && texts.get(own) != Some(text));
    if others.any(|(_, text)| stands_alone(text)) {
        return true;
    }
    is_item
        && affirmed(&words[sentence(words, from)], options)
            .is_some_and(|found| !found.is_empty() && !found.contains(&own))
}

/// The options whose texts stand in a sentence, nothing if it is unclear what is said of one.
fn affirmed(words: &[Word<'_>], options: &[String]) -> Option<Vec<usize>> {
    find_options(words, options).affirmed()
}

/// Whether the sentence from a place on denies or doubts something.
pub(super) fn has_doubt(words: &[Word<'_>], from: usize) -> bool {
    let is_option = |word: &Word<'_>| ["option", "choice"].contains(&word.lower.as_str());
    if from >= words.len() || is_option(&words[from]) {
        return false;
    }
    sentence(words, from).any(|at| is_doubt(words, at))
}

/// Whether the whole answer is a letter with findings that lead to it, some of which are not there: "C. No ST
/// elevation, normal intervals". It must be one sentence that says also what is there, names no option's text
/// but the letter's own as what holds, and nothing of the letter's own as what does not.
pub(super) fn is_explained(words: &[Word<'_>], at: usize, own: usize, options: &[String]) -> bool {
    let from = at + 1;
    if at != 0 || from >= words.len() || sentence(words, from).end != words.len() {
        return false;
    }
    let own_words = options.get(own).map(|text| phrase(text));
    let own_words = own_words.unwrap_or_default();
    let mut has_finding = false;
    let mut is_denied = false;
    for place in from..words.len() {
        let word = &words[place];
        if word.before != Break::Space {
            is_denied = false;
        }
        if is_doubt(words, place) {
            let next = words.get(place + 1);
            let is_plain = PLAIN.contains(&word.lower.as_str())
                && next.is_some_and(|next| {
                    next.before == Break::Space && !IDIOMS.contains(&next.lower.as_str())
                });
            if !is_plain {
                return false;
            }
            is_denied = true;
        } else if is_denied && own_words.contains(&word.lower) {
            return false;
        } else if !is_denied {
            has_finding = true;
        }
    }
    has_finding
        && affirmed(&words[from..], options)
            .is_some_and(|found| found.iter().all(|one| *one == own))
}
