//! The messages of one item.

use super::rule::Rule;
use crate::sample::{Message, Sample};

/// What marks the picture.
pub(super) const IMAGE_MARK: &str = "<image>";

/// Texts that the prompt's template uses between messages: in a message they would move the labels. The
/// original stops labelling at the second ` ASSISTANT: ` and splits at `</s>`; `<unk>` counts as padding.
const CONTROL: [&str; 4] = ["</s>", "<s>", "<unk>", " ASSISTANT: "];

/// Whether each picture must be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Training: exactly once.
    Once,
    /// Benchmarks: the evaluation adds the mark where it is missing.
    AtMostOnce,
}

/// Everything that is wrong with the messages.
pub(super) fn check(sample: &Sample, marks: Marks) -> Vec<(Rule, String)> {
    let turns = &sample.conversations;
    if turns.is_empty() {
        let message = "it has no messages; expected a question and an answer".to_owned();
        return vec![(Rule::NoTurns, message)];
    }
    let mut found = Vec::new();
    for (number, turn) in turns.iter().enumerate() {
        if !matches!(turn.from.as_str(), "human" | "gpt") {
            let message = format!(
                "message {number} is from {:?}; expected human or gpt",
                turn.from
            );
            found.push((Rule::UnknownRole, message));
        }
        if turn.value.replace(IMAGE_MARK, "").trim().is_empty() {
            found.push((Rule::EmptyMessage, format!("message {number} says nothing")));
        }
        for text in CONTROL.iter().filter(|text| turn.value.contains(**text)) {
            let message = format!(
                "message {number} contains {text:?}, which separates messages in the prompt"
            );
            found.push((Rule::ControlText, message));
        }
    }
    found.extend(order(turns).map(|message| (Rule::TurnOrder, message)));
    found.extend(image_marks(sample, marks).map(|message| (Rule::ImageMarks, message)));
    found
}

fn order(turns: &[Message]) -> Option<String> {
    let wrong = turns.iter().enumerate().find(|(number, turn)| {
        let expected = if number % 2 == 0 { "human" } else { "gpt" };
        turn.from != expected && matches!(turn.from.as_str(), "human" | "gpt")
    });
    if let Some((number, turn)) = wrong {
        let expected = if number % 2 == 0 { "human" } else { "gpt" };
        return Some(format!(
            "message {number} is from {}; expected {expected}",
            turn.from
        ));
    }
    let last = turns.last().filter(|last| last.from == "human")?;
    Some(format!(
        "the last message is from {}: it has no answer",
        last.from
    ))
}

fn image_marks(sample: &Sample, marks: Marks) -> Option<String> {
    let turns = &sample.conversations;
    let count = |from_human: bool| -> usize {
        turns
            .iter()
            .filter(|turn| (turn.from != "gpt") == from_human)
            .map(|turn| turn.value.matches(IMAGE_MARK).count())
            .sum()
    };
    let (asked, answered) = (count(true), count(false));
    let expected = match (&sample.image, marks) {
        (None, _) => 0..=0,
        (Some(_), Marks::Once) => 1..=1,
        (Some(_), Marks::AtMostOnce) => 0..=1,
    };
    if expected.contains(&asked) && answered == 0 {
        return None;
    }
    let expected = match sample.image.is_some() {
        true => "one in a question",
        false => "none without a picture",
    };
    Some(format!(
        "{IMAGE_MARK} stands {asked} times in questions and {answered} times in answers; expected {expected}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(image: bool, turns: &[(&str, &str)]) -> Vec<Rule> {
        let sample = Sample {
            id: "1".to_owned(),
            image: image.then(|| "a.png".into()),
            conversations: turns
                .iter()
                .map(|(from, value)| Message {
                    from: (*from).to_owned(),
                    value: (*value).to_owned(),
                })
                .collect(),
        };
        check(&sample, Marks::Once)
            .into_iter()
            .map(|(rule, _)| rule)
            .collect()
    }

    #[test]
    fn sound_conversations_have_no_findings() {
        assert!(rules(true, &[("human", "<image>\nWhat?"), ("gpt", "That.")]).is_empty());
        assert!(rules(false, &[("human", "What?"), ("gpt", "That.")]).is_empty());
    }

    #[test]
    fn every_defect_has_its_rule() {
        use Rule::*;
        let (ask, reply) = (("human", "<image>\nWhat?"), ("gpt", "That."));
        for (image, turns, expected) in [
            (true, vec![], vec![NoTurns]),
            (true, vec![ask, ("doctor", "x")], vec![UnknownRole]),
            (true, vec![ask], vec![TurnOrder]),
            (true, vec![reply, ask], vec![TurnOrder]),
            (true, vec![ask, reply, reply], vec![TurnOrder]),
            (true, vec![ask, ("gpt", " ")], vec![EmptyMessage]),
            (
                true,
                vec![("human", "<image>\n"), reply],
                vec![EmptyMessage],
            ),
            (
                true,
                vec![ask, ("gpt", "a ASSISTANT: b")],
                vec![ControlText],
            ),
            (true, vec![("human", "What?"), reply], vec![ImageMarks]),
            (
                true,
                vec![("human", "<image><image> x"), reply],
                vec![ImageMarks],
            ),
            (true, vec![ask, ("gpt", "<image> x")], vec![ImageMarks]),
            (false, vec![ask, reply], vec![ImageMarks]),
        ] {
            assert_eq!(rules(image, &turns), expected, "{turns:?}");
        }
    }
}
