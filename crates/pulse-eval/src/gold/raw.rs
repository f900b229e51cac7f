//! Items as the various exports of ECGBench spell them.
//!
//! Seen in use: `id` or (mmmu-ecg) `No`; `image` or `image_path`; `conversations` or (the report list)
//! `conversation`; messages as `{from, value}` or (arena) `{question, answer}`; values as strings, as lists
//! of answers, or as lists of single characters.

use std::path::PathBuf;

use pulse_data::bench::{BenchConversation, BenchItem, TurnValue};
use serde::Deserialize;

use super::item::{GoldAnswer, GoldItem, GoldTurn};

#[derive(Deserialize)]
pub(super) struct RawItem {
    #[serde(rename = "No")]
    number: Option<RawId>,
    id: Option<RawId>,
    #[serde(alias = "image_path")]
    image: Option<PathBuf>,
    #[serde(alias = "conversation", default)]
    conversations: Vec<RawMessage>,
}

/// An id that may be a number in the file.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum RawId {
    Text(String),
    Number(serde_json::Number),
}

impl RawId {
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct RawMessage {
    value: Option<GoldAnswer>,
    question: Option<String>,
    answer: Option<String>,
}

impl RawItem {
    /// The item, or what it lacks.
    pub(super) fn into_item(self) -> Result<GoldItem, String> {
        let id = self
            .number
            .or(self.id)
            .ok_or("it has neither id nor No")?
            .into_text();
        let turns: Vec<GoldTurn> = self
            .conversations
            .iter()
            .filter_map(|message| {
                Some(GoldTurn {
                    question: without_marks(message.question.as_deref()?),
                    answer: message.answer.clone()?,
                })
            })
            .collect();
        if let Some(first) = turns.first() {
            return Ok(GoldItem {
                id,
                image: self.image,
                question: first.question.clone(),
                answer: GoldAnswer::Text(first.answer.clone()),
                turns,
            });
        }
        let values: Vec<GoldAnswer> = self
            .conversations
            .into_iter()
            .filter_map(|message| message.value)
            .collect();
        let [question, answer, ..] = values.as_slice() else {
            return Err(format!(
                "its conversation (id {id:?}) has {} messages with a value, expected a question and an answer",
                values.len()
            ));
        };
        Ok(GoldItem {
            question: without_marks(&question.to_text()),
            answer: answer.clone(),
            id,
            image: self.image,
            turns,
        })
    }
}

/// An item of the benchmark's Parquet files, or what it lacks.
pub(super) fn of_bench(item: BenchItem) -> Result<GoldItem, String> {
    let answer_of = |value: &TurnValue| match value {
        TurnValue::Text(text) => GoldAnswer::Text(text.clone()),
        TurnValue::Answers(answers) => GoldAnswer::List(answers.clone()),
    };
    let (question, answer, turns) = match &item.conversation {
        BenchConversation::Turns(turns) => {
            let [question, answer, ..] = turns.as_slice() else {
                return Err(format!(
                    "its conversation (id {:?}) has {} messages, expected a question and an answer",
                    item.id,
                    turns.len()
                ));
            };
            let question = without_marks(&question.value.joined());
            (question, answer_of(&answer.value), Vec::new())
        }
        BenchConversation::Arena(turns) => {
            let turns: Vec<GoldTurn> = turns
                .iter()
                .map(|turn| GoldTurn {
                    question: without_marks(&turn.question),
                    answer: turn.answer.clone(),
                })
                .collect();
            let first = turns
                .first()
                .ok_or_else(|| format!("its conversation (id {:?}) is empty", item.id))?;
            let answer = GoldAnswer::Text(first.answer.clone());
            (first.question.clone(), answer, turns)
        }
    };
    Ok(GoldItem {
        id: item.number.unwrap_or(item.id),
        image: Some(PathBuf::from(item.image_path)),
        question,
        answer,
        turns,
    })
}

fn without_marks(question: &str) -> String {
    question.replace("<image>", "").trim().to_owned()
}
