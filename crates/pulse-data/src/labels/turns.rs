//! The messages of a sample as turns, checked.

use pulse_llm::text::IMAGE_MARK;

use super::defect::SampleDefect;
use super::whitespace::strip;
use crate::sample::Sample;

/// `from` of a question.
pub(super) const HUMAN: &str = "human";
/// `from` of an answer.
pub(super) const GPT: &str = "gpt";

/// A question and its answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Whether the sample's picture stands in front of the question.
    pub(super) has_picture: bool,
    /// The question without `<image>`.
    pub(super) question: String,
    pub(super) answer: String,
}

/// A message with `<image>` in it as `preprocess_multimodal` of the original writes it: one mark in
/// front, whatever number and place it had, white space stripped.
pub(super) fn mark_in_front(value: &str) -> String {
    if !value.contains(IMAGE_MARK) {
        return value.to_owned();
    }
    let rest = value.replace(IMAGE_MARK, "");
    strip(&format!("{IMAGE_MARK}\n{}", strip(&rest))).to_owned()
}

/// Checks roles, order and marks. Answers are text: `<image>` in them is no picture. With `mend` a
/// last question without answer is left off and noted in `defects`.
pub(super) fn turns(
    sample: &Sample,
    mend: bool,
    defects: &mut Vec<SampleDefect>,
) -> Result<Vec<Turn>, SampleDefect> {
    let messages = &sample.conversations;
    if messages.is_empty() {
        return Err(SampleDefect::NoMessages);
    }
    for (index, message) in messages.iter().enumerate() {
        let expected = if index % 2 == 0 { HUMAN } else { GPT };
        let found = message.from.clone();
        if found != HUMAN && found != GPT {
            return Err(SampleDefect::UnknownRole {
                message: index,
                found,
            });
        }
        if found != expected {
            return Err(SampleDefect::NotAlternating {
                message: index,
                found,
                expected,
            });
        }
    }
    let (pairs, rest) = messages.as_chunks::<2>();
    if !rest.is_empty() {
        if !mend || pairs.is_empty() {
            return Err(SampleDefect::EndsWithQuestion);
        }
        defects.push(SampleDefect::EndsWithQuestion);
    }
    let pictures = usize::from(sample.image.is_some());
    let marked = pairs
        .iter()
        .filter(|[question, _]| question.value.contains(IMAGE_MARK))
        .count();
    if marked != pictures {
        return Err(SampleDefect::PictureMarks { marked, pictures });
    }
    pairs
        .iter()
        .enumerate()
        .map(|(index, [question, answer])| {
            let whole = mark_in_front(&question.value);
            let has_picture = whole.contains(IMAGE_MARK);
            let text = whole.replacen(IMAGE_MARK, "", 1);
            if !has_picture && strip(&text).is_empty() {
                return Err(SampleDefect::EmptyQuestion { message: 2 * index });
            }
            if strip(&answer.value).is_empty() {
                return Err(SampleDefect::EmptyAnswer {
                    message: 2 * index + 1,
                });
            }
            Ok(Turn {
                has_picture,
                question: text,
                answer: answer.value.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_move_to_the_front() {
        assert_eq!(mark_in_front("a <image> b"), "<image>\na  b");
        assert_eq!(mark_in_front(" <image><image>\n"), "<image>");
        assert_eq!(mark_in_front("  text "), "  text ");
    }
}
