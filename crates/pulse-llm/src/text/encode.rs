//! Texts to ids, with both behaviours around control tokens.
//!
//! `LlamaTokenizer` of transformers 4.37.2 (the slow one, which the original loads): spaces become
//! `▁`, the text is cut at the literals `<unk>`, `<s>`, `</s>`, and `▁` is put in front of the whole
//! text (not legacy) or of every part (legacy). `<s>` begins every encoding.

use tokenizers::Model;

use super::error::TokenizerError;
use super::tokenizer::{BEGIN, END, SPACE, Tokenizer, UNKNOWN};

/// A stretch of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSpan<'a> {
    /// Written by a template: the literals of control tokens in it are control tokens.
    Template(&'a str),
    /// Written by somebody: nothing in it is a control token.
    Content(&'a str),
}

/// A text cut at control tokens.
enum Part {
    Text(String),
    Control(u32),
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
        let mut ids = vec![self.shared.begin];
        let parts = self.cut(spans);
        let is_empty = parts
            .iter()
            .all(|part| matches!(part, Part::Text(text) if text.is_empty()));
        if is_empty {
            return Ok(ids);
        }
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Control(id) => {
                    // A lone space between the beginning and a control token is dropped.
                    if !self.shared.legacy && ids.len() == 2 && Some(ids[1]) == self.shared.space {
                        ids.pop();
                    }
                    ids.push(*id);
                }
                Part::Text(text) => {
                    let has_space = if self.shared.legacy {
                        !text.is_empty()
                    } else {
                        index == 0
                    };
                    let mut spaced = String::with_capacity(text.len() + SPACE.len_utf8());
                    if has_space {
                        spaced.push(SPACE);
                    }
                    spaced.extend(text.chars().map(|c| if c == ' ' { SPACE } else { c }));
                    self.push_pieces(&spaced, &mut ids)?;
                }
            }
        }
        Ok(ids)
    }

    fn push_pieces(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TokenizerError> {
        if text.is_empty() {
            return Ok(());
        }
        let tokens = self
            .shared
            .model
            .tokenize(text)
            .map_err(|error| TokenizerError::Encode {
                reason: error.to_string(),
            })?;
        ids.extend(tokens.into_iter().map(|token| token.id));
        Ok(())
    }

    /// Texts and control tokens in turn, always a text first.
    fn cut(&self, spans: &[TextSpan<'_>]) -> Vec<Part> {
        let controls = [
            (UNKNOWN, self.shared.unknown),
            (BEGIN, self.shared.begin),
            (END, self.shared.end),
        ];
        let mut parts = Vec::new();
        let mut text = String::new();
        for span in spans {
            let mut rest = match span {
                TextSpan::Content(content) => {
                    text.push_str(content);
                    continue;
                }
                TextSpan::Template(template) => *template,
            };
            while let Some((at, literal, id)) = controls
                .iter()
                .filter_map(|(literal, id)| rest.find(literal).map(|at| (at, *literal, *id)))
                .min()
            {
                text.push_str(&rest[..at]);
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Control(id));
                rest = &rest[at + literal.len()..];
            }
            text.push_str(rest);
        }
        parts.push(Part::Text(text));
        parts
    }
}
