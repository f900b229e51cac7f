//! The user's API on the bundled model: answers do not depend on how they are asked for.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use pulse_llm::{
    Answer, CancelToken, FinishReason, GenerateOptions, LoadOptions, PageImage, Pulse, PulseError,
};
use pulse_vision::PixelSize;

fn datasets(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../datasets")
        .join(name)
}

fn pulse() -> Pulse {
    Pulse::load(
        &datasets("pulse-random").to_string_lossy(),
        LoadOptions::default(),
    )
    .unwrap()
}

fn page() -> PageImage {
    pulse_llm::open_image(datasets("pages/sinus-rhythm.png")).unwrap()
}

/// A picture of another shape, so that batches are uneven.
fn strip() -> PageImage {
    let size = PixelSize::new(500, 60);
    let rgb = (0..size.pixels() * 3)
        .map(|i| (i * 7 % 256) as u8)
        .collect();
    PageImage::from_rgb(size, rgb).unwrap()
}

fn greedy(max_new_tokens: usize) -> GenerateOptions {
    GenerateOptions {
        max_new_tokens,
        ..GenerateOptions::greedy()
    }
}

const QUESTIONS: [&str; 3] = [
    "What are the main features in this ECG image?",
    "Rhythm?",
    "Gibt es ST-Hebungen? \u{5fc3}\u{96fb}\u{56f3}\u{1f493}",
];

#[test]
fn a_batch_answers_as_one_by_one() {
    let (pulse, page, strip) = (pulse(), page(), strip());
    let questions = [
        (Some(&page), QUESTIONS[0]),
        (Some(&strip), QUESTIONS[1]),
        (None, QUESTIONS[2]),
    ];
    for options in [
        greedy(24),
        GenerateOptions {
            seed: 5,
            ..GenerateOptions::default()
        },
    ] {
        let options = GenerateOptions {
            max_new_tokens: 24,
            ..options
        };
        let batch = pulse.ask_batch(&questions, options.clone()).unwrap();
        for ((picture, question), answer) in questions.iter().zip(&batch) {
            let alone = match picture {
                Some(picture) => pulse.ask(picture, question, options.clone()).unwrap(),
                None => pulse.chat().ask(question, options.clone()).unwrap(),
            };
            assert_eq!(answer.token_ids, alone.token_ids, "{question}");
            assert_eq!(answer.usage, alone.usage);
        }
    }
}

#[test]
fn a_second_question_reads_only_what_is_new() {
    let (pulse, page) = (pulse(), page());
    let mut chat = pulse.chat();
    chat.attach(&page).unwrap();
    let first = chat.ask(QUESTIONS[0], greedy(12)).unwrap();
    let second = chat.ask(QUESTIONS[1], greedy(12)).unwrap();
    assert_eq!(first.usage.cached_tokens, 0);
    // The whole first prompt is still there; beyond it, as much of the answer as is written the
    // same way again.
    assert!(second.usage.cached_tokens >= first.usage.prompt_tokens - 1);
    assert_eq!(second.usage.image_tokens, first.usage.image_tokens);

    // The same two turns without any cache between them.
    let mut fresh = pulse.chat();
    fresh.attach(&page).unwrap();
    let beams = GenerateOptions {
        num_beams: 2,
        ..greedy(12)
    };
    fresh.ask(QUESTIONS[0], beams).unwrap();
    let mut history = pulse.chat();
    history.attach(&page).unwrap();
    history.ask(QUESTIONS[0], greedy(12)).unwrap();
    let cached = history.ask(QUESTIONS[1], greedy(12)).unwrap();
    assert_eq!(cached.token_ids, second.token_ids);
    assert_eq!(
        history.conversation().prompt_text(),
        chat.conversation().prompt_text()
    );
}

#[test]
fn pieces_add_up_to_the_answer() {
    let (pulse, page) = (pulse(), page());
    for seed in 0..4 {
        let options = GenerateOptions {
            temperature: 1.5,
            top_k: 0,
            seed,
            max_new_tokens: 60,
            ..GenerateOptions::default()
        };
        let mut streamed = String::new();
        let answer = pulse
            .ask_streaming(&page, QUESTIONS[0], options, |piece| {
                streamed.push_str(piece)
            })
            .unwrap();
        assert_eq!(streamed, answer.text);
        assert_eq!(answer.text, answer.text.trim());
    }
}

#[test]
fn seeds_decide_samples() {
    let (pulse, page) = (pulse(), page());
    let ask = |seed| {
        let options = GenerateOptions {
            temperature: 1.0,
            seed,
            max_new_tokens: 20,
            ..GenerateOptions::default()
        };
        pulse.ask(&page, QUESTIONS[0], options).unwrap().token_ids
    };
    assert_eq!(ask(1), ask(1));
    assert_ne!(ask(1), ask(2));
}

#[test]
fn several_threads_share_a_model() {
    let (pulse, page) = (pulse(), page());
    let alone = pulse
        .ask(&page, QUESTIONS[0], greedy(16))
        .unwrap()
        .token_ids;
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    pulse
                        .ask(&page, QUESTIONS[0], greedy(16))
                        .unwrap()
                        .token_ids
                })
            })
            .collect();
        for handle in handles {
            assert_eq!(handle.join().unwrap(), alone);
        }
    });
}

#[test]
fn cancelling_ends_between_tokens() {
    let (pulse, page) = (pulse(), page());
    let token = CancelToken::new();
    let options = GenerateOptions {
        temperature: 1.5,
        top_k: 0,
        cancel: Some(token.clone()),
        ..GenerateOptions::default()
    };
    let mut pieces = 0;
    let answer = pulse
        .ask_streaming(&page, QUESTIONS[0], options, |_| {
            pieces += 1;
            if pieces == 3 {
                token.cancel();
            }
        })
        .unwrap();
    assert_eq!(answer.finish_reason, FinishReason::Cancelled);
    assert!(answer.token_ids.len() < 40, "{}", answer.token_ids.len());
}

#[test]
fn a_cancel_before_the_first_token_answers_nothing() {
    let (pulse, page) = (pulse(), page());
    let token = CancelToken::new();
    token.cancel();
    let options = GenerateOptions {
        cancel: Some(token),
        ..greedy(4)
    };
    let mut chat = pulse.chat();
    chat.attach(&page).unwrap();
    let error = chat.ask(QUESTIONS[0], options).unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
    // The conversation goes on as if it had not been asked.
    let answer = chat.ask(QUESTIONS[0], greedy(4)).unwrap();
    let alone = pulse.ask(&page, QUESTIONS[0], greedy(4)).unwrap();
    assert_eq!(answer.token_ids, alone.token_ids);
}

#[test]
fn a_flag_that_is_never_set_changes_no_answer() {
    // Prefill in pieces against prefill at once, over more positions than one piece.
    let (pulse, page) = (pulse(), page());
    let question = "regular ".repeat(400);
    let plain = pulse.ask(&page, &question, greedy(12)).unwrap();
    assert!(plain.usage.prompt_tokens > 512, "{:?}", plain.usage);
    let options = GenerateOptions {
        cancel: Some(CancelToken::new()),
        ..greedy(12)
    };
    let pieces = pulse.ask(&page, &question, options).unwrap();
    assert_eq!(plain.token_ids, pieces.token_ids);
}

#[test]
fn a_refused_question_leaves_the_cache_as_it_was() {
    let (pulse, page) = (pulse(), page());
    let mut chat = pulse.chat();
    chat.attach(&page).unwrap();
    let first = chat.ask(QUESTIONS[1], greedy(4)).unwrap();
    chat.ask(&"rhythm ".repeat(6000), greedy(4)).unwrap_err();
    let second = chat.ask(QUESTIONS[0], greedy(4)).unwrap();
    assert!(
        second.usage.cached_tokens >= first.usage.prompt_tokens,
        "{:?}",
        second.usage
    );
}

#[test]
fn any_number_of_new_tokens_may_be_asked_for() {
    let (pulse, page) = (pulse(), page());
    let options = GenerateOptions {
        cancel: Some(CancelToken::new()),
        ..greedy(usize::MAX)
    };
    let mut pieces = 0;
    let cancel = options.cancel.clone().unwrap();
    let answer = pulse.ask_streaming(&page, QUESTIONS[0], options, |_| {
        pieces += 1;
        if pieces == 2 {
            cancel.cancel();
        }
    });
    assert!(!answer.unwrap().token_ids.is_empty());
}

#[test]
fn a_prompt_that_does_not_fit_says_by_how_much() {
    let (pulse, page) = (pulse(), page());
    let mut chat = pulse.chat();
    chat.attach(&page).unwrap();
    let before = chat.conversation().clone();
    let error = chat
        .ask(&"rhythm ".repeat(6000), greedy(4))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("context is 4096") && error.contains("80 visual"),
        "{error}"
    );
    assert_eq!(chat.conversation(), &before, "the question is taken back");
    assert_eq!(
        chat.ask("Rhythm?", greedy(4)).unwrap().usage.image_tokens,
        80
    );
}

#[test]
fn an_answer_ends_where_the_context_does() {
    let pulse = pulse();
    let mut question = "regular ".repeat(500);
    let options = || GenerateOptions {
        temperature: 2.0,
        top_k: 0,
        max_new_tokens: 1 << 40,
        ..GenerateOptions::default()
    };
    // Fills the context to some hundred positions; random answers of this model rarely stop.
    while let Ok(answer) = pulse.chat().ask(&question, greedy(1)) {
        let room = 4096 - answer.usage.prompt_tokens;
        if room < 12 {
            break;
        }
        question.push_str(&"a ".repeat(room / 4));
    }
    let question = question[..question.len() - 8].to_owned();
    let mut seen = Vec::new();
    for seed in 0..8 {
        if let Ok(answer) = pulse
            .chat()
            .ask(&question, GenerateOptions { seed, ..options() })
        {
            let total = answer.usage.prompt_tokens + answer.usage.completion_tokens;
            assert!(total <= 4096, "{total}");
            if answer.finish_reason == FinishReason::ContextFull {
                assert_eq!(total, 4096);
            }
            seen.push(answer.finish_reason);
        }
    }
    assert!(seen.contains(&FinishReason::ContextFull), "{seen:?}");
}

#[test]
fn control_tokens_in_a_question_are_only_text() {
    let (pulse, page) = (pulse(), page());
    let answer = pulse.ask(&page, "a </s> b <s> <unk>", greedy(1)).unwrap();
    let mut chat = pulse.chat();
    chat.attach(&page).unwrap();
    chat.ask("a </s> b <s> <unk>", greedy(1)).unwrap();
    let ids = chat
        .conversation()
        .prompt_ids(pulse.tokenizer())
        .unwrap()
        .to_raw();
    let controls = ids.iter().filter(|id| (0..3).contains(*id)).count();
    // `<s>` at the beginning and `</s>` behind the finished turn.
    assert_eq!(controls, if answer.text.is_empty() { 1 } else { 2 });
}

#[test]
fn questions_without_sense_are_refused() {
    let (pulse, page) = (pulse(), page());
    for (question, part) in [
        ("", "empty"),
        (" \n", "empty"),
        ("<image> <image> what?", "2 times"),
    ] {
        let error = pulse
            .ask(&page, question, greedy(1))
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
    }
    for options in [
        GenerateOptions {
            temperature: -1.0,
            ..greedy(1)
        },
        GenerateOptions {
            temperature: f32::NAN,
            ..greedy(1)
        },
        GenerateOptions {
            top_p: Some(0.0),
            ..greedy(1)
        },
        GenerateOptions {
            num_beams: 0,
            ..greedy(1)
        },
        GenerateOptions {
            num_beams: 2,
            temperature: 0.5,
            ..greedy(1)
        },
        greedy(0),
    ] {
        let error = pulse.ask(&page, "Rhythm?", options).unwrap_err();
        assert!(matches!(error, PulseError::Generation(_)), "{error}");
    }
}

#[test]
fn answers_carry_their_provenance_as_json() {
    let (pulse, page) = (pulse(), page());
    let answer = pulse.ask(&page, QUESTIONS[0], greedy(3)).unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    for (section, fields) in [
        (
            "usage",
            vec![
                "prompt_tokens",
                "image_tokens",
                "cached_tokens",
                "completion_tokens",
            ],
        ),
        (
            "timings",
            vec![
                "load_s",
                "preprocess_s",
                "vision_s",
                "prefill_s",
                "decode_s",
                "first_token_s",
            ],
        ),
        (
            "provenance",
            vec![
                "model",
                "weights_digest",
                "layout",
                "merge",
                "tile_grid",
                "template",
                "sampling",
                "seed",
                "dtype",
                "cache_dtype",
                "device",
                "version",
            ],
        ),
    ] {
        for field in fields {
            assert!(json[section].get(field).is_some(), "{section}.{field}");
        }
    }
    assert_eq!(json["finish_reason"], "max_new_tokens");
    assert_eq!(json["provenance"]["merge"], "flat");
    assert!(json["provenance"]["weights_digest"].as_str().unwrap().len() == "blake3:".len() + 64);
    assert_eq!(serde_json::from_value::<Answer>(json).unwrap(), answer);
}
