//! What is said about something where it stands; labels, options and letters are read with the same rules.
//!
//! A cue denies what follows it within its clause if only words of evidence, names and commas of a list stand
//! between; over a comma only in a list that goes on with `or` or `nor` ("no MI, STTC or HYP"); "no AF, LBBB" leaves
//! LBBB standing. With any other word between ("absent P waves indicate AF") it is unclear what is meant. A heading
//! denies all that is listed behind its colon ("Absent: MI, STTC"). What stands behind decides before all that, see
//! [`verdict`]: "MI is unlikely", "MI: no", "MI (infarction): no"; over a list joined by `or` or `/`, or by `and`
//! before `are` or a mark ("MI and STTC are absent"), it holds for all.

mod cues;
#[cfg(test)]
mod tests;

use cues::{
    BEFORE_WITH, CUES, HEADED, HEADINGS, HEADINGS_NOT, ONLY, PASSED, RIDDLES, RIDDLES_BEHIND,
    TURNS, TWO_WORD_CUES, TWO_WORD_RIDDLES,
};

use super::verdict::{Stance, has_value_mark, verdict};
use super::words::{Break, Word};

/// Words of a list that a heading or a common verdict holds for.
const LONGEST_LIST: usize = 30;

/// What is said about the words from `start` to before `end`. Words for which `is_content` holds are no cues
/// (an option may itself be `no`).
pub(super) fn stance(
    words: &[Word<'_>],
    start: usize,
    end: usize,
    is_content: impl Fn(usize) -> bool,
) -> Stance {
    let (before, is_direct) = from_before(words, start, &is_content);
    match (verdict_behind(words, end, &is_content), before) {
        // "No MI is seen", but "no MI and STTC is seen".
        (Some(Stance::Affirmed), Stance::Denied) if is_direct => Stance::Denied,
        (Some(Stance::Affirmed), Stance::Denied | Stance::Unclear) => Stance::Unclear,
        (Some(behind), _) => behind,
        (None, Stance::Affirmed)
            if is_alternative(words, start, end) || is_riddle_behind(words, end, &is_content) =>
        {
            Stance::Unclear
        }
        (None, Stance::Affirmed) => under_heading(words, start, &is_content),
        (None, before) => before,
    }
}

/// Whether a word denies or puts in doubt.
pub(super) fn is_doubt(words: &[Word<'_>], at: usize) -> bool {
    let lower = words[at].lower.as_str();
    is_cue_at(words, at) || is_riddle_at(words, at) || HEADINGS.contains(&lower)
}

fn is_riddle_at(words: &[Word<'_>], at: usize) -> bool {
    let is_riddle = RIDDLES.contains(&words[at].lower.as_str());
    is_riddle && !ends_two(words, at, TWO_WORD_CUES) || ends_two(words, at, TWO_WORD_RIDDLES)
}

/// Whether a word is the second of one of some pairs.
fn ends_two(words: &[Word<'_>], at: usize, pairs: &[[&str; 2]]) -> bool {
    at > 0
        && pairs
            .iter()
            .any(|[first, second]| words[at - 1].lower == *first && words[at].lower == *second)
}

/// Whether something is one of two of which it is not said which holds: "MI or CD".
fn is_alternative(words: &[Word<'_>], start: usize, end: usize) -> bool {
    let joins = |word: &Word<'_>| ["or", "either"].contains(&word.lower.as_str());
    let before = start.checked_sub(1).map(|before| &words[before]);
    let is_last = words[start].before < Break::Clause && before.is_some_and(joins);
    is_last
        || words
            .get(end)
            .is_some_and(|next| next.before < Break::Clause && joins(next))
}

/// Whether words behind something, up to the next thing named or the end of the clause, leave open what is said
/// about it: "MI, which is excluded", "MI 0.8".
fn is_riddle_behind(words: &[Word<'_>], end: usize, is_content: &impl Fn(usize) -> bool) -> bool {
    let Some(next) = words.get(end) else {
        return false;
    };
    let is_value = next.before == Break::Space || has_value_mark(next);
    if is_value && !is_content(end) && next.lower.starts_with(|c: char| c.is_ascii_digit()) {
        return true;
    }
    let follows_comma = |next: &Word<'_>| {
        next.before == Break::Comma && ["which", "that", "excluded"].contains(&next.lower.as_str())
    };
    (end..words.len())
        .take_while(|at| {
            let word = &words[*at];
            let is_own =
                word.before == Break::Space || *at == end && (is_value || follows_comma(word));
            is_own && !is_content(*at)
        })
        .any(|at| {
            RIDDLES_BEHIND.contains(&words[at].lower.as_str())
                && !ends_two(words, at, TWO_WORD_CUES)
        })
}

fn is_cue_at(words: &[Word<'_>], at: usize) -> bool {
    let lower = words[at].lower.as_str();
    if CUES.contains(&lower) {
        let is_not_only = lower == "not"
            && words
                .get(at + 1)
                .is_some_and(|next| ONLY.contains(&next.lower.as_str()));
        let is_nonspecific = lower == "non"
            && words
                .get(at + 1)
                .is_some_and(|next| ["specific", "diagnostic"].contains(&next.lower.as_str()));
        return !is_not_only && !is_nonspecific;
    }
    ends_two(words, at, TWO_WORD_CUES)
}

/// What the words before say, and whether nothing but words of evidence stands between.
fn from_before(
    words: &[Word<'_>],
    start: usize,
    is_content: &impl Fn(usize) -> bool,
) -> (Stance, bool) {
    let mut has_comma = false;
    // A word or mark stands between whose part in the sentence is not known.
    let mut is_unclear = false;
    let mut is_direct = true;
    let mut position = start;
    loop {
        let word = &words[position];
        let Some(before) = position.checked_sub(1) else {
            break;
        };
        match word.before {
            Break::Clause => break,
            Break::Comma => has_comma = true,
            Break::Space => {}
        }
        is_unclear |= word.gap.contains(['-', '\u{2013}', '\u{2014}', '&', '+']);
        position = before;
        if is_content(position) {
            is_direct = false;
            continue;
        }
        let lower = words[position].lower.as_str();
        if is_riddle_at(words, position) && !is_verdict_of_other(words, position, is_content) {
            return (Stance::Unclear, false);
        }
        let is_all_but = lower == "but"
            && position > 0
            && ["all", "any", "anything", "nothing"].contains(&words[position - 1].lower.as_str());
        if is_all_but {
            return (Stance::Unclear, false);
        }
        let is_cue = is_cue_at(words, position);
        if is_cue && is_verdict_of_other(words, position, is_content) {
            break;
        }
        if is_cue {
            let stance = match has_comma && !is_list_with_or(words, start) {
                true => Stance::Affirmed,
                false if is_unclear => Stance::Unclear,
                false => Stance::Denied,
            };
            return (stance, is_direct);
        }
        let goes_on = lower == "with"
            && position > 0
            && BEFORE_WITH.contains(&words[position - 1].lower.as_str());
        if TURNS.contains(&lower) && !goes_on {
            break;
        }
        // "No pericarditis, MI or STTC": a word alone in its place in a list is a name.
        let is_item = words.get(position + 1).is_some_and(|next| {
            next.before == Break::Comma || ["or", "nor"].contains(&next.lower.as_str())
        }) && (words[position].before == Break::Comma
            || position > 0 && is_cue_at(words, position - 1));
        is_unclear |= !is_item
            && !PASSED.contains(&lower)
            && !TWO_WORD_CUES.iter().any(|two| lower == two[1]);
    }
    (Stance::Affirmed, false)
}

/// Whether a word is part of what is said about something before it ("MI absent STTC present").
fn is_verdict_of_other(words: &[Word<'_>], at: usize, is_content: &impl Fn(usize) -> bool) -> bool {
    let mut first = at;
    while first > 0 && !is_content(first - 1) {
        if words[first].before > Break::Space && !has_value_mark(&words[first]) {
            return false;
        }
        first -= 1;
    }
    first > 0
        && at - first < 6
        && (verdict(words, first, has_value_mark(&words[first]), is_content)
            == Some(Stance::Denied))
}

/// Whether the clause goes on, at or after `start`, with `or` or `nor`, or the word before is one.
fn is_list_with_or(words: &[Word<'_>], start: usize) -> bool {
    let is_or = |word: &Word<'_>| word.lower == "or" || word.lower == "nor";
    let rest = words[start + 1..]
        .iter()
        .take_while(|word| word.before < Break::Clause);
    rest.into_iter().any(is_or)
        || start
            .checked_sub(1)
            .is_some_and(|before| is_or(&words[before]))
}

/// The verdict right behind, or behind the list that goes on there.
fn verdict_behind(
    words: &[Word<'_>],
    end: usize,
    is_content: &impl Fn(usize) -> bool,
) -> Option<Stance> {
    let end = behind_brackets(words, end);
    let is_marked = words.get(end).is_some_and(has_value_mark);
    if let Some(found) = verdict(words, end, is_marked, is_content) {
        return Some(found);
    }
    let mut joint = None;
    let mut position = end;
    while position < words.len().min(end + LONGEST_LIST) {
        let word = &words[position];
        let is_joint = matches!(word.lower.as_str(), "or" | "nor" | "and");
        if word.before == Break::Clause || !(is_joint || is_content(position)) {
            break;
        }
        if is_joint {
            joint = Some(word.lower.as_str());
        } else if word.gap.contains(['/', '&', '+']) {
            joint = Some("/");
        }
        position += 1;
    }
    let next = words.get(position)?;
    let is_marked = has_value_mark(next);
    let is_common = match joint? {
        "and" => is_marked || ["are", "were"].contains(&next.lower.as_str()),
        _ => is_marked || next.before == Break::Space,
    };
    // "MI or" has nothing behind it to be in common with.
    let is_list = position > end && is_content(position - 1);
    (is_common && is_list)
        .then(|| verdict(words, position, is_marked, is_content))
        .flatten()
}

/// Behind brackets that explain a name, if a verdict may follow them there: "MI (myocardial infarction): no".
fn behind_brackets(words: &[Word<'_>], end: usize) -> usize {
    let is_open = |word: &Word<'_>| word.gap.trim() == "(";
    if !words.get(end).is_some_and(is_open) {
        return end;
    }
    let inside = words[end + 1..].iter().take(LONGEST_LIST);
    let closing = inside
        .clone()
        .position(|word| word.gap.contains(['(', ')', '\n']))
        .map(|offset| end + 1 + offset);
    closing
        .filter(|at| words[*at].gap.starts_with(')') && has_value_mark(&words[*at]))
        .unwrap_or(end)
}

/// What the heading of the list says in which something stands: "Absent: MI, STTC" denies.
fn under_heading(words: &[Word<'_>], start: usize, is_content: &impl Fn(usize) -> bool) -> Stance {
    let mut first = start;
    while words[first].before != Break::Clause {
        if first == 0 || TURNS.contains(&words[first].lower.as_str()) {
            return Stance::Affirmed;
        }
        first -= 1;
    }
    let mark = words[first].gap.trim_start_matches(['*', '_', '"']);
    let Some(last) = first.checked_sub(1).filter(|_| mark.starts_with(':')) else {
        return Stance::Affirmed;
    };
    // "Absent labels:".
    let last = match last.checked_sub(1) {
        Some(before) if HEADED.contains(&words[last].lower.as_str()) => before,
        _ => last,
    };
    if is_content(last) || is_verdict_of_other(words, last, is_content) {
        return Stance::Affirmed;
    }
    let lower = words[last].lower.as_str();
    let mut head = last;
    while head > 0 && words[head].before != Break::Clause {
        head -= 1;
    }
    let has_cue = (head..=last).any(|at| !is_content(at) && is_doubt(words, at));
    let has_subject = (head..last).any(|at| {
        !HEADED.contains(&words[at].lower.as_str())
            && ![
                "not", "do", "does", "that", "which", "the", "ruled", "are", "is",
            ]
            .contains(&words[at].lower.as_str())
    });
    let before = last
        .checked_sub(1)
        .map(|before| words[before].lower.as_str());
    let is_denying = match before {
        Some("not") => HEADINGS_NOT.contains(&lower),
        Some("ruled") => lower == "out",
        _ => HEADINGS.contains(&lower),
    };
    match (is_denying, has_subject, has_cue) {
        (true, false, _) => Stance::Denied,
        (true, true, _) | (_, _, true) => Stance::Unclear,
        _ => Stance::Affirmed,
    }
}
