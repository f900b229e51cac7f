//! From text to the words within which merges are learnt.

/// Stands for a space, as in Llama's vocabulary.
const SPACE: char = '\u{2581}';

/// The words of a text as a tokenizer without pre-tokeniser meets them: each with the mark of the space in front of it,
/// digits and punctuation apart. Line breaks and other white space are left to the bytes.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::from(SPACE);
    for character in text.chars() {
        match character {
            ' ' => {
                finish(&mut word, &mut words);
                word.push(SPACE);
            }
            _ if character.is_whitespace() => finish(&mut word, &mut words),
            _ if character.is_alphabetic() => word.push(character),
            _ => {
                finish(&mut word, &mut words);
                words.push(character.to_string());
            }
        }
    }
    finish(&mut word, &mut words);
    words
}

fn finish(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn digits_and_punctuation_stand_alone_and_spaces_belong_to_the_word_behind_them() {
        assert_eq!(
            words("Rate: 72/min.\nST-T"),
            ["▁Rate", ":", "▁", "7", "2", "/", "min", ".", "ST", "-", "T"]
        );
        assert_eq!(words(""), ["▁"]);
    }
}
