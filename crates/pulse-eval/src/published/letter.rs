//! Which letter the original reads from an answer.

/// The answer ends after `The correct option is `, where the original stops with an `IndexError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the answer ends after \"The correct option is \"; a letter was expected there, and the original scorer \
     stops at such an answer: use the strict mode"
)]
pub struct NothingFollows;

const LETTERS: std::ops::RangeInclusive<char> = 'A'..='H';
const OPTION_IS: &str = "The correct option is ";
const ANSWER: &str = "Answer:";

/// The letter A to H that the original reads; `None` where it draws one at random.
///
/// The first rule that applies decides:
/// 1. The answer is one letter: that one. `I` or `a` is none.
/// 2. `A.`, then `B.`, ... is looked for anywhere: the first in *alphabet* order wins, so `D.\nA.` is A and
///    `ECG.` is G.
/// 3. After the last `The correct option is `: the next character, if it is a letter A to H; otherwise none.
/// 4. After the last `Answer:`: the first of A to H, in alphabet order, that occurs anywhere.
///
/// Reference: `evaluate_ecgbench.py`, `extract`.
///
/// # Errors
/// [`NothingFollows`] if rule 3 finds the end of the answer.
pub fn extract_letter(answer: &str) -> Result<Option<char>, NothingFollows> {
    let mut characters = answer.chars();
    if let (Some(only), None) = (characters.next(), characters.next())
        && LETTERS.contains(&only)
    {
        return Ok(Some(only));
    }
    let with_dot = LETTERS
        .into_iter()
        .find(|letter| answer.contains(&format!("{letter}.")));
    if with_dot.is_some() {
        return Ok(with_dot);
    }
    if let Some((_, rest)) = answer.rsplit_once(OPTION_IS) {
        let next = rest.chars().next().ok_or(NothingFollows)?;
        return Ok(Some(next).filter(|next| LETTERS.contains(next)));
    }
    if let Some((_, rest)) = answer.rsplit_once(ANSWER) {
        return Ok(LETTERS.into_iter().find(|letter| rest.contains(*letter)));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_reads_as_the_original() {
        let cases = [
            ("A", Some('A')),
            ("I", None),
            ("a", None),
            ("D.\nA.", Some('A')),
            ("seen on this ECG. Normal", Some('G')),
            ("leads II, III and aVF.", Some('F')),
            ("The correct option is C", Some('C')),
            ("The correct option is c", None),
            ("The correct option is Q. Answer: A", None),
            ("Answer: Atrial fibrillation", Some('A')),
            ("Answer: b\nAnswer: C", Some('C')),
            ("The answer is B", None),
            ("(B) LBBB", None),
            ("", None),
        ];
        for (answer, letter) in cases {
            assert_eq!(extract_letter(answer), Ok(letter), "{answer:?}");
        }
        assert_eq!(
            extract_letter("The correct option is "),
            Err(NothingFollows)
        );
    }
}
