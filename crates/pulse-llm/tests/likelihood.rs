//! Likelihoods of given answers: equal to those of whole sequences without cache, whatever the batch.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use burn::tensor::Tensor;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
use pulse_llm::text::Conversation;
use pulse_llm::{
    BatchQuestion, Candidate, EncodedPicture, GenerateOptions, LoadOptions, Pulse, open_image,
};

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn pulse() -> Pulse {
    let folder = datasets().join("pulse-random");
    Pulse::load(folder.to_str().unwrap(), LoadOptions::default()).unwrap()
}

fn greedy() -> GenerateOptions {
    GenerateOptions {
        max_new_tokens: 6,
        ..GenerateOptions::greedy()
    }
}

fn candidates(texts: &[&str], is_whole: bool) -> Vec<Candidate> {
    let candidate = |text: &&str| Candidate {
        text: (*text).to_owned(),
        is_whole,
    };
    texts.iter().map(candidate).collect()
}

/// The log-probability from one pass over prompt and answer, without a cache.
fn whole_pass(
    pulse: &Pulse,
    picture: &EncodedPicture,
    question: &str,
    answer: &str,
) -> (f64, usize) {
    let loaded = pulse.model();
    let mut conversation = Conversation::new(pulse.template());
    conversation.push_question(question, 1).unwrap();
    let pictures = [picture.tokens.clone()];
    let splice = |conversation: &Conversation| -> Tensor<3> {
        let ids = conversation.prompt_ids(pulse.tokenizer()).unwrap();
        loaded
            .model
            .splice(&ids, &pictures, &loaded.device)
            .unwrap()
    };
    let prompt = splice(&conversation).dims()[1];
    conversation.push_answer(answer);
    let raw = conversation.prompt_ids(pulse.tokenizer()).unwrap().to_raw();
    let embeddings = splice(&conversation);
    let [_, all, _] = embeddings.dims();
    let logits = loaded.model.decoder.forward(DecoderInput {
        embeddings,
        padding: &[],
        cache: None,
        logits: LogitRows::All,
    });
    let [_, _, vocabulary] = logits.dims();
    let values: Vec<f32> = logits.into_data().try_into_vec().unwrap();
    let ids = &raw[raw.len() - (all - prompt)..];
    let mut sum = 0.0;
    for (at, id) in ids.iter().enumerate() {
        let row = &values[(prompt + at - 1) * vocabulary..][..vocabulary];
        let total: f64 = row.iter().map(|value| f64::from(*value).exp()).sum();
        sum += f64::from(row[usize::try_from(*id).unwrap()]) - total.ln();
    }
    (sum, ids.len())
}

#[test]
fn likelihoods_equal_those_of_a_whole_pass_alone_and_in_a_batch() {
    let pulse = pulse();
    let page = open_image(datasets().join("pages/sinus-rhythm.png")).unwrap();
    let picture = pulse.model().encode(&page).unwrap();
    let texts = ["NORM", "MI, STTC", "atrial fibrillation", "A"];
    let given = candidates(&texts, true);
    let long = "Which of these labels apply to this ECG? NORM, MI, STTC, CD, HYP.";
    let question = |text, candidates| BatchQuestion {
        picture: Some(&picture),
        text,
        candidates,
    };
    let batch = pulse
        .answer_batch(
            &[
                question(long, &given),
                question("Short?", &given[..2]),
                question("None to weigh?", &[]),
            ],
            &greedy(),
        )
        .unwrap();
    assert_eq!(batch[2].likelihoods, []);
    for (row, text, count) in [(0, long, 4), (1, "Short?", 2)] {
        let alone = pulse
            .answer_batch(&[question(text, &given[..count])], &greedy())
            .unwrap();
        assert_eq!(alone[0].answer.token_ids, batch[row].answer.token_ids);
        assert_eq!(alone[0].likelihoods.len(), count);
        for (at, found) in alone[0].likelihoods.iter().enumerate() {
            let (expected, tokens) = whole_pass(&pulse, &picture, text, texts[at]);
            assert_eq!(found.tokens, tokens);
            for found in [found, &batch[row].likelihoods[at]] {
                assert!(
                    (found.log_likelihood - expected).abs() < 1e-4,
                    "{text} {}: {found:?} {expected}",
                    texts[at]
                );
            }
        }
    }
}

#[test]
fn beginnings_leave_the_end_out_and_sum_to_less_than_one() {
    let pulse = pulse();
    let ask = |candidates: &[Candidate]| {
        let question = BatchQuestion {
            picture: None,
            text: "Which letter?",
            candidates,
        };
        pulse
            .answer_batch(&[question], &greedy())
            .map(|mut answers| answers.remove(0).likelihoods)
    };
    let begun = ask(&candidates(&["A", "B", "C"], false)).unwrap();
    let whole = ask(&candidates(&["A", "B", "C"], true)).unwrap();
    let mut mass = 0.0;
    for (begun, whole) in begun.iter().zip(&whole) {
        assert_eq!(begun.tokens + 1, whole.tokens);
        assert!(begun.log_likelihood > whole.log_likelihood);
        mass += begun.log_likelihood.exp();
    }
    assert!(mass > 0.0 && mass < 1.0, "{mass}");
    let error = ask(&candidates(&[""], true)).unwrap_err().to_string();
    assert!(error.contains("cannot be weighed"), "{error}");
    let endless = "QRS ".repeat(4096);
    let error = ask(&candidates(&[&endless], true)).unwrap_err().to_string();
    assert!(error.contains("context is"), "{error}");
}
