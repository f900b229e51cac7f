//! Several questions at once.
//!
//! Prompts are padded on the left, so that all rows end at the same position and a single step
//! extends them all; padding is masked and does not count as a position. Answers are those of the
//! questions asked alone.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Tensor;
use pulse_vision::PageImage;

use crate::answer::{Answer, Timings, Usage};
use crate::chat::check_context;
use crate::decoder::CausalDecoder;
use crate::error::PulseError;
use crate::generation::{
    Continuation, ContinuationTrees, DecodeState, GenerateOptions, GenerationError, generate,
    prefill,
};
use crate::likelihood::{Candidate, Likelihood, ScoredAnswer};
use crate::load::EncodedPicture;
use crate::pulse::Pulse;
use crate::text::Conversation;

/// A question about an encoded picture, with the answers whose probability is asked for.
#[derive(Debug, Clone, Copy)]
pub struct BatchQuestion<'a> {
    /// The picture.
    pub picture: Option<&'a EncodedPicture>,
    /// The question.
    pub text: &'a str,
    /// Answers to weigh; none in most uses.
    pub candidates: &'a [Candidate],
}

/// A prompt as embeddings `[1, n, hidden]` and what is known about it.
struct Row<'a> {
    embeddings: Tensor<3>,
    usage: Usage,
    picture: Option<&'a EncodedPicture>,
    candidates: Vec<Vec<u32>>,
}

/// See [`Pulse::ask_batch`].
pub(crate) fn ask(
    pulse: &Pulse,
    questions: &[(Option<&PageImage>, &str)],
    options: GenerateOptions,
) -> Result<Vec<Answer>, PulseError> {
    check(&options)?;
    let loaded = pulse.model();
    let encode = |picture: &Option<&PageImage>| picture.map(|one| loaded.encode(one)).transpose();
    let pictures = questions
        .iter()
        .map(|(picture, _)| encode(picture))
        .collect::<Result<Vec<_>, _>>()?;
    let questions: Vec<BatchQuestion<'_>> = questions
        .iter()
        .zip(&pictures)
        .map(|((_, text), picture)| BatchQuestion {
            picture: picture.as_ref(),
            text,
            candidates: &[],
        })
        .collect();
    let answers = answer(pulse, &questions, &options)?;
    Ok(answers.into_iter().map(|scored| scored.answer).collect())
}

fn check(options: &GenerateOptions) -> Result<(), PulseError> {
    options.validate()?;
    if options.num_beams > 1 {
        return Err(GenerationError::Option {
            name: "num-beams",
            found: options.num_beams.to_string(),
            expected: "1 in a batch; ask one by one to search with beams",
        }
        .into());
    }
    Ok(())
}

/// See [`Pulse::answer_batch`].
pub(crate) fn answer(
    pulse: &Pulse,
    questions: &[BatchQuestion<'_>],
    options: &GenerateOptions,
) -> Result<Vec<ScoredAnswer>, PulseError> {
    check(options)?;
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let loaded = pulse.model();
    let decoder = &loaded.model.decoder;
    let mut rows = questions
        .iter()
        .map(|question| prepare(pulse, question))
        .collect::<Result<Vec<_>, _>>()?;

    let start = Instant::now();
    let embeddings = rows.iter().map(|row| row.embeddings.clone()).collect();
    let (embeddings, padding) = pad_left(embeddings);
    let [_, longest, _] = embeddings.dims();
    let continuations: Vec<Continuation> = rows
        .iter_mut()
        .enumerate()
        .flat_map(|(row, one)| {
            let candidates = std::mem::take(&mut one.candidates);
            candidates
                .into_iter()
                .map(move |ids| Continuation { row, ids })
        })
        .collect();
    let trees = ContinuationTrees::new(rows.len(), &continuations);
    // The shortest row may go on longest; the cache is as long as the longest prompt and answer. The candidates
    // come where the answer was.
    let most = options.max_new_tokens.min(loaded.config.context);
    let capacity = longest + most.max(trees.positions());
    let mut cache = decoder.new_cache(rows.len(), capacity);
    let logits = prefill(decoder, embeddings, &padding, &mut cache)?;
    let prefill_s = start.elapsed().as_secs_f64();
    let state = DecodeState {
        cache: &mut cache,
        padding: &padding,
        logits: logits.clone(),
        context: loaded.config.context,
        eos: loaded.config.decoder.eos_token_id,
    };
    let generated = generate(decoder, state, options, |_, _| ControlFlow::Continue(()))?;
    let decode_s = start.elapsed().as_secs_f64() - prefill_s;
    cache.truncate(longest);
    let sums = trees.log_likelihoods(decoder, &mut cache, &padding, &logits)?;

    rows.into_iter()
        .zip(generated)
        .enumerate()
        .map(|(row, (prompt, generated))| {
            let text = pulse.tokenizer().decode(&generated.ids, true)?;
            let of_picture =
                |seconds: fn(&EncodedPicture) -> f64| prompt.picture.map_or(0.0, seconds);
            let preprocess_s = of_picture(|picture| picture.preprocess_s);
            let vision_s = of_picture(|picture| picture.vision_s);
            let grids = prompt.picture.iter().map(|picture| picture.grid).collect();
            let likelihoods = continuations
                .iter()
                .zip(&sums)
                .filter(|(one, _)| one.row == row)
                .map(|(one, log_likelihood)| Likelihood {
                    log_likelihood: *log_likelihood,
                    tokens: one.ids.len(),
                });
            let answer = Answer {
                text: text.trim().to_owned(),
                finish_reason: generated.finish,
                usage: Usage {
                    completion_tokens: generated.ids.len(),
                    ..prompt.usage
                },
                token_ids: generated.ids,
                timings: Timings {
                    load_s: loaded.load_s,
                    preprocess_s,
                    vision_s,
                    prefill_s,
                    decode_s,
                    first_token_s: preprocess_s + vision_s + prefill_s,
                },
                provenance: pulse.provenance(options, grids),
            };
            let ids = continuations.iter().filter(|one| one.row == row);
            Ok(ScoredAnswer {
                answer,
                likelihoods: likelihoods.collect(),
                candidate_ids: ids.map(|one| one.ids.clone()).collect(),
            })
        })
        .collect()
}

fn prepare<'a>(pulse: &Pulse, question: &BatchQuestion<'a>) -> Result<Row<'a>, PulseError> {
    let loaded = pulse.model();
    let picture = question.picture;
    let mut conversation = Conversation::new(pulse.template());
    conversation.push_question(question.text, usize::from(picture.is_some()))?;
    let tokenizer = pulse.tokenizer();
    let prompt = conversation.prompt_ids(tokenizer)?;
    let tokens: Vec<_> = picture.iter().map(|one| one.tokens.clone()).collect();
    let embeddings = loaded.model.splice(&prompt, &tokens, &loaded.device)?;
    let [_, total, _] = embeddings.dims();
    let visual = tokens.iter().map(|tokens| tokens.count()).sum();
    let candidates = match question.candidates {
        [] => Vec::new(),
        some => pulse
            .candidate_ids()
            .of(some, &conversation, &prompt.to_raw(), tokenizer)?,
    };
    // One position for the answer is needed anyway; a candidate needs as many as it has tokens.
    let longest = candidates.iter().map(Vec::len).max().unwrap_or(1);
    check_context(total + longest - 1, visual, loaded.config.context)?;
    Ok(Row {
        embeddings,
        usage: Usage {
            prompt_tokens: total,
            image_tokens: visual,
            ..Usage::default()
        },
        picture,
        candidates,
    })
}

/// Joins `[1, n, hidden]` of different lengths to `[batch, longest, hidden]`, zeros on the left,
/// and returns how many zeros each row got.
pub fn pad_left(rows: Vec<Tensor<3>>) -> (Tensor<3>, Vec<usize>) {
    let longest = rows.iter().map(|row| row.dims()[1]).max().unwrap_or(0);
    let padding: Vec<usize> = rows.iter().map(|row| longest - row.dims()[1]).collect();
    let padded = rows
        .into_iter()
        .zip(&padding)
        .map(|(row, pad)| {
            if *pad == 0 {
                return row;
            }
            let [_, _, width] = row.dims();
            let zeros = Tensor::zeros([1, *pad, width], (&row.device(), row.dtype()));
            Tensor::cat(vec![zeros, row], 1)
        })
        .collect();
    (Tensor::cat(padded, 0), padding)
}
