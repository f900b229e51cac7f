//! Prompts: text with pictures in it, and its ids.

use super::encode::TextSpan;
use super::error::TokenizerError;
use super::tokenizer::Tokenizer;

/// The number that stands for a picture among ids, as in the original.
pub const IMAGE_TOKEN_INDEX: i32 = -200;

/// The text that stands for a picture.
pub const IMAGE_MARK: &str = "<image>";

/// A stretch of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptPart {
    /// From the template.
    Template(String),
    /// From a user or an earlier answer.
    Content(String),
    /// A picture.
    Image,
}

/// A prompt as ids, pictures marked by [`IMAGE_TOKEN_INDEX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptIds {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(Vec<u32>),
    Image,
}

/// A stretch of a prompt's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptSegment<'a> {
    /// Token ids, never empty.
    Text(&'a [u32]),
    /// A picture.
    Image,
}

impl PromptIds {
    /// Encodes a prompt. Every stretch between pictures is encoded on its own, with its own leading
    /// space, and only the first keeps its `<s>` (`tokenizer_image_token` of LLaVA).
    ///
    /// # Errors
    /// [`TokenizerError`] if a stretch cannot be encoded.
    pub fn encode(parts: &[PromptPart], tokenizer: &Tokenizer) -> Result<Self, TokenizerError> {
        let mut segments = Vec::new();
        let mut chunk = Vec::new();
        let close = |chunk: &mut Vec<TextSpan<'_>>, segments: &mut Vec<Segment>| {
            let ids = tokenizer.encode_spans(chunk)?;
            chunk.clear();
            let skipped = usize::from(!segments.is_empty());
            if ids.len() > skipped {
                segments.push(Segment::Text(ids[skipped..].to_vec()));
            }
            Ok::<_, TokenizerError>(())
        };
        for part in parts {
            match part {
                PromptPart::Template(text) => chunk.push(TextSpan::Template(text)),
                PromptPart::Content(text) => chunk.push(TextSpan::Content(text)),
                PromptPart::Image => {
                    close(&mut chunk, &mut segments)?;
                    segments.push(Segment::Image);
                }
            }
        }
        close(&mut chunk, &mut segments)?;
        Ok(Self { segments })
    }

    /// Encodes a finished text as the reference does: every `<image>` is a picture, literals of
    /// control tokens are control tokens.
    ///
    /// # Errors
    /// [`TokenizerError`] if it cannot be encoded.
    pub fn encode_text(text: &str, tokenizer: &Tokenizer) -> Result<Self, TokenizerError> {
        Self::encode(&split_marks(text, PromptPart::Template), tokenizer)
    }

    /// A prompt from ids in the original's form.
    pub fn from_raw(ids: &[i32]) -> Self {
        let mut segments = Vec::new();
        for run in ids.chunk_by(|a, b| *a >= 0 && *b >= 0) {
            if run[0] < 0 {
                segments.push(Segment::Image);
            } else {
                segments.push(Segment::Text(
                    run.iter().map(|id| id.unsigned_abs()).collect(),
                ));
            }
        }
        Self { segments }
    }

    /// The ids in the original's form.
    pub fn to_raw(&self) -> Vec<i32> {
        self.segments()
            .flat_map(|segment| match segment {
                PromptSegment::Text(ids) => ids
                    .iter()
                    .map(|id| i32::try_from(*id).unwrap_or(i32::MAX))
                    .collect(),
                PromptSegment::Image => vec![IMAGE_TOKEN_INDEX],
            })
            .collect()
    }

    /// Texts and pictures in order.
    pub fn segments(&self) -> impl Iterator<Item = PromptSegment<'_>> {
        self.segments.iter().map(|segment| match segment {
            Segment::Text(ids) => PromptSegment::Text(ids),
            Segment::Image => PromptSegment::Image,
        })
    }

    /// Number of pictures.
    pub fn image_count(&self) -> usize {
        self.segments
            .iter()
            .filter(|segment| **segment == Segment::Image)
            .count()
    }

    /// Number of text ids.
    pub fn text_token_count(&self) -> usize {
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Text(ids) => ids.len(),
                Segment::Image => 0,
            })
            .sum()
    }
}

/// Cuts a text at `<image>`.
pub(super) fn split_marks(text: &str, part: impl Fn(String) -> PromptPart) -> Vec<PromptPart> {
    let mut parts = Vec::new();
    for (index, stretch) in text.split(IMAGE_MARK).enumerate() {
        if index > 0 {
            parts.push(PromptPart::Image);
        }
        if !stretch.is_empty() {
            parts.push(part(stretch.to_owned()));
        }
    }
    parts
}
