//! White space as Python means it, where the reference strips and splits.

/// What `str.isspace` accepts: Unicode's white space and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `len(str.split())`.
pub(crate) fn word_count(text: &str) -> usize {
    text.split(is_space).filter(|word| !word.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_ascii_are_space() {
        assert_eq!(strip("\u{1c} a\u{a0}b \u{3000}\n"), "a\u{a0}b");
        assert_eq!(word_count(" a\u{1f}b\u{a0}c \u{200b} \t"), 4);
        assert_eq!(word_count(""), 0);
    }
}
