//! One answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gold::RawId;

/// One turn of an arena answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTurn {
    /// What was asked, if the file says so.
    #[serde(default)]
    pub question: String,
    /// What the model said.
    #[serde(alias = "response")]
    pub answer: String,
}

/// One line of an answer file.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerLine {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// The item it answers: `question_id`, else `id`.
    pub id: String,
    /// The answer: `text`, else `response`. `None` if the line has neither.
    pub text: Option<String>,
    /// The question as it was put to the model: `prompt`, or `prompt.prompt`.
    pub prompt: Option<String>,
    /// The model: `model_id`.
    pub model_id: Option<String>,
    /// The run's settings and weights as a digest, in answers of this project's runner: `metadata.run`.
    pub run: Option<String>,
    /// The turns of an arena answer: `predict_convs`, else a list in `response`.
    pub turns: Vec<AnswerTurn>,
    /// Probability of each label or option between 0 and 1 where the runner computed them:
    /// `label_probabilities`.
    pub label_probabilities: Option<BTreeMap<String, f64>>,
    /// The same from likelihoods per token: `label_probabilities_normalised`.
    pub label_probabilities_normalised: Option<BTreeMap<String, f64>>,
    /// Share of the model's probability on the answers that were weighed: `label_mass`.
    pub label_mass: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct RawLine {
    question_id: Option<RawId>,
    id: Option<RawId>,
    text: Option<String>,
    response: Option<RawResponse>,
    prompt: Option<RawPrompt>,
    model_id: Option<String>,
    metadata: Option<RawMetadata>,
    predict_convs: Option<Vec<AnswerTurn>>,
    label_probabilities: Option<BTreeMap<String, f64>>,
    label_probabilities_normalised: Option<BTreeMap<String, f64>>,
    label_mass: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawResponse {
    Text(String),
    Turns(Vec<AnswerTurn>),
}

/// Anything in answers of other programs.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawMetadata {
    Own { run: Option<String> },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawPrompt {
    Text(String),
    Nested { prompt: Option<String> },
    Other(serde::de::IgnoredAny),
}

impl RawLine {
    /// The answer at `line`; `None` if it has no id.
    pub(super) fn into_line(self, line: usize) -> Option<AnswerLine> {
        let id = self.question_id.or(self.id)?.into_text();
        let (response, turns) = match self.response {
            Some(RawResponse::Text(text)) => (Some(text), Vec::new()),
            Some(RawResponse::Turns(turns)) => (None, turns),
            None => (None, Vec::new()),
        };
        let prompt = match self.prompt {
            Some(RawPrompt::Text(text)) => Some(text),
            Some(RawPrompt::Nested { prompt }) => prompt,
            Some(RawPrompt::Other(_)) | None => None,
        };
        let run = match self.metadata {
            Some(RawMetadata::Own { run }) => run,
            Some(RawMetadata::Other(_)) | None => None,
        };
        Some(AnswerLine {
            line,
            id,
            text: self.text.or(response),
            prompt,
            model_id: self.model_id,
            run,
            turns: self.predict_convs.unwrap_or(turns),
            label_probabilities: self.label_probabilities,
            label_probabilities_normalised: self.label_probabilities_normalised,
            label_mass: self.label_mass,
        })
    }
}
