//! What is said behind something about whether it holds: "MI is unlikely", "MI: no", "MI (absent)".

use super::words::{Break, Word};

/// What an answer says about something that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// That it holds.
    Affirmed,
    /// That it does not hold.
    Denied,
    /// What it would look like ("option D would show Q waves").
    Discussed,
    /// Something that the rules cannot tell.
    Unclear,
}

/// Words that a verdict may have at most.
const LONGEST: usize = 8;
/// Words that reject what stands before them.
const REJECTING: &[&str] = &[
    "unlikely",
    "absent",
    "excluded",
    "negative",
    "wrong",
    "incorrect",
    "false",
    "rejected",
    "implausible",
    "improbable",
    "doubtful",
    "untrue",
    "denied",
    "neg",
    "eliminated",
    "dismissed",
    "discarded",
    "contradicted",
];
const REJECTING_TWO: &[[&str; 2]] = &[["ruled", "out"], ["less", "likely"], ["least", "likely"]];
/// Words that turn the verdict round.
const NEGATORS: &[&str] = &[
    "not", "never", "cannot", "can't", "isn't", "aren't", "wasn't", "weren't", "doesn't", "don't",
    "didn't", "couldn't", "hasn't", "won't",
];
/// Words between something and its verdict.
const LINKS: &[&str] = &[
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "has",
    "have",
    "can",
    "could",
    "may",
    "might",
    "should",
    "must",
    "would",
    "will",
    "do",
    "does",
    "did",
    "to",
    "therefore",
    "thus",
    "also",
    "clearly",
    "very",
    "highly",
    "quite",
    "considered",
    "thought",
    "deemed",
    "seems",
    "seem",
    "appears",
    "appear",
    "here",
    "likely",
    "probably",
    "safely",
    "definitely",
    "criteria",
    "criterion",
];
/// Words behind `not` that deny a quality and not the thing: "MI is not acute", "MI is not the cause".
const QUALITIES: &[&str] = &[
    "the",
    "a",
    "acute",
    "new",
    "recent",
    "old",
    "chronic",
    "complete",
    "severe",
    "typical",
    "clear",
    "certain",
    "sure",
    "significant",
    "due",
    "caused",
    "because",
    "necessarily",
    "otherwise",
    "yet",
];
/// Words behind `the` with which it is the thing again: "A is not the answer".
const VERDICTS: &[&str] = &[
    "answer",
    "best",
    "correct",
    "right",
    "option",
    "choice",
    "diagnosis",
];
/// Words behind `not` that make a verdict of it without a verb ("MI not seen"), and behind `no` ("MI: no signs").
const EVIDENCE: &[&str] = &[
    "present",
    "seen",
    "detected",
    "identified",
    "found",
    "visible",
    "observed",
    "noted",
    "shown",
    "evident",
    "indicated",
    "suggested",
    "supported",
    "suspected",
    "likely",
    "diagnosed",
    "applicable",
    "correct",
    "true",
    "met",
    "evidence",
    "sign",
    "signs",
    "indication",
    "indications",
    "suggestion",
    "suspicion",
    "longer",
];
/// Words behind something of which is only told what it would look like.
const CONDITIONAL: &[&str] = &["would", "requires", "require", "needs", "need", "should"];
/// Words behind `no` that speak of what is not named ("MI - no other findings").
const OTHER: &[&str] = &["other", "further", "additional", "more"];
/// Values behind a mark ("MI: no").
const NO: &[&str] = &["no", "none", "nil", "n", "0"];
const YES: &[&str] = &[
    "yes",
    "y",
    "1",
    "present",
    "true",
    "positive",
    "confirmed",
    "correct",
];

/// Whether a mark stands between something and its value: `MI: no`, `MI = 0`, `MI - absent`, `MI (no)`, `MI? No`,
/// `| MI | no |`. A dash that begins the next line is the next item's.
pub(super) fn has_value_mark(next: &Word<'_>) -> bool {
    let (line, rest) = next.gap.split_once('\n').unwrap_or((next.gap, ""));
    let is_dress = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | '"' | '\'' | '`');
    let plain = |text: &str| -> String { text.chars().filter(|c| !is_dress(*c)).collect() };
    let marks = plain(line);
    let inner = marks.strip_prefix(')').unwrap_or(&marks);
    let is_mark = [
        ":", "=", "-", "\u{2013}", "\u{2014}", "->", "\u{2192}", "(", "[", "|", "?", ":[", ":(",
    ]
    .contains(&inner);
    (is_mark || marks == ")") && plain(rest).is_empty()
}

/// What the words from `end` on say about what stands before them, if anything.
///
/// `is_marked` says that a mark stands between, see [`has_value_mark`]; single words are a value only there.
/// Words for which `is_content` holds end the verdict.
pub(super) fn verdict(
    words: &[Word<'_>],
    end: usize,
    is_marked: bool,
    is_content: &impl Fn(usize) -> bool,
) -> Option<Stance> {
    if is_marked && let Some(value) = value(words, end, is_content) {
        return Some(value);
    }
    let mut denials = 0;
    let mut has_verb = false;
    let mut negator_has_verb = false;
    let mut is_conditional = false;
    let mut is_due = false;
    for position in end..words.len().min(end + LONGEST) {
        let word = &words[position];
        let is_own = word.before == Break::Space || (is_marked && position == end);
        if !is_own || is_content(position) {
            break;
        }
        let lower = word.lower.as_str();
        is_conditional |= CONDITIONAL.contains(&lower);
        is_due |= lower == "must";
        let is_negator =
            NEGATORS.contains(&lower) || (lower == "no" && follows(words, position, &["longer"]));
        if is_negator {
            if follows(words, position, &["only", "just", "merely"]) {
                return None;
            }
            denials += 1;
            negator_has_verb = has_verb || lower != "not";
        } else if is_rejecting(words, position) {
            // "Cannot be ruled out", "not unlikely" and "should be excluded" leave it open.
            let is_open = denials % 2 == 1 || is_conditional || is_due;
            return Some(match is_open {
                true => Stance::Unclear,
                false => Stance::Denied,
            });
        } else if LINKS.contains(&lower) && !(denials > 0 && lower == "likely") {
            has_verb = true;
        } else {
            if denials % 2 == 1 {
                if QUALITIES.contains(&lower) && !follows(words, position, VERDICTS) {
                    return Some(Stance::Unclear);
                }
                let is_verdict = negator_has_verb || EVIDENCE.contains(&lower);
                return is_verdict.then_some(Stance::Denied);
            }
            let is_held =
                has_verb && (EVIDENCE.contains(&lower) || YES.contains(&lower) || lower == "right");
            return match (is_conditional, is_held && denials == 0) {
                (true, _) => Some(Stance::Discussed),
                (_, true) => Some(Stance::Affirmed),
                _ => None,
            };
        }
    }
    let ends_denied = denials % 2 == 1 && (negator_has_verb || is_marked);
    let reached_content = (end..words.len().min(end + LONGEST)).find(|at| is_content(*at));
    let is_cut = reached_content
        .is_some_and(|at| (end + 1..=at).all(|place| words[place].before == Break::Space));
    (ends_denied && !is_cut).then_some(Stance::Denied)
}

fn follows(words: &[Word<'_>], position: usize, any: &[&str]) -> bool {
    words
        .get(position + 1)
        .is_some_and(|next| next.before == Break::Space && any.contains(&next.lower.as_str()))
}

fn is_rejecting(words: &[Word<'_>], position: usize) -> bool {
    let lower = words[position].lower.as_str();
    REJECTING.contains(&lower) && !(lower == "negative" && follows(words, position, &["for"]))
        || REJECTING_TWO
            .iter()
            .any(|[first, second]| lower == *first && follows(words, position, &[second]))
}

/// `yes`, `no` and the like: alone, or `no` with evidence behind it that is not evidence of something else. `no` with
/// more behind it may be a denial or a reason ("AF: no P waves", "MI: no Q waves"): nobody can tell.
fn value(words: &[Word<'_>], at: usize, is_content: &impl Fn(usize) -> bool) -> Option<Stance> {
    let word = words.get(at).filter(|_| !is_content(at))?;
    let lower = word.lower.as_str();
    if YES.contains(&lower) {
        return Some(Stance::Affirmed);
    }
    if !NO.contains(&lower) {
        return None;
    }
    let Some(next) = words.get(at + 1) else {
        return Some(Stance::Denied);
    };
    if next.before > Break::Space || has_value_mark(next) {
        return Some(Stance::Denied);
    }
    if is_content(at + 1) {
        // "MI: no STTC: yes": what follows has a value of its own.
        let behind = (at + 1..words.len()).find(|place| !is_content(*place));
        return behind
            .is_some_and(|place| has_value_mark(&words[place]))
            .then_some(Stance::Denied);
    }
    let mut rest = (at + 2..words.len()).take_while(|place| words[*place].before == Break::Space);
    let names_other = rest.any(is_content);
    let lower = next.lower.as_str();
    match names_other || OTHER.contains(&lower) {
        true => None,
        false if EVIDENCE.contains(&lower) => Some(Stance::Denied),
        false => Some(Stance::Unclear),
    }
}
