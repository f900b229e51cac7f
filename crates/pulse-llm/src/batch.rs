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
use crate::generation::{DecodeState, GenerateOptions, GenerationError, generate, prefill};
use crate::pulse::Pulse;
use crate::text::Conversation;

/// A prompt as embeddings `[1, n, hidden]` and what is known about it.
struct Row {
    embeddings: Tensor<3>,
    usage: Usage,
    grids: Vec<[u32; 2]>,
    preprocess_s: f64,
    vision_s: f64,
}

/// See [`Pulse::ask_batch`].
pub(crate) fn ask(
    pulse: &Pulse,
    questions: &[(Option<&PageImage>, &str)],
    options: GenerateOptions,
) -> Result<Vec<Answer>, PulseError> {
    options.validate()?;
    if options.num_beams > 1 {
        return Err(GenerationError::Option {
            name: "num-beams",
            found: options.num_beams.to_string(),
            expected: "1 in a batch; ask one by one to search with beams",
        }
        .into());
    }
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let loaded = pulse.model();
    let rows = questions
        .iter()
        .map(|(picture, question)| prepare(pulse, *picture, question))
        .collect::<Result<Vec<_>, _>>()?;

    let start = Instant::now();
    let (embeddings, padding) = pad_left(rows.iter().map(|row| row.embeddings.clone()).collect());
    let [_, longest, _] = embeddings.dims();
    // The shortest row may go on longest; the cache is as long as the longest prompt and answer.
    let capacity = longest + options.max_new_tokens.min(loaded.config.context);
    let mut cache = loaded.model.decoder.new_cache(rows.len(), capacity);
    let logits = prefill(&loaded.model.decoder, embeddings, &padding, &mut cache)?;
    let prefill_s = start.elapsed().as_secs_f64();
    let state = DecodeState {
        cache: &mut cache,
        padding: &padding,
        logits,
        context: loaded.config.context,
        eos: loaded.config.decoder.eos_token_id,
    };
    let generated = generate(&loaded.model.decoder, state, &options, |_, _| {
        ControlFlow::Continue(())
    })?;
    let decode_s = start.elapsed().as_secs_f64() - prefill_s;

    rows.into_iter()
        .zip(generated)
        .map(|(row, generated)| {
            Ok(Answer {
                text: pulse
                    .tokenizer()
                    .decode(&generated.ids, true)?
                    .trim()
                    .to_owned(),
                finish_reason: generated.finish,
                usage: Usage {
                    completion_tokens: generated.ids.len(),
                    ..row.usage
                },
                token_ids: generated.ids,
                timings: Timings {
                    load_s: loaded.load_s,
                    preprocess_s: row.preprocess_s,
                    vision_s: row.vision_s,
                    prefill_s,
                    decode_s,
                    first_token_s: row.preprocess_s + row.vision_s + prefill_s,
                },
                provenance: pulse.provenance(&options, row.grids),
            })
        })
        .collect()
}

fn prepare(pulse: &Pulse, picture: Option<&PageImage>, question: &str) -> Result<Row, PulseError> {
    let loaded = pulse.model();
    let pictures = picture
        .map(|picture| loaded.encode(picture))
        .transpose()?
        .into_iter()
        .collect::<Vec<_>>();
    let mut conversation = Conversation::new(pulse.template());
    conversation.push_question(question, pictures.len())?;
    let prompt = conversation.prompt_ids(pulse.tokenizer())?;
    let tokens: Vec<_> = pictures
        .iter()
        .map(|picture| picture.tokens.clone())
        .collect();
    let embeddings = loaded.model.splice(&prompt, &tokens, &loaded.device)?;
    let [_, total, _] = embeddings.dims();
    let visual = tokens.iter().map(|tokens| tokens.count()).sum();
    check_context(total, visual, loaded.config.context)?;
    Ok(Row {
        embeddings,
        usage: Usage {
            prompt_tokens: total,
            image_tokens: visual,
            ..Usage::default()
        },
        grids: pictures.iter().map(|picture| picture.grid).collect(),
        preprocess_s: pictures.iter().map(|picture| picture.preprocess_s).sum(),
        vision_s: pictures.iter().map(|picture| picture.vision_s).sum(),
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
