//! A conversation about pictures that never reads the same thing twice.
//!
//! Each question is made into the whole prompt, exactly as the reference would build it, and then
//! compared with what the cache holds: only what lies behind the common beginning is computed.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Tensor;
use pulse_vision::{PageImage, VisualTokens};

use crate::answer::{Answer, Timings, Usage};
use crate::decoder::{CausalDecoder, KvCache};
use crate::error::PulseError;
use crate::generation::{
    DecodeState, GenerateOptions, GeneratedIds, GenerationError, beam_search, generate,
    prefill_cancellable,
};
use crate::load::EncodedPicture;
use crate::pulse::Pulse;
use crate::text::{Conversation, PromptIds, PromptSegment, TextStream};

/// One position of the decoder's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Token(u32),
    /// A visual token of the picture with this number.
    Picture(usize),
}

/// A conversation. Not shared between threads; make one per thread from the same [`Pulse`].
#[derive(Debug)]
pub struct Chat {
    pulse: Pulse,
    conversation: Conversation,
    pictures: Vec<EncodedPicture>,
    /// Pictures that no question has mentioned yet.
    waiting: usize,
    cache: Option<KvCache>,
    cached: Vec<Position>,
}

impl Chat {
    pub(crate) fn new(pulse: Pulse) -> Self {
        let conversation = Conversation::new(pulse.template());
        Self {
            pulse,
            conversation,
            pictures: Vec::new(),
            waiting: 0,
            cache: None,
            cached: Vec::new(),
        }
    }

    /// Adds a picture to the next question.
    ///
    /// # Errors
    /// [`PulseError`] if it cannot be tiled or encoded.
    pub fn attach(&mut self, picture: &PageImage) -> Result<(), PulseError> {
        self.attach_encoded(self.pulse.model().encode(picture)?);
        Ok(())
    }

    /// Adds a picture that this model has encoded to the next question.
    pub fn attach_encoded(&mut self, picture: EncodedPicture) {
        self.pictures.push(picture);
        self.waiting += 1;
    }

    /// Uses the original arena script's malformed history from the second turn on instead of the
    /// correct one, to compare with its published numbers.
    pub fn use_arena_history(&mut self) {
        self.conversation.use_arena_history();
    }

    /// The turns so far.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Asks the next question.
    ///
    /// # Errors
    /// [`PulseError`]; the conversation is then as it was before the question.
    pub fn ask(&mut self, question: &str, options: GenerateOptions) -> Result<Answer, PulseError> {
        self.ask_streaming(question, options, |_| {})
    }

    /// As [`ask`](Self::ask), handing out the answer's text as it is generated. Pieces are whole
    /// characters; beam search hands out its answer at the end.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn ask_streaming(
        &mut self,
        question: &str,
        options: GenerateOptions,
        on_text: impl FnMut(&str),
    ) -> Result<Answer, PulseError> {
        options.validate()?;
        self.conversation.push_question(question, self.waiting)?;
        let result = self.answer(&options, on_text);
        match &result {
            Ok(answer) => {
                self.conversation.push_answer(&answer.text);
                self.waiting = 0;
            }
            Err(_) => self.conversation.pop_question(),
        }
        result
    }

    fn answer(
        &mut self,
        options: &GenerateOptions,
        mut on_text: impl FnMut(&str),
    ) -> Result<Answer, PulseError> {
        let start = Instant::now();
        let pulse = self.pulse.clone();
        let loaded = pulse.model();
        let prompt = self.conversation.prompt_ids(pulse.tokenizer())?;
        let positions = self.positions(&prompt);
        let visual = positions
            .iter()
            .filter(|p| matches!(p, Position::Picture(_)))
            .count();
        let (total, context) = (positions.len(), loaded.config.context);
        check_context(total, visual, context)?;
        let capacity = total.saturating_add(options.max_new_tokens).min(context);
        let tokens: Vec<VisualTokens> = self
            .pictures
            .iter()
            .map(|picture| picture.tokens.clone())
            .collect();
        let embeddings = loaded.model.splice(&prompt, &tokens, &loaded.device)?;
        // Taken out while it changes: a pass that fails half way leaves no cache behind, everything
        // before this line leaves it as it was.
        let (mut cache, reused) = self.take_cache(&positions, capacity);
        let embeddings = behind(embeddings, reused);
        let decoder = &loaded.model.decoder;
        let logits = match prefill_cancellable(decoder, embeddings, &mut cache, options) {
            Ok(logits) => logits,
            Err(error) => {
                if error == GenerationError::Cancelled {
                    // What was computed stays true and saves work when the question comes again.
                    self.cached = positions[..cache.len()].to_vec();
                    self.cache = Some(cache);
                }
                return Err(error.into());
            }
        };
        let prefill_s = start.elapsed().as_secs_f64();
        let state = DecodeState {
            cache: &mut cache,
            padding: &[],
            logits,
            context,
            eos: loaded.config.decoder.eos_token_id,
        };
        let mut stream = TextStream::new(pulse.tokenizer());
        let mut visible = Visible::default();
        let generated = if options.num_beams > 1 {
            best_beam(&loaded.model.decoder, state, options)?
        } else {
            let mut rows = generate(&loaded.model.decoder, state, options, |_, id| {
                if let Some(piece) = stream.push(id) {
                    visible.pass_on(&piece, &mut on_text);
                }
                ControlFlow::Continue(())
            })?;
            if let Some(piece) = stream.finish() {
                visible.pass_on(&piece, &mut on_text);
            }
            rows.remove(0)
        };
        let text = pulse
            .tokenizer()
            .decode(&generated.ids, true)?
            .trim()
            .to_owned();
        if options.num_beams > 1 {
            // The beams' rows are no continuation of this conversation: their cache is dropped.
            on_text(&text);
        } else {
            let fed = cache.len() - total;
            self.cached = positions;
            self.cached
                .extend(generated.ids[..fed].iter().map(|id| Position::Token(*id)));
            self.cache = Some(cache);
        }

        let new_pictures = &self.pictures[self.pictures.len() - self.waiting..];
        let preprocess_s = new_pictures
            .iter()
            .map(|picture| picture.preprocess_s)
            .sum::<f64>();
        let vision_s = new_pictures
            .iter()
            .map(|picture| picture.vision_s)
            .sum::<f64>();
        let completion_tokens = generated.ids.len();
        Ok(Answer {
            text,
            token_ids: generated.ids,
            finish_reason: generated.finish,
            usage: Usage {
                prompt_tokens: total,
                image_tokens: visual,
                cached_tokens: reused,
                completion_tokens,
            },
            timings: Timings {
                load_s: loaded.load_s,
                preprocess_s,
                vision_s,
                prefill_s,
                decode_s: start.elapsed().as_secs_f64() - prefill_s,
                first_token_s: preprocess_s + vision_s + prefill_s,
            },
            provenance: pulse.provenance(
                options,
                self.pictures.iter().map(|picture| picture.grid).collect(),
            ),
        })
    }

    /// The prompt position by position.
    fn positions(&self, prompt: &PromptIds) -> Vec<Position> {
        let mut positions = Vec::new();
        let mut pictures = self.pictures.iter().enumerate();
        for segment in prompt.segments() {
            match segment {
                PromptSegment::Text(ids) => {
                    positions.extend(ids.iter().map(|id| Position::Token(*id)));
                }
                PromptSegment::Image => {
                    if let Some((number, picture)) = pictures.next() {
                        let count = picture.tokens.count();
                        positions.extend(std::iter::repeat_n(Position::Picture(number), count));
                    }
                }
            }
        }
        positions
    }

    /// The cache cut back to the common beginning with the prompt, with room for `capacity`
    /// positions, and how many positions it saves. The last position is always computed: its logits
    /// choose the first token.
    fn take_cache(&mut self, positions: &[Position], capacity: usize) -> (KvCache, usize) {
        let cached = std::mem::take(&mut self.cached);
        let Some(mut cache) = self.cache.take() else {
            return (self.pulse.model().model.decoder.new_cache(1, capacity), 0);
        };
        let common = cached
            .iter()
            .zip(positions)
            .take_while(|(a, b)| a == b)
            .count();
        let reused = common.min(positions.len() - 1).min(cache.len());
        cache.truncate(reused);
        cache.reserve(capacity);
        (cache, reused)
    }
}

/// Refuses a prompt that leaves no room for an answer.
pub(crate) fn check_context(
    total: usize,
    visual: usize,
    context: usize,
) -> Result<(), GenerationError> {
    if total < context {
        return Ok(());
    }
    Err(GenerationError::PromptTooLong {
        total,
        text: total - visual,
        visual,
        context,
        excess: total + 1 - context,
    })
}

/// The embeddings behind the first `skipped` positions.
fn behind(embeddings: Tensor<3>, skipped: usize) -> Tensor<3> {
    let [batch, count, width] = embeddings.dims();
    if skipped == 0 {
        embeddings
    } else {
        embeddings.slice([0..batch, skipped..count, 0..width])
    }
}

fn best_beam<D: CausalDecoder>(
    decoder: &D,
    state: DecodeState<'_>,
    options: &GenerateOptions,
) -> Result<GeneratedIds, GenerationError> {
    let best = beam_search(decoder, state, options)?.into_iter().next();
    Ok(best.map_or_else(
        || GeneratedIds {
            ids: Vec::new(),
            finish: crate::FinishReason::ContextFull,
        },
        |best| GeneratedIds {
            ids: best.ids,
            finish: best.finish,
        },
    ))
}

/// Holds white space back at both ends of a stream, so that the pieces add up to the trimmed text.
#[derive(Default)]
struct Visible {
    started: bool,
    held: String,
}

impl Visible {
    fn pass_on(&mut self, piece: &str, on_text: &mut impl FnMut(&str)) {
        self.held.push_str(if self.started {
            piece
        } else {
            piece.trim_start()
        });
        let end = self.held.trim_end().len();
        if end > 0 {
            self.started = true;
            on_text(&self.held[..end]);
            self.held.drain(..end);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{CancelToken, LoadOptions};

    #[test]
    fn the_cache_changes_nothing() {
        let datasets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets");
        let pulse =
            Pulse::load(&format!("{datasets}/pulse-random"), LoadOptions::default()).unwrap();
        let page = PageImage::open(format!("{datasets}/pages/sinus-rhythm.png")).unwrap();
        let greedy = || GenerateOptions {
            max_new_tokens: 10,
            ..GenerateOptions::greedy()
        };
        let ask = |between: fn(&mut Chat)| {
            let mut chat = pulse.chat();
            chat.attach(&page).unwrap();
            chat.ask("What are the main features in this ECG image?", greedy())
                .unwrap();
            between(&mut chat);
            chat.ask("Is the rhythm regular?", greedy()).unwrap()
        };
        let cached = ask(|_| {});
        assert!(cached.usage.cached_tokens > 0);
        let computed = ask(|chat| chat.cache = None);
        assert_eq!(computed.usage.cached_tokens, 0);
        assert_eq!(cached.token_ids, computed.token_ids);
        let after_cancel = ask(|chat| {
            let cancel = CancelToken::new();
            cancel.cancel();
            let options = GenerateOptions {
                cancel: Some(cancel),
                ..GenerateOptions::greedy()
            };
            chat.ask("Another question", options).unwrap_err();
        });
        assert!(after_cancel.usage.cached_tokens > 0);
        assert_eq!(cached.token_ids, after_cancel.token_ids);
    }
}
