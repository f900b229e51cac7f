//! The original's way to ids and labels, for comparison and for training exactly as it did.
//!
//! `preprocess_multimodal`, `preprocess_v1` and `preprocess_plain` of LLaVA 1.2.2 (specification,
//! section 5.4): the finished text is encoded once for the ids and then once more in parts, whose
//! token counts are added up to find the answers.

use pulse_llm::text::{ConversationTemplate, IMAGE_MARK, PromptIds, Tokenizer, TokenizerError};

use super::defect::SampleDefect;
use super::tokenized::{IGNORE_INDEX, TokenizedSample};
use super::turns::{GPT, HUMAN, mark_in_front};
use crate::sample::Sample;

/// The id that the original pads with: that of `<unk>`.
const PAD: i32 = 0;

/// Why the original would stop with an exception.
pub(super) enum Failure {
    Defect(SampleDefect),
    Tokenizer(TokenizerError),
}

impl From<TokenizerError> for Failure {
    fn from(error: TokenizerError) -> Self {
        Self::Tokenizer(error)
    }
}

/// Texts to ids as the original does for one kind of sample.
struct Encoder<'a> {
    tokenizer: &'a Tokenizer,
    /// Without a picture `<image>` is text like any other.
    has_picture: bool,
}

impl Encoder<'_> {
    fn ids(&self, text: &str) -> Result<Vec<i32>, TokenizerError> {
        if self.has_picture {
            return Ok(PromptIds::encode_text(text, self.tokenizer)?.to_raw());
        }
        let ids = self.tokenizer.encode(text)?;
        Ok(ids
            .into_iter()
            .map(|id| i32::try_from(id).unwrap_or(i32::MAX))
            .collect())
    }
}

/// `preprocess_v1`.
pub(super) fn conversation(
    sample: &Sample,
    template: &ConversationTemplate,
    tokenizer: &Tokenizer,
    max_length: usize,
) -> Result<TokenizedSample, Failure> {
    let encoder = Encoder {
        tokenizer,
        has_picture: sample.image.is_some(),
    };
    let text = conversation_text(sample, template, encoder.has_picture).map_err(Failure::Defect)?;
    let mut input_ids = encoder.ids(&text)?;
    if !encoder.has_picture {
        input_ids.truncate(max_length);
    }
    let total = input_ids.iter().filter(|id| **id != PAD).count();
    let mut labels = input_ids.clone();
    let mask = |labels: &mut [i32], start: usize, end: usize| {
        let end = end.min(labels.len());
        if let Some(range) = labels.get_mut(start..end) {
            range.fill(IGNORE_INDEX);
        }
    };

    let separator = format!("{}{}: ", template.question_end, template.roles[1]);
    let mut position = 1;
    mask(&mut labels, 0, 1);
    for (index, round) in text.split(template.answer_end).enumerate() {
        let parts: Vec<&str> = round.split(&separator).collect();
        let [question, _] = parts[..] else { break };
        let mut round_length = encoder.ids(round)?.len();
        // Without `<s>`, and without the space that becomes part of the answer's first token. An
        // empty question would count below zero; its slice is empty in Python too.
        let mut question_length = encoder
            .ids(&format!("{question}{separator}"))?
            .len()
            .saturating_sub(2);
        if index > 0 && !tokenizer.is_legacy() {
            // Behind `</s>` the role is one token less than at the start of a text.
            round_length = round_length.saturating_sub(1);
            question_length = question_length.saturating_sub(1);
        }
        mask(&mut labels, position, position + question_length);
        position += round_length;
    }
    mask(&mut labels, position, usize::MAX);
    let mut defects = Vec::new();
    if position < max_length && position != total {
        labels.fill(IGNORE_INDEX);
        defects.push(SampleDefect::TokenizationMismatch {
            counted: position,
            total,
        });
    }
    Ok(TokenizedSample {
        input_ids,
        labels,
        defects,
    })
}

/// The prompt that `preprocess_v1` builds.
fn conversation_text(
    sample: &Sample,
    template: &ConversationTemplate,
    has_picture: bool,
) -> Result<String, SampleDefect> {
    let mut messages = &sample.conversations[..];
    let first = messages.first().ok_or(SampleDefect::NoMessages)?;
    for (index, message) in messages.iter().enumerate() {
        if message.from != HUMAN && message.from != GPT {
            return Err(SampleDefect::UnknownRole {
                message: index,
                found: message.from.clone(),
            });
        }
    }
    if first.from != HUMAN {
        messages = &messages[1..];
    }
    let mut text = format!("{}{}", template.system, template.question_end);
    for (index, message) in messages.iter().enumerate() {
        let (expected, end) = if index % 2 == 0 {
            (HUMAN, template.question_end)
        } else {
            (GPT, template.answer_end)
        };
        if message.from != expected {
            return Err(SampleDefect::NotAlternating {
                message: index,
                found: message.from.clone(),
                expected,
            });
        }
        let value = if has_picture {
            mark_in_front(&message.value)
        } else {
            message.value.clone()
        };
        let role = template.roles[index % 2];
        if value.is_empty() {
            text.push_str(&format!("{role}:"));
        } else {
            text.push_str(&format!("{role}: {value}{end}"));
        }
    }
    Ok(text)
}

/// `preprocess_plain`: the first message is only the picture, the second its caption.
pub(super) fn caption(
    sample: &Sample,
    template: &ConversationTemplate,
    tokenizer: &Tokenizer,
) -> Result<TokenizedSample, Failure> {
    let encoder = Encoder {
        tokenizer,
        has_picture: true,
    };
    let messages = &sample.conversations;
    let [first, second] = &messages[..] else {
        return Err(Failure::Defect(SampleDefect::NotACaption {
            messages: messages.len(),
        }));
    };
    if !first.value.contains(IMAGE_MARK) {
        return Err(Failure::Defect(SampleDefect::NotACaption { messages: 2 }));
    }
    let caption = match sample.image {
        Some(_) => mark_in_front(&second.value),
        None => second.value.clone(),
    };
    let input_ids = encoder.ids(&format!("{IMAGE_MARK}{caption}{}", template.question_end))?;
    let masked = encoder.ids(IMAGE_MARK)?.len().min(input_ids.len());
    let mut labels = input_ids.clone();
    labels[..masked].fill(IGNORE_INDEX);
    Ok(TokenizedSample {
        input_ids,
        labels,
        defects: Vec::new(),
    })
}
