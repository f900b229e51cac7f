//! Samples to ids and labels under a policy.

use pulse_llm::text::{IMAGE_MARK, Style, Tokenizer};

use super::defect::{LabelError, SampleDefect};
use super::options::{LabelOptions, LabelPolicy};
use super::reference::{self, Failure};
use super::segments;
use super::tokenized::TokenizedSample;
use super::turns::turns;
use crate::sample::Sample;

/// What became of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labelled {
    /// It can be learnt from; its `defects` say what was mended or tolerated.
    Kept(TokenizedSample),
    /// It is left out.
    Dropped(SampleDefect),
}

/// Makes ids and labels. Cheap to clone, usable from several threads.
#[derive(Debug, Clone)]
pub struct Labeller {
    tokenizer: Tokenizer,
    options: LabelOptions,
}

impl Labeller {
    /// Checks the options.
    ///
    /// # Errors
    /// [`LabelError`] for a template without training form or a length of nothing.
    pub fn new(tokenizer: Tokenizer, options: LabelOptions) -> Result<Self, LabelError> {
        options.validate()?;
        Ok(Self { tokenizer, options })
    }

    /// The options.
    pub fn options(&self) -> &LabelOptions {
        &self.options
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// A sample to ids and labels, before its picture is expanded: whether the whole fits is
    /// decided by [`fit`](Self::fit), when the size of the picture is known.
    ///
    /// # Errors
    /// [`LabelError::Defect`] for a defect under the policy `error`, or one at which the original
    /// raises an exception under `reference`; [`LabelError::Tokenizer`] if a text cannot be encoded.
    pub fn label(&self, sample: &Sample) -> Result<Labelled, LabelError> {
        let LabelOptions {
            template,
            policy,
            max_length,
        } = self.options;
        if policy == LabelPolicy::Reference {
            let tokenized = match template.style {
                Style::Plain => reference::caption(sample, template, &self.tokenizer),
                _ => reference::conversation(sample, template, &self.tokenizer, max_length),
            };
            return match tokenized {
                Ok(tokenized) => Ok(Labelled::Kept(tokenized)),
                Err(Failure::Defect(defect)) => Err(defect_of(sample, defect)),
                Err(Failure::Tokenizer(source)) => Err(LabelError::Tokenizer {
                    id: sample.id.clone(),
                    source,
                }),
            };
        }
        let mut defects = Vec::new();
        let segments = match template.style {
            Style::Plain => caption(sample).map(|caption| segments::plain(template, caption)),
            _ => turns(sample, policy == LabelPolicy::Truncate, &mut defects)
                .map(|turns| segments::two(template, &turns)),
        };
        let segments = match segments {
            Ok(segments) => segments,
            Err(defect) => return self.drop(sample, defect),
        };
        let mut tokenized = segments::encode(&segments, &self.tokenizer).map_err(|source| {
            LabelError::Tokenizer {
                id: sample.id.clone(),
                source,
            }
        })?;
        tokenized.defects = defects;
        self.check_supervised(sample, tokenized)
    }

    /// Holds a sample whose pictures become `visual_tokens` positions each against the longest
    /// sequence. Under `reference` nothing is checked: the original cuts the batch instead.
    ///
    /// # Errors
    /// [`LabelError::Defect`] under the policy `error`.
    pub fn fit(
        &self,
        sample: &Sample,
        mut tokenized: TokenizedSample,
        visual_tokens: usize,
    ) -> Result<Labelled, LabelError> {
        let limit = self.options.max_length;
        if self.options.policy == LabelPolicy::Reference
            || tokenized.expanded_len(visual_tokens) <= limit
        {
            return Ok(Labelled::Kept(tokenized));
        }
        let defect = SampleDefect::TooLong {
            visual: tokenized.image_count() * visual_tokens,
            text: tokenized.text_len(),
            limit,
        };
        if self.options.policy != LabelPolicy::Truncate || !tokenized.truncate(visual_tokens, limit)
        {
            return self.drop(sample, defect);
        }
        tokenized.defects.push(defect);
        self.check_supervised(sample, tokenized)
    }

    fn check_supervised(
        &self,
        sample: &Sample,
        tokenized: TokenizedSample,
    ) -> Result<Labelled, LabelError> {
        if tokenized.supervised() > 0 {
            return Ok(Labelled::Kept(tokenized));
        }
        let tokens = tokenized.input_ids.len();
        self.drop(sample, SampleDefect::NothingToLearn { tokens })
    }

    /// Leaves a sample out, or stops at it.
    pub(crate) fn drop(
        &self,
        sample: &Sample,
        defect: SampleDefect,
    ) -> Result<Labelled, LabelError> {
        match self.options.policy {
            LabelPolicy::Drop | LabelPolicy::Truncate => Ok(Labelled::Dropped(defect)),
            LabelPolicy::Error | LabelPolicy::Reference => Err(defect_of(sample, defect)),
        }
    }
}

fn defect_of(sample: &Sample, defect: SampleDefect) -> LabelError {
    LabelError::Defect {
        id: sample.id.clone(),
        defect,
    }
}

/// The caption of a sample for the caption templates.
fn caption(sample: &Sample) -> Result<&str, SampleDefect> {
    let messages = sample.conversations.len();
    let [first, second] = &sample.conversations[..] else {
        return Err(SampleDefect::NotACaption { messages });
    };
    let pictures = usize::from(sample.image.is_some());
    if !first.value.contains(IMAGE_MARK) || pictures == 0 {
        let marked = usize::from(first.value.contains(IMAGE_MARK));
        return Err(SampleDefect::PictureMarks { marked, pictures });
    }
    if second.value.trim().is_empty() {
        return Err(SampleDefect::EmptyAnswer { message: 1 });
    }
    Ok(&second.value)
}
