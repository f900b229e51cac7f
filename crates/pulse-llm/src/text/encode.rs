//! Texts to ids, with both behaviours around control tokens.
//!
//! `LlamaTokenizer` of transformers 4.37.2 (the slow one, which the original loads): spaces become
//! `▁`, the text is cut at the literals `<unk>`, `<s>`, `</s>`, and `▁` is put in front of the whole
//! text (not legacy) or of every part (legacy). `<s>` begins every encoding.

use tokenizers::Model;

use super::error::TokenizerError;
use super::tokenizer::{BEGIN, END, Piece, SPACE, Tokenizer, UNKNOWN};

/// A stretch of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSpan<'a> {
    /// Written by a template: the literals of control tokens in it are control tokens.
    Template(&'a str),
    /// Written by somebody: nothing in it is a control token.
    Content(&'a str),
}

/// An id and the span it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TracedId {
    /// The id.
    pub id: u32,
    /// Position among the given spans of the one that holds the id's first character; `None` for
    /// the `<s>` in front.
    pub span: Option<usize>,
}

/// A text cut at control tokens. Every stretch keeps the number of its span.
enum Part<'a> {
    Text(Vec<(&'a str, usize)>),
    Control(u32, usize),
}

impl Tokenizer {
    /// The ids of a text as the reference gives them: literals of control tokens become control
    /// tokens, `<s>` is put in front.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`] if the vocabulary cannot express the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.encode_spans(&[TextSpan::Template(text)])
    }

    /// The ids of a text whose parts are trusted differently. Equal to [`encode`](Self::encode) of
    /// the joined text if no content contains the literal of a control token.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`] if the vocabulary cannot express the text.
    pub fn encode_spans(&self, spans: &[TextSpan<'_>]) -> Result<Vec<u32>, TokenizerError> {
        let traced = self.encode_traced(spans)?;
        Ok(traced.into_iter().map(|traced| traced.id).collect())
    }

    /// The ids of [`encode_spans`](Self::encode_spans), each with the span it begins in. The spans
    /// are encoded as one text, so a token may reach over the end of its span; training labels are
    /// made from this instead of counting the ids of the parts.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`] if the vocabulary cannot express the text.
    pub fn encode_traced(&self, spans: &[TextSpan<'_>]) -> Result<Vec<TracedId>, TokenizerError> {
        let mut ids = vec![TracedId {
            id: self.shared.begin,
            span: None,
        }];
        let parts = self.cut(spans);
        let is_empty = parts
            .iter()
            .all(|part| matches!(part, Part::Text(stretches) if stretches.is_empty()));
        if is_empty {
            return Ok(ids);
        }
        self.push_parts(&parts, true, &mut ids)?;
        Ok(ids)
    }

    /// The ids that spans have behind a text with which they do not merge (see [`may_join`](Self::may_join)):
    /// without `<s>` and without the space of a text's beginning.
    pub(crate) fn encode_behind(&self, spans: &[TextSpan<'_>]) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        self.push_parts(&self.cut(spans), false, &mut ids)?;
        Ok(ids.into_iter().map(|traced| traced.id).collect())
    }

    /// Whether a piece of the vocabulary holds the two characters side by side, so that the end of one text and the
    /// beginning of another could become one token.
    pub(crate) fn may_join(&self, left: char, right: char) -> bool {
        // Pieces are kept with spaces written as spaces.
        let pair: String = [left, right]
            .map(|one| if one == SPACE { ' ' } else { one })
            .iter()
            .collect();
        let mut pieces = self.shared.pieces.iter();
        pieces.any(|piece| matches!(piece, Piece::Text(text) if text.contains(&pair)))
    }

    /// Whether a template's text has the literal of a control token in it.
    pub(crate) fn has_control(&self, text: &str) -> bool {
        [UNKNOWN, BEGIN, END]
            .iter()
            .any(|literal| text.contains(literal))
    }

    /// Encodes parts of a whole text or, if `is_whole` is false, of one that goes on from another.
    fn push_parts(
        &self,
        parts: &[Part<'_>],
        is_whole: bool,
        ids: &mut Vec<TracedId>,
    ) -> Result<(), TokenizerError> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Control(id, span) => {
                    // A lone space between the beginning and a control token is dropped.
                    let has_lone_space =
                        is_whole && ids.len() == 2 && Some(ids[1].id) == self.shared.space;
                    if !self.shared.legacy && has_lone_space {
                        ids.pop();
                    }
                    ids.push(TracedId {
                        id: *id,
                        span: Some(*span),
                    });
                }
                Part::Text(stretches) => {
                    let has_space = match index {
                        0 if !is_whole => false,
                        _ if self.shared.legacy => !stretches.is_empty(),
                        _ => index == 0,
                    };
                    self.push_pieces(has_space, stretches, ids)?;
                }
            }
        }
        Ok(())
    }

    /// Encodes stretches as one text, with a space of its own in front or not.
    fn push_pieces(
        &self,
        has_space: bool,
        stretches: &[(&str, usize)],
        ids: &mut Vec<TracedId>,
    ) -> Result<(), TokenizerError> {
        let mut text = String::new();
        if has_space {
            text.push(SPACE);
        }
        // Where each stretch ends in the text; the space in front belongs to the first.
        let mut ends = Vec::with_capacity(stretches.len());
        for (stretch, span) in stretches {
            text.extend(stretch.chars().map(|c| if c == ' ' { SPACE } else { c }));
            ends.push((text.len(), *span));
        }
        if text.is_empty() {
            return Ok(());
        }
        let tokens = self
            .shared
            .model
            .tokenize(&text)
            .map_err(|error| TokenizerError::Encode {
                reason: error.to_string(),
            })?;
        let mut current = 0;
        ids.extend(tokens.into_iter().map(|token| {
            while ends
                .get(current)
                .is_some_and(|(end, _)| *end <= token.offsets.0)
            {
                current += 1;
            }
            TracedId {
                id: token.id,
                span: ends.get(current).map(|(_, span)| *span),
            }
        }));
        Ok(())
    }

    /// Texts and control tokens in turn, always a text first.
    fn cut<'a>(&self, spans: &[TextSpan<'a>]) -> Vec<Part<'a>> {
        let controls = [
            (UNKNOWN, self.shared.unknown),
            (BEGIN, self.shared.begin),
            (END, self.shared.end),
        ];
        let mut parts = Vec::new();
        let mut text = Vec::new();
        let push = |text: &mut Vec<_>, stretch: &'a str, span| {
            if !stretch.is_empty() {
                text.push((stretch, span));
            }
        };
        for (number, span) in spans.iter().enumerate() {
            let mut rest = match span {
                TextSpan::Content(content) => {
                    push(&mut text, content, number);
                    continue;
                }
                TextSpan::Template(template) => *template,
            };
            while let Some((at, literal, id)) = controls
                .iter()
                .filter_map(|(literal, id)| rest.find(literal).map(|at| (at, *literal, *id)))
                .min()
            {
                push(&mut text, &rest[..at], number);
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Control(id, number));
                rest = &rest[at + literal.len()..];
            }
            push(&mut text, rest, number);
        }
        parts.push(Part::Text(text));
        parts
    }
}
