//! Reading the letter of an option.

use super::negation::is_denied;
use super::options::find_options;
use super::reading::{Reading, Unreadable};
use super::verdict::verdict;
use super::words::{Break, Word, phrase, words};

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
];

/// Words before `option` or `choice` that make a statement of it.
const CHOSEN: &[&str] = &["correct", "best", "right", "final", "answer"];
/// The options of a question, `A. text`, `B) text` or `(C) text` in alphabet order; empty if there are not at
/// least two.
pub fn options_of_question(question: &str) -> Vec<String> {
    let mut marks: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    for letter in 'A'..='Z' {
        let Some((start, end)) = find_mark(question, letter, from) else {
            break;
        };
        marks.push((start, end));
        from = end;
    }
    if marks.len() < 2 {
        return Vec::new();
    }
    let ends = marks[1..]
        .iter()
        .map(|(start, _)| *start)
        .chain([question.len()]);
    marks
        .iter()
        .zip(ends)
        .map(|((_, start), end)| {
            let text = question[*start..end].trim();
            let line = text.lines().next().unwrap_or_default();
            line.trim_end_matches(['(', ',', ';', '.', ' ']).to_owned()
        })
        .collect()
}

/// Where `X.`, `X)` or `X:` stands from a place on: start of the mark and end of it.
fn find_mark(text: &str, letter: char, from: usize) -> Option<(usize, usize)> {
    let mut before = text[..from].chars().next_back();
    let mut rest = text[from..].char_indices().peekable();
    while let Some((place, c)) = rest.next() {
        let is_start =
            before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ',' | ';' | '['));
        if c == letter && is_start && matches!(rest.peek(), Some((_, '.' | ')' | ':'))) {
            return Some((from + place, from + place + 2));
        }
        before = Some(c);
    }
    None
}

/// The letter that an answer gives.
///
/// `count` is the number of options of the question and `options` their texts, if known. In this order:
/// 1. The answer is one letter, in any case, with or without brackets and marks: `b`, `(B)`, `**B.**`.
/// 2. A statement: `answer` or `correct option` (`choice`), then at most a few filling words, then the letter; the
///    last statement that is not denied decides. Where there is none, options that are mentioned (`option B`) and
///    neither denied nor rejected; several different ones are ambiguous. A small letter counts here only if
///    nothing but marks follows it. A letter with another beside it (`B or C`, `B/C`) is ambiguous.
/// 3. The answer begins with the letter and a mark: `B. text`, `(B) text`, `b) text`, no other letter beside it.
/// 4. One letter in brackets or one capital alone is named and not denied (`A` only with a mark, as it is also
///    a word). Several different ones are ambiguous.
/// 5. The text of exactly one option occurs and is not denied.
///
/// A letter beyond the question's options is [`Unreadable::OutsideOptions`].
pub fn read_letter(answer: &str, count: usize, options: &[String]) -> Reading<char> {
    let words = words(answer);
    if words.is_empty() {
        return Reading::Unreadable(Unreadable::Empty);
    }
    let letter = match words.as_slice() {
        [only] => letter_of(only, true),
        _ => None,
    };
    if let Some(letter) = letter {
        return within(letter, count);
    }
    if let Some(found) = stated(&words, options).or_else(|| leading(&words, options)) {
        return match found {
            Found::One(letter) => within(letter, count),
            Found::Several => Reading::Unreadable(Unreadable::Ambiguous),
        };
    }
    let named = named(&words, options);
    match named.as_slice() {
        [only] => return within(*only, count),
        [] => {}
        _ => return Reading::Unreadable(Unreadable::Ambiguous),
    }
    let found: Vec<usize> = find_options(&words, options)
        .into_iter()
        .filter(|(_, is_denied)| !is_denied)
        .map(|(option, _)| option)
        .collect();
    match found.as_slice() {
        [option] => letter_at(*option)
            .map_or(Reading::Unreadable(Unreadable::OutsideOptions), |letter| {
                within(letter, count)
            }),
        [] => Reading::Unreadable(Unreadable::NothingRecognised),
        _ => Reading::Unreadable(Unreadable::Ambiguous),
    }
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

/// What a statement names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    One(char),
    Several,
}

fn stated(words: &[Word<'_>], options: &[String]) -> Option<Found> {
    let mut chosen = None;
    let mut mentioned: Option<Found> = None;
    for (at, word) in words.iter().enumerate() {
        let is_answer = word.lower == "answer";
        if !is_answer && !["option", "choice"].contains(&word.lower.as_str()) {
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let is_chosen =
            is_answer || before.is_some_and(|word| CHOSEN.contains(&word.lower.as_str()));
        let mut next = at + 1;
        // A colon or a new line right after "answer" does not end the statement; anything else does.
        while words
            .get(next)
            .is_some_and(|filler| FILLERS.contains(&filler.lower.as_str()))
        {
            next += 1;
        }
        let Some(candidate) = words.get(next) else {
            continue;
        };
        let Some(letter) = letter_of(candidate, is_marked(words, next)) else {
            continue;
        };
        // "I" and other letters outside A to H are words of prose here.
        if letter > 'H' || is_rejected(words, next, letter, options) {
            continue;
        }
        let found = match has_another(words, next, letter) {
            true => Found::Several,
            false => Found::One(letter),
        };
        if is_chosen {
            chosen = Some(found);
        } else {
            mentioned = match mentioned {
                Some(other) if other != found => Some(Found::Several),
                _ => Some(found),
            };
        }
    }
    chosen.or(mentioned)
}

/// Whether another letter stands beside the one at a place: `B or C`, `B/C`, `B, C`, `B. C.`
fn has_another(words: &[Word<'_>], at: usize, letter: char) -> bool {
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
    letter_of(word, false).is_some_and(|other| other <= 'H' && other != letter && !is_article)
}

/// Whether a word is an option's letter, not the article.
fn is_letter(words: &[Word<'_>], at: usize) -> bool {
    let is_joined = |word: &Word<'_>| ["or", "and"].contains(&word.lower.as_str());
    letter_of(&words[at], false).is_some_and(|letter| {
        let is_article = letter == 'A'
            && !is_marked(words, at)
            && words[at].touching_after != Some(',')
            && !words.get(at + 1).is_some_and(is_joined);
        letter <= 'H' && !is_article
    })
}

/// Whether a letter is denied: as any word, or by a verdict in the place of the option's text ("A. Wrong"). Words
/// that begin the option's own text are none ("B. No" where option B is "No"), nor is anything if the texts are
/// not known.
fn is_rejected(words: &[Word<'_>], at: usize, letter: char, options: &[String]) -> bool {
    let next = words.get(at + 1);
    let own = ('A'..='Z')
        .position(|one| one == letter)
        .and_then(|option| options.get(option))
        .map(|text| phrase(text));
    let is_own = match (&own, next) {
        (Some(text), Some(next)) => text.first() == Some(&next.lower),
        (None, Some(next)) => next.before == Break::Clause,
        (_, None) => false,
    };
    let is_text = |place: usize| (is_own && place == at + 1) || is_letter(words, place);
    let is_listed = matches!(words[at].touching_after, Some('.' | ')' | ':'));
    is_denied(words, at, at + 1, is_text)
        || (is_listed && verdict(words, at + 1, true, &is_text) == Some(true))
}

fn leading(words: &[Word<'_>], options: &[String]) -> Option<Found> {
    let first = words.first()?;
    let is_bracketed = first.touching_before == Some('(') && first.touching_after == Some(')');
    let is_listed = matches!(first.touching_after, Some('.' | ')' | ':'));
    let letter = (is_bracketed || is_listed)
        .then(|| letter_of(first, true))
        .flatten()
        .filter(|letter| *letter <= 'H' && !is_rejected(words, 0, *letter, options))?;
    Some(match has_another(words, 0, letter) {
        true => Found::Several,
        false => Found::One(letter),
    })
}

fn named(words: &[Word<'_>], options: &[String]) -> Vec<char> {
    let mut found: Vec<char> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_bracketed = matches!(word.touching_before, Some('(' | '['))
            && matches!(word.touching_after, Some(')' | ']'));
        let Some(letter) = letter_of(word, is_bracketed).filter(|letter| *letter <= 'H') else {
            continue;
        };
        let is_name = at > 0 && NAMES.contains(&words[at - 1].lower.as_str());
        let is_article = letter == 'A'
            && !is_bracketed
            && !is_marked(words, at)
            && word.touching_after != Some(',');
        if !is_name
            && !is_article
            && !found.contains(&letter)
            && !is_rejected(words, at, letter, options)
        {
            found.push(letter);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use Unreadable::*;

    fn read(answer: &str) -> Result<char, Unreadable> {
        let options = options_of_question(
            "Which? A. Atrial fibrillation\nB. Normal sinus rhythm, C) Sinus rhythm (D) Left bundle branch block",
        );
        assert_eq!(options.len(), 4, "{options:?}");
        match read_letter(answer, 4, &options) {
            Reading::Read(letter) => Ok(letter),
            Reading::Unreadable(why) => Err(why),
        }
    }

    #[test]
    fn letters_are_read_as_they_are_meant() {
        let cases = [
            ("B", Ok('B')),
            ("b", Ok('B')),
            ("(B)", Ok('B')),
            ("**B.**", Ok('B')),
            ("The answer is C", Ok('C')),
            ("the correct answer is (c).", Ok('C')),
            ("Answer:\nD\n", Ok('D')),
            ("Answer: option C it is", Ok('C')),
            ("Answer: b\nAnswer: C", Ok('C')),
            ("The correct option is B.", Ok('B')),
            ("(B) LBBB", Ok('B')),
            ("B. something", Ok('B')),
            ("I think B. fits", Ok('B')),
            ("The answer is not C but D", Ok('D')),
            ("The answer is a normal sinus rhythm", Ok('B')),
            ("It shows left bundle branch block on this ECG.", Ok('D')),
            ("Sinus rhythm", Ok('C')),
            ("Not atrial fibrillation, sinus rhythm", Ok('C')),
            ("leads II, III and aVF.", Err(NothingRecognised)),
            ("a sawtooth on this ECG.", Err(NothingRecognised)),
            ("B, C", Err(Ambiguous)),
            ("Atrial fibrillation or sinus rhythm", Err(Ambiguous)),
            ("The answer is C. Option A is wrong.", Ok('C')),
            (
                "The answer is C because option D requires Q waves.",
                Ok('C'),
            ),
            ("The correct option is B. Option D does not fit.", Ok('B')),
            ("Option A is wrong, option C fits.", Ok('C')),
            ("Option A is wrong.", Err(NothingRecognised)),
            ("Option A or option C", Err(Ambiguous)),
            ("Option B, not option A", Ok('B')),
            ("A: no. B: yes.", Ok('B')),
            (
                "A: incorrect\nB: correct\nC: incorrect\nD: incorrect",
                Ok('B'),
            ),
            ("A. Wrong. C. Right.", Ok('C')),
            ("A is wrong, C fits", Ok('C')),
            ("C is correct; A, B and D are incorrect", Ok('C')),
            ("A, B and D are incorrect. C", Ok('C')),
            ("Incorrect: A, B, D. Correct: C", Ok('C')),
            ("B. Normal sinus rhythm, not atrial fibrillation", Ok('B')),
            ("Answer: B or C", Err(Ambiguous)),
            ("The answer is B/C", Err(Ambiguous)),
            ("A. B. C. D.", Err(Ambiguous)),
            ("A, C", Err(Ambiguous)),
            ("C and A", Err(Ambiguous)),
            ("The answer is G", Err(OutsideOptions)),
            ("Answer: i", Err(NothingRecognised)),
            ("Answer: none", Err(NothingRecognised)),
            ("no idea", Err(NothingRecognised)),
            (" \n", Err(Empty)),
            ("", Err(Empty)),
        ];
        for (answer, expected) in cases {
            assert_eq!(read(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn options_that_deny_are_read_as_options() {
        let options = ["No".to_owned(), "Absent P waves".to_owned()];
        assert_eq!(read_letter("A. No", 2, &options), Reading::Read('A'));
        assert_eq!(
            read_letter("B. Absent P waves", 2, &options),
            Reading::Read('B')
        );
        assert_eq!(read_letter("A. No", 2, &[]), Reading::Read('A'));
        assert_eq!(read_letter("(A) No", 2, &options), Reading::Read('A'));
    }

    #[test]
    fn options_are_found_in_the_question() {
        assert!(options_of_question("no options here").is_empty());
        let options = options_of_question("Q?\nOptions:\n(A) one (B) two\nGive the letter.");
        assert_eq!(options, ["one", "two"]);
    }
}
