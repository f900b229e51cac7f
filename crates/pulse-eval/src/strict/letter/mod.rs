//! Reading the letter of an option.

mod beside;
mod question;
#[cfg(test)]
mod tests;

pub use question::options_of_question;

use super::negation::stance;
use super::options::find_options;
use super::reading::{Mentions, Reading, Unreadable, has_boxes};
use super::verdict::{Stance, has_value_mark, verdict};
use super::words::{Break, Word, phrase, stands_at, words};

/// Words that may stand between `answer` and the letter.
const FILLERS: &[&str] = &[
    "is",
    "are",
    "be",
    "would",
    "should",
    "most",
    "likely",
    "probably",
    "therefore",
    "clearly",
    "option",
    "choice",
    "answer",
    "letter",
    "the",
    "correct",
    "best",
    "final",
    "to",
    "this",
    "question",
];
/// Words after which a capital is a name, not an option.
const NAMES: &[&str] = &[
    "lead",
    "leads",
    "type",
    "grade",
    "class",
    "stage",
    "vitamin",
    "hepatitis",
    "group",
    "plan",
    "panel",
    "figure",
    "ecg",
    "point",
];
/// Words with which somebody takes a statement back.
const TAKEN_BACK: &[&str] = &["wait", "actually", "sorry", "mistake", "meant", "oops"];

/// Words before `option` or `choice` that make a statement of it.
const CHOSEN: &[&str] = &["correct", "best", "right", "final", "answer"];

/// The letter that an answer gives.
///
/// `count` is the number of options of the question and `options` their texts, if known. In this order:
/// 1. The answer is one letter, in any case, with or without brackets and marks: `b`, `(B)`, `**B.**`.
/// 2. Statements: `answer` or `correct option` (`choice`), then at most a few filling words, then the letter; the
///    last that is not denied decides. A letter with another beside it (`B or C`, `B/C`) is ambiguous.
/// 3. The letters named: behind `option`, with a mark at the start, in brackets, or a capital alone (`A` only with
///    a mark, as it is also a word). What is only discussed ("option D would show Q waves") is left out; exactly one
///    must be left that is not denied. `A. text: incorrect` denies A.
/// 4. The text of exactly one option occurs and is not denied.
///
/// A letter beside the text of another option ("A. LBBB" where B is LBBB) contradicts itself and is unclear.
///
/// A small letter counts only in brackets, at the start, or where nothing but marks follows it. Where it is unclear
/// what is said about a letter, the answer is ambiguous. A letter beyond the question's options is
/// [`Unreadable::OutsideOptions`].
pub fn read_letter(answer: &str, count: usize, options: &[String]) -> Reading<char> {
    let words = words(answer);
    if words.is_empty() {
        return Reading::Unreadable(Unreadable::Empty);
    }
    if has_boxes(answer) {
        return Reading::Unreadable(Unreadable::Ambiguous);
    }
    let letter = match words.as_slice() {
        [only] => letter_of(only, true),
        _ => None,
    };
    if let Some(letter) = letter {
        return within(letter, count);
    }
    let letters = stated(&words, options).unwrap_or_else(|| named(&words, options));
    let found = match letters.affirmed().as_deref() {
        Some([]) => find_options(&words, options).affirmed(),
        Some(found) => Some(found.to_vec()),
        None => None,
    };
    match found.as_deref() {
        Some([]) => Reading::Unreadable(Unreadable::NothingRecognised),
        Some([option]) => letter_at(*option)
            .map_or(Reading::Unreadable(Unreadable::OutsideOptions), |letter| {
                within(letter, count)
            }),
        _ => Reading::Unreadable(Unreadable::Ambiguous),
    }
}

fn position_of(letter: char) -> usize {
    ('A'..letter).count()
}

fn letter_at(option: usize) -> Option<char> {
    ('A'..='Z').nth(option)
}

fn within(letter: char, count: usize) -> Reading<char> {
    if ('A'..='Z').take(count).any(|one| one == letter) {
        Reading::Read(letter)
    } else {
        Reading::Unreadable(Unreadable::OutsideOptions)
    }
}

/// The capital of a word of one letter.
fn letter_of(word: &Word<'_>, small: bool) -> Option<char> {
    let mut characters = word.text.chars();
    let (Some(only), None) = (characters.next(), characters.next()) else {
        return None;
    };
    if only.is_ascii_uppercase() || (small && only.is_ascii_lowercase()) {
        Some(only.to_ascii_uppercase())
    } else {
        None
    }
}

/// Whether a mark or the end follows the word, not the next word.
fn is_marked(words: &[Word<'_>], at: usize) -> bool {
    words[at]
        .touching_after
        .is_none_or(|c| !c.is_whitespace() && c != ',')
        || words
            .get(at + 1)
            .is_none_or(|next| next.before == Break::Clause)
}

/// What statements name; nothing if there is none that is not denied.
fn stated(words: &[Word<'_>], options: &[String]) -> Option<Mentions> {
    let mut found = Mentions::default();
    let mut is_stated = false;
    for (at, word) in words.iter().enumerate() {
        let is_answer = word.lower == "answer";
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let is_chosen = is_answer
            || (["option", "choice", "one"].contains(&word.lower.as_str())
                && word.before == Break::Space
                && before.is_some_and(|word| CHOSEN.contains(&word.lower.as_str())));
        if !is_chosen {
            continue;
        }
        let mut next = at + 1;
        // A colon or a new line right after "answer" does not end the statement; anything else does.
        while words
            .get(next)
            .is_some_and(|filler| FILLERS.contains(&filler.lower.as_str()))
        {
            next += 1;
        }
        let Some(letter) = words
            .get(next)
            .and_then(|candidate| letter_of(candidate, is_marked(words, next)))
        else {
            continue;
        };
        // "I" and other letters outside A to H are words of prose here.
        let stance = stance_of(words, next, letter, options);
        if letter > 'H' || stance == Stance::Denied {
            continue;
        }
        // The last statement decides.
        found = Mentions::default();
        is_stated = true;
        let is_taken_back = words[next + 1..]
            .iter()
            .any(|word| TAKEN_BACK.contains(&word.lower.as_str()));
        let stance = match is_taken_back || has_another(words, next, letter, options) {
            true => Stance::Unclear,
            false => stance,
        };
        found.add(position_of(letter), stance);
    }
    is_stated.then_some(found)
}

/// Whether another letter stands beside the one at a place: `B or C`, `B/C`, `B, C`, `B. C.`
fn has_another(words: &[Word<'_>], at: usize, letter: char, options: &[String]) -> bool {
    let mut next = at + 1;
    let is_joined = |word: &Word<'_>| ["or", "and"].contains(&word.lower.as_str());
    if words
        .get(next)
        .is_some_and(|word| is_joined(word) && word.before != Break::Clause)
    {
        next += 1;
        if words
            .get(next)
            .is_some_and(|word| ["option", "choice"].contains(&word.lower.as_str()))
        {
            next += 1;
        }
    }
    let Some(word) = words.get(next) else {
        return false;
    };
    let is_article = word.text == "A" && word.touching_after.is_some_and(char::is_whitespace);
    let is_other = |other: char| other <= 'H' && other != letter && !is_article;
    // "B. A is wrong".
    let is_denied = |other| stance_of(words, next, other, options) == Stance::Denied;
    letter_of(word, false).is_some_and(|other| is_other(other) && !is_denied(other))
}

/// Whether a word is an option's letter, not the article.
fn is_letter(words: &[Word<'_>], at: usize) -> bool {
    let is_joined = |word: &Word<'_>| ["or", "and", "is"].contains(&word.lower.as_str());
    let is_option = |word: &Word<'_>| ["option", "choice"].contains(&word.lower.as_str());
    letter_of(&words[at], false).is_some_and(|letter| {
        let is_article = letter == 'A'
            && !is_marked(words, at)
            && words[at].touching_after != Some(',')
            && !words.get(at + 1).is_some_and(is_joined)
            && !at
                .checked_sub(1)
                .is_some_and(|before| is_option(&words[before]));
        letter <= 'H' && !is_article
    })
}

/// What is said about a letter: as about any word, or by a verdict in the place of the option's text ("A. Wrong")
/// or behind it. Words that begin the option's own text are none ("B. No" where option B is "No"), nor is anything if
/// the texts are not known.
fn stance_of(words: &[Word<'_>], at: usize, letter: char, options: &[String]) -> Stance {
    let next = words.get(at + 1);
    let own = options.get(position_of(letter)).map(|text| phrase(text));
    let is_own = match (&own, next) {
        (Some(text), Some(next)) => text.first() == Some(&next.lower),
        (None, Some(next)) => next.before == Break::Clause,
        (_, None) => false,
    };
    let is_text = |place: usize| (is_own && place == at + 1) || is_letter(words, place);
    let found = stance(words, at, at + 1, is_text);
    if found != Stance::Affirmed {
        return found;
    }
    let is_listed = matches!(words[at].touching_after, Some('.' | ')' | ':'));
    let is_item = is_listed && words[at].before == Break::Clause && !options.is_empty();
    if beside::contradicts(words, at, position_of(letter), is_item, options) {
        return Stance::Unclear;
    }
    if !is_listed {
        return found;
    }
    match own.filter(|own| stands_at(words, at + 1, own)) {
        Some(own) => {
            let end = at + 1 + own.len();
            let is_marked = words.get(end).is_some_and(has_value_mark);
            verdict(words, end, is_marked, &is_text).unwrap_or(Stance::Affirmed)
        }
        None => match verdict(words, at + 1, true, &is_text) {
            Some(Stance::Denied) => Stance::Denied,
            Some(Stance::Affirmed) => Stance::Affirmed,
            _ if is_item && beside::is_explained(words, at, position_of(letter), options) => {
                Stance::Affirmed
            }
            _ if is_item && beside::has_doubt(words, at + 1) => Stance::Unclear,
            _ => Stance::Affirmed,
        },
    }
}

/// The letters named, those left out that are only discussed.
fn named(words: &[Word<'_>], options: &[String]) -> Mentions {
    let mut found = Mentions::default();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| words[before].lower.as_str());
        let is_bracketed = matches!(word.touching_before, Some('(' | '['))
            && matches!(word.touching_after, Some(')' | ']'));
        let is_option = before.is_some_and(|word| ["option", "choice"].contains(&word));
        let is_first = at == 0 && matches!(word.touching_after, Some('.' | ')' | ':'));
        let is_small = is_bracketed || is_first || (is_option && is_marked(words, at));
        let Some(letter) = letter_of(word, is_small).filter(|letter| *letter <= 'H') else {
            continue;
        };
        let is_name = before.is_some_and(|word| NAMES.contains(&word));
        let is_article = letter == 'A'
            && !is_bracketed
            && !is_option
            && !is_marked(words, at)
            && word.touching_after != Some(',')
            && !matches!(words.get(at + 1), Some(next) if next.before == Break::Comma
                || ["is", "and", "or"].contains(&next.lower.as_str()));
        let stance = stance_of(words, at, letter, options);
        if !is_name && !is_article && stance != Stance::Discussed {
            found.add(position_of(letter), stance);
        }
    }
    found
}
