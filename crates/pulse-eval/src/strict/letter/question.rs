//! The options that a question lists behind letters.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_in_the_question() {
        assert!(options_of_question("no options here").is_empty());
        let options = options_of_question("Q?\nOptions:\n(A) one (B) two\nGive the letter.");
        assert_eq!(options, ["one", "two"]);
    }
}
