//! Text as words with what stands between them.

/// What separates a word from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// White space or marks without meaning, such as `*` and quotes.
    Space,
    /// A comma or slash.
    Comma,
    /// The end of a clause: `. ; : ? ! ( ) |`, a new line, or the start of the text.
    Clause,
}

/// One word.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    /// As it is written.
    pub(super) text: &'a str,
    /// In lower case, with plain hyphens and apostrophes.
    pub(super) lower: String,
    /// What stands before it.
    pub(super) before: Break,
    /// The characters between the word before and this one.
    pub(super) gap: &'a str,
    /// The character before it, white space left out of account only if none touches.
    pub(super) touching_before: Option<char>,
    /// The character right after it.
    pub(super) touching_after: Option<char>,
}

fn is_inner(c: char) -> bool {
    matches!(c, '-' | '\'' | '\u{2019}' | '\u{2010}'..='\u{2015}' | '.')
}

/// Splits a text. A word is letters and digits; a hyphen, an apostrophe or (between digits) a point inside
/// belongs to it, so `I-AVB`, `ST-T`, `isn't` and `0.12` are one word each and `II-AVB` is not `I-AVB`.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let at = |index: usize| characters.get(index).map(|(_, c)| *c);
    let mut words = Vec::new();
    let mut before = Break::Clause;
    let mut gap = 0;
    let mut index = 0;
    while let Some(first) = at(index) {
        if !first.is_alphanumeric() {
            before = before.max(break_of(first));
            index += 1;
            continue;
        }
        let start = index;
        while let Some(c) = at(index) {
            let is_joined = is_inner(c)
                && at(index + 1).is_some_and(char::is_alphanumeric)
                && (c != '.'
                    || (at(index - 1).is_some_and(|c| c.is_ascii_digit())
                        && at(index + 1).is_some_and(|c| c.is_ascii_digit())));
            if !c.is_alphanumeric() && !is_joined {
                break;
            }
            index += 1;
        }
        let end = characters
            .get(index)
            .map_or(text.len(), |(place, _)| *place);
        let written = &text[characters[start].0..end];
        let between = &text[gap..characters[start].0];
        gap = end;
        let plain: String = written
            .chars()
            .map(|c| match c {
                '\u{2019}' => '\'',
                '\u{2010}'..='\u{2015}' => '-',
                other => other,
            })
            .collect();
        words.push(Word {
            text: written,
            lower: plain.to_lowercase(),
            before,
            gap: between,
            touching_before: start.checked_sub(1).and_then(at),
            touching_after: at(index),
        });
        before = Break::Space;
    }
    words
}

fn break_of(c: char) -> Break {
    match c {
        ',' | '/' | '&' | '+' => Break::Comma,
        '.' | ';' | ':' | '?' | '!' | '(' | ')' | '[' | ']' | '|' | '\n' => Break::Clause,
        _ => Break::Space,
    }
}

/// The words of a phrase in lower case, for looking it up.
pub(super) fn phrase(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.lower).collect()
}

/// Whether the phrase stands at a position, without the end of a clause inside.
pub(super) fn stands_at(words: &[Word<'_>], position: usize, phrase: &[String]) -> bool {
    let Some(found) = words.get(position..position + phrase.len()) else {
        return false;
    };
    !phrase.is_empty()
        && found
            .iter()
            .zip(phrase)
            .all(|(word, wanted)| word.lower == *wanted)
        && found[1..].iter().all(|word| word.before < Break::Clause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_inner_marks() {
        let found = words("No II\u{2011}AVB, isn\u{2019}t 0.12 s. *LBBB*/RBBB");
        let lower: Vec<&str> = found.iter().map(|word| word.lower.as_str()).collect();
        assert_eq!(
            lower,
            ["no", "ii-avb", "isn't", "0.12", "s", "lbbb", "rbbb"]
        );
        let breaks: Vec<Break> = found.iter().map(|word| word.before).collect();
        use Break::*;
        assert_eq!(breaks, [Clause, Space, Comma, Space, Space, Clause, Comma]);
        assert_eq!(found[5].touching_before, Some('*'));
        assert_eq!((found[0].gap, found[5].gap), ("", ". *"));
        assert!(stands_at(
            &words("a first degree. block"),
            1,
            &phrase("first degree")
        ));
        assert!(!stands_at(
            &words("first. degree"),
            0,
            &phrase("first degree")
        ));
    }
}
