//! Stretches of a conversation that know whether they are learnt, and their ids.

use pulse_llm::text::{
    ConversationTemplate, IMAGE_TOKEN_INDEX, TextSpan, Tokenizer, TokenizerError,
};

use super::tokenized::{IGNORE_INDEX, TokenizedSample};
use super::turns::Turn;

/// A stretch of a conversation in training.
#[derive(Debug)]
pub(super) enum Segment {
    /// A picture; never learnt.
    Image,
    /// Text of the template (control tokens count) or of a message (they are letters).
    Text {
        text: String,
        is_template: bool,
        is_learnt: bool,
    },
}

impl Segment {
    fn template(text: impl Into<String>, is_learnt: bool) -> Self {
        Self::Text {
            text: text.into(),
            is_template: true,
            is_learnt,
        }
    }

    fn content(text: impl Into<String>, is_learnt: bool) -> Self {
        Self::Text {
            text: text.into(),
            is_template: false,
            is_learnt,
        }
    }
}

/// Question and answer in turn. The space in front of an answer is learnt with it: it becomes part
/// of the answer's first token, the one a model has to write behind "ASSISTANT:".
pub(super) fn two(template: &ConversationTemplate, turns: &[Turn]) -> Vec<Segment> {
    let [user, assistant] = template.roles;
    let mut segments = vec![Segment::template(format!("{} ", template.system), false)];
    for turn in turns {
        segments.push(Segment::template(format!("{user}: "), false));
        if turn.has_picture {
            segments.push(Segment::Image);
        }
        segments.extend([
            Segment::content(&turn.question, false),
            Segment::template(format!("{}{assistant}:", template.question_end), false),
            Segment::template(" ", true),
            Segment::content(&turn.answer, true),
            Segment::template(template.answer_end, true),
        ]);
    }
    segments
}

/// A picture and its caption (`preprocess_plain` of LLaVA).
pub(super) fn plain(template: &ConversationTemplate, caption: &str) -> Vec<Segment> {
    vec![
        Segment::Image,
        Segment::content(caption, true),
        Segment::template(template.question_end, true),
    ]
}

/// Encodes every stretch between pictures as one text, as `tokenizer_image_token` of LLaVA does;
/// each id is learnt if the segment that it begins in is.
pub(super) fn encode(
    segments: &[Segment],
    tokenizer: &Tokenizer,
) -> Result<TokenizedSample, TokenizerError> {
    let mut sample = TokenizedSample {
        input_ids: Vec::new(),
        labels: Vec::new(),
        defects: Vec::new(),
    };
    let chunks = segments.split(|segment| matches!(segment, Segment::Image));
    for (index, chunk) in chunks.enumerate() {
        if index > 0 {
            sample.input_ids.push(IMAGE_TOKEN_INDEX);
            sample.labels.push(IGNORE_INDEX);
        }
        let spans: Vec<(TextSpan<'_>, bool)> = chunk
            .iter()
            .filter_map(|segment| match segment {
                Segment::Image => None,
                Segment::Text {
                    text,
                    is_template: true,
                    is_learnt,
                } => Some((TextSpan::Template(text), *is_learnt)),
                Segment::Text {
                    text, is_learnt, ..
                } => Some((TextSpan::Content(text), *is_learnt)),
            })
            .collect();
        let texts: Vec<TextSpan<'_>> = spans.iter().map(|(text, _)| *text).collect();
        // Only the first stretch keeps its `<s>`.
        let skipped = usize::from(index > 0);
        for traced in tokenizer.encode_traced(&texts)?.into_iter().skip(skipped) {
            let is_learnt = traced.span.is_some_and(|span| spans[span].1);
            let id = i32::try_from(traced.id).unwrap_or(i32::MAX);
            sample.input_ids.push(id);
            sample
                .labels
                .push(if is_learnt { id } else { IGNORE_INDEX });
        }
    }
    Ok(sample)
}
