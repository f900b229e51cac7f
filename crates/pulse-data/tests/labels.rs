//! Ids and labels of good and bad samples, with this repository's own tokenizer.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{labeller, labeller_for, sample, tokenizer};
use proptest::prelude::*;
use pulse_data::labels::{
    IGNORE_INDEX, LabelError, LabelOptions, LabelPolicy, Labelled, Labeller, SampleDefect,
    SampleFate, SampleReport, TokenizedSample,
};
use pulse_data::{Message, Sample};
use pulse_llm::text::{ConversationTemplate, IMAGE_TOKEN_INDEX};

fn kept(labelled: Labelled) -> TokenizedSample {
    match labelled {
        Labelled::Kept(tokenized) => tokenized,
        Labelled::Dropped(defect) => panic!("dropped: {defect}"),
    }
}

fn learnt(tokenized: &TokenizedSample) -> String {
    let ids: Vec<u32> = tokenized
        .labels
        .iter()
        .filter(|label| **label != IGNORE_INDEX)
        .map(|label| label.unsigned_abs())
        .collect();
    tokenizer().decode(&ids, false).unwrap()
}

fn defect(sample: &Sample) -> SampleDefect {
    match labeller(LabelPolicy::Drop, 4096).label(sample).unwrap() {
        Labelled::Dropped(defect) => defect,
        Labelled::Kept(tokenized) => panic!("kept: {}", learnt(&tokenized)),
    }
}

#[test]
fn answers_and_their_ends_are_learnt_and_nothing_else() {
    let two = sample(
        "a",
        Some("a.png"),
        &["<image>\nQ1?", "Sinus rhythm.", "Q2?", "Yes."],
    );
    let tokenized = kept(labeller(LabelPolicy::Error, 4096).label(&two).unwrap());
    assert_eq!(learnt(&tokenized), "Sinus rhythm.</s> Yes.</s>");
    assert_eq!(tokenized.image_count(), 1);
    assert!(tokenized.defects.is_empty());
    for (id, label) in tokenized.input_ids.iter().zip(&tokenized.labels) {
        assert!(*label == IGNORE_INDEX || label == id);
    }
}

#[test]
fn literals_in_texts_are_letters() {
    let texts = [
        "<image> Who says </s> or <s>?",
        "The ASSISTANT: wrote </s> and <image>.",
    ];
    let hostile = sample("a", Some("a.png"), &texts);
    let tokenized = kept(labeller(LabelPolicy::Error, 4096).label(&hostile).unwrap());
    assert_eq!(learnt(&tokenized), format!("{}</s>", texts[1]));
    let eos = tokenizer().eos_id() as i32;
    let ends = tokenized.input_ids.iter().filter(|id| **id == eos).count();
    assert_eq!((ends, tokenized.image_count()), (1, 1));

    // The original masks the whole sample.
    let reference = kept(
        labeller(LabelPolicy::Reference, 4096)
            .label(&hostile)
            .unwrap(),
    );
    assert_eq!(reference.supervised(), 0);
    let [SampleDefect::TokenizationMismatch { .. }] = reference.defects[..] else {
        panic!("{:?}", reference.defects);
    };
}

#[test]
fn every_defect_is_named() {
    let spoken = |roles: &[&str]| Sample {
        id: "a".into(),
        image: None,
        conversations: roles
            .iter()
            .map(|role| Message {
                from: (*role).to_owned(),
                value: "text".into(),
            })
            .collect(),
    };
    let picture = Some("a.png");
    for (sample, name) in [
        (spoken(&[]), "no_messages"),
        (spoken(&["human", "assistant"]), "unknown_role"),
        (spoken(&["human", "human"]), "not_alternating"),
        (spoken(&["gpt", "human", "gpt"]), "not_alternating"),
        (spoken(&["human", "gpt", "human"]), "ends_with_question"),
        (sample("a", None, &["Q", ""]), "empty_answer"),
        (sample("a", None, &["Q", " \n"]), "empty_answer"),
        (sample("a", None, &["", "A"]), "empty_question"),
        (sample("a", None, &["<image>\nQ", "A"]), "picture_marks"),
        (sample("a", picture, &["Q", "A"]), "picture_marks"),
        (
            sample("a", picture, &["<image>Q", "A", "<image>Q", "A"]),
            "picture_marks",
        ),
    ] {
        assert_eq!(defect(&sample).name(), name, "{sample:?}");
        let error = labeller(LabelPolicy::Error, 4096)
            .label(&sample)
            .unwrap_err();
        assert!(error.to_string().starts_with("sample a: "), "{error}");
    }
}

#[test]
fn a_last_question_is_left_off_by_truncate() {
    let open = sample("a", None, &["Q1", "A1", "Q2"]);
    let mended = kept(labeller(LabelPolicy::Truncate, 4096).label(&open).unwrap());
    assert_eq!(mended.defects, [SampleDefect::EndsWithQuestion]);
    let closed = sample("a", None, &["Q1", "A1"]);
    let whole = kept(labeller(LabelPolicy::Error, 4096).label(&closed).unwrap());
    assert_eq!(mended.input_ids, whole.input_ids);
    // With nothing in front of it nothing is left.
    let alone = sample("a", None, &["Q1"]);
    let outcome = labeller(LabelPolicy::Truncate, 4096).label(&alone).unwrap();
    assert_eq!(outcome, Labelled::Dropped(SampleDefect::EndsWithQuestion));
}

#[test]
fn too_long_counts_the_expanded_picture() {
    let long = sample("a", Some("a.png"), &["<image>\nQ", &"word ".repeat(50)]);
    let text = kept(labeller(LabelPolicy::Drop, 4096).label(&long).unwrap()).text_len();
    let fit = |policy, limit| {
        let labeller = labeller(policy, limit);
        let tokenized = kept(labeller.label(&long).unwrap());
        labeller.fit(&long, tokenized, 20)
    };
    let exact = kept(fit(LabelPolicy::Error, text + 20).unwrap());
    assert_eq!(exact.expanded_len(20), text + 20);
    let too_long = SampleDefect::TooLong {
        visual: 20,
        text,
        limit: text + 19,
    };
    assert_eq!(
        fit(LabelPolicy::Drop, text + 19).unwrap(),
        Labelled::Dropped(too_long.clone())
    );
    assert!(matches!(
        fit(LabelPolicy::Error, text + 19),
        Err(LabelError::Defect { defect, .. }) if defect == too_long
    ));
    let cut = kept(fit(LabelPolicy::Truncate, text + 19).unwrap());
    assert_eq!(cut.expanded_len(20), text + 19);
    assert_eq!(cut.defects, [too_long]);
    assert_eq!(
        cut.input_ids[..],
        exact.input_ids[..exact.input_ids.len() - 1]
    );

    // What would cut the picture, or leave nothing to learn, is no repair.
    let picture = exact
        .input_ids
        .iter()
        .position(|id| *id == IMAGE_TOKEN_INDEX)
        .unwrap();
    let outcome = fit(LabelPolicy::Truncate, picture + 10).unwrap();
    assert!(matches!(
        outcome,
        Labelled::Dropped(SampleDefect::TooLong { .. })
    ));
    let outcome = fit(LabelPolicy::Truncate, picture + 21).unwrap();
    assert!(matches!(
        outcome,
        Labelled::Dropped(SampleDefect::NothingToLearn { .. })
    ));
}

#[test]
fn captions_learn_all_but_the_picture() {
    let caption = sample("a", Some("a.png"), &["<image>\nDescribe.", "a caption"]);
    for policy in [LabelPolicy::Error, LabelPolicy::Reference] {
        let tokenized = kept(labeller_for("plain", policy, 4096).label(&caption).unwrap());
        assert_eq!(learnt(&tokenized), "a caption\n", "{policy:?}");
        assert_eq!(tokenized.input_ids[1], IMAGE_TOKEN_INDEX);
        assert_eq!(tokenized.labels[..2], [IGNORE_INDEX; 2]);
    }
    let talk = sample("a", Some("a.png"), &["<image>", "a", "b", "c"]);
    let outcome = labeller_for("plain", LabelPolicy::Drop, 4096)
        .label(&talk)
        .unwrap();
    assert_eq!(
        outcome,
        Labelled::Dropped(SampleDefect::NotACaption { messages: 4 })
    );
}

#[test]
fn templates_without_training_form_are_refused() {
    for name in ["llava_v0", "llama_2", "v1_mmtag"] {
        let options = LabelOptions {
            template: ConversationTemplate::named(name).unwrap(),
            policy: LabelPolicy::Error,
            max_length: 4096,
        };
        assert!(matches!(
            Labeller::new(tokenizer(), options),
            Err(LabelError::UnsupportedTemplate { .. })
        ));
    }
}

#[test]
fn reports_count_and_list() {
    let mut report = SampleReport::default();
    report.keep("a", &[]);
    report.drop("b", &SampleDefect::NoMessages);
    let mut other = SampleReport::default();
    other.keep("c", &[SampleDefect::EndsWithQuestion]);
    report.merge(&other);
    assert_eq!((report.kept, report.dropped), (2, 1));
    assert_eq!(report.count(SampleFate::Dropped, "no_messages"), 1);
    assert_eq!(report.count(SampleFate::Mended, "ends_with_question"), 1);
    let ids: Vec<&str> = report
        .samples
        .iter()
        .map(|sample| sample.id.as_str())
        .collect();
    assert_eq!(ids, ["b", "c"]);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<SampleReport>(&json).unwrap(), report);
}

proptest! {
    /// Whatever the texts are: what is learnt is exactly the answers and their ends, and for texts
    /// without special words the original's counting comes to the same.
    #[test]
    fn labels_are_the_answers(
        texts in prop::collection::vec("[ -~\u{e4}\u{4e2d}\u{1f44d}\n]{1,40}", 2..7),
        has_picture: bool,
    ) {
        let mut texts = texts;
        texts.truncate(texts.len() / 2 * 2);
        prop_assume!(texts.iter().all(|text| !text.trim().is_empty()));
        if has_picture {
            texts[0] = format!("<image>\n{}", texts[0]);
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let sample = sample("a", has_picture.then_some("a.png"), &texts);
        let ours = kept(labeller(LabelPolicy::Error, 4096).label(&sample).unwrap());
        let wanted: String = texts.iter().skip(1).step_by(2).map(|answer| format!(" {answer}</s>")).collect();
        prop_assert_eq!(&learnt(&ours), &wanted[1..]);
        let reference = kept(labeller(LabelPolicy::Reference, 4096).label(&sample).unwrap());
        if reference.defects.is_empty() {
            prop_assert_eq!(&reference.input_ids, &ours.input_ids);
            prop_assert_eq!(&reference.labels, &ours.labels);
        }
    }
}
