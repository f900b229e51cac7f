//! Answers of the model in training to a few fixed pages.

use std::ops::ControlFlow;

use burn::data::dataset::Dataset;
use pulse_llm::decoder::CausalDecoder;
use pulse_llm::generation::{DecodeState, GenerateOptions, generate, prefill};
use pulse_llm::text::{Conversation, ConversationTemplate};
use pulse_llm::{PulseError, open_image};

use crate::error::TrainError;
use crate::job::Job;
use crate::watch::PageAnswer;

/// Longest answer in tokens.
const LONGEST: usize = 128;

/// Greedy answers to `watch.question` about the first pages of the validation set; none without
/// question. Pages that cannot be read are left out: they are the business of the data policies.
pub(crate) fn ask_pages(job: &Job) -> Result<Vec<PageAnswer>, TrainError> {
    let question = job.config.watch.question.as_str();
    let Some(loader) = job
        .data
        .validation
        .as_ref()
        .filter(|_| !question.is_empty())
    else {
        return Ok(Vec::new());
    };
    let samples = loader.dataset().samples();
    let mut answers = Vec::new();
    for index in 0..samples.len() {
        if answers.len() >= job.config.watch.pages {
            break;
        }
        let Ok(sample) = samples.get(index) else {
            continue;
        };
        let Some(path) = sample.image else { continue };
        let Ok(picture) = open_image(job.data.images.join(&path)) else {
            continue;
        };
        let Ok(tiles) = job.preprocessor.preprocess(&picture) else {
            continue;
        };
        answers.push(PageAnswer {
            page: path.display().to_string(),
            question: question.to_owned(),
            answer: answer(job, &tiles, question)?,
        });
    }
    Ok(answers)
}

fn answer(
    job: &Job,
    tiles: &pulse_vision::TilePixels,
    question: &str,
) -> Result<String, TrainError> {
    let template =
        ConversationTemplate::named(&job.config.data.template).map_err(PulseError::from)?;
    let mut conversation = Conversation::new(template);
    conversation
        .push_question(question, 1)
        .map_err(PulseError::from)?;
    let prompt = conversation
        .prompt_ids(&job.tokenizer)
        .map_err(PulseError::from)?;
    let (device, model) = (&job.context.device, &job.model);
    let visual = model.encode_picture(tiles, job.activations, device)?;
    let embeddings = model
        .splice(&prompt, &[visual], device)
        .map_err(PulseError::from)?;
    let [_, length, _] = embeddings.dims();
    let context = job.model_config.context;
    if length >= context {
        return Ok(format!("(the page takes {length} of {context} positions)"));
    }
    let options = GenerateOptions {
        temperature: 0.0,
        max_new_tokens: LONGEST.min(context - length),
        ..GenerateOptions::default()
    };
    let mut cache = model.decoder.new_cache(1, length + options.max_new_tokens);
    let logits = prefill(&model.decoder, embeddings, &[], &mut cache).map_err(PulseError::from)?;
    let state = DecodeState {
        cache: &mut cache,
        padding: &[],
        logits,
        context,
        eos: job.model_config.decoder.eos_token_id,
    };
    let generated = generate(&model.decoder, state, &options, |_, _| {
        ControlFlow::Continue(())
    })
    .map_err(PulseError::from)?;
    let ids = generated
        .into_iter()
        .next()
        .map(|one| one.ids)
        .unwrap_or_default();
    Ok(job
        .tokenizer
        .decode(&ids, true)
        .map_err(PulseError::from)?
        .trim()
        .to_owned())
}
