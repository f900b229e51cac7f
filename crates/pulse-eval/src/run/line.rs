//! One line of an answer file.

use std::collections::BTreeMap;

use pulse_data::bench::ArenaTurn;
use pulse_llm::{Answer, DeviceName, FinishReason, Likelihood, ScoredAnswer, Usage};
use serde::{Deserialize, Serialize};

use super::candidates::LabelCandidates;
use super::settings::RunSettings;
use crate::answers::AnswerTurn;

/// A line: the fields of the original's scripts in their order, then what they do not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RunLine {
    question_id: String,
    #[serde(flatten)]
    said: Said,
    answer_id: String,
    model_id: String,
    metadata: LineMetadata,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    labels: Option<LineLabels>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Said {
    One {
        prompt: String,
        text: String,
    },
    Turns {
        golden_convs: Vec<ArenaTurn>,
        predict_convs: Vec<AnswerTurn>,
    },
}

/// Where a line comes from. The original leaves `metadata` empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct LineMetadata {
    /// Digest of `run.json`, see [`RunSettings::digest`].
    run: String,
    /// The item's position in the benchmark, from 0.
    index: u64,
    /// Digest of picture and questions, see `asked_digest`.
    asked: String,
    device: DeviceName,
    /// Columns and rows of tiles.
    tile_grid: Vec<[u32; 2]>,
    /// One entry per turn.
    finish_reason: Vec<FinishReason>,
    usage: Vec<Usage>,
}

/// Probabilities of labels or options; see `docs/evaluation.md`.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct LineLabels {
    label_probabilities: BTreeMap<String, f64>,
    label_probabilities_normalised: BTreeMap<String, f64>,
    /// Share of the model's probability that the candidates have together.
    label_mass: f64,
    candidate_likelihoods: BTreeMap<String, Likelihood>,
}

/// What is read of a line when a run goes on.
#[derive(Debug, Deserialize)]
pub(super) struct KnownLine {
    pub(super) question_id: String,
    pub(super) metadata: KnownMetadata,
}

/// See [`KnownLine`].
#[derive(Debug, Deserialize)]
pub(super) struct KnownMetadata {
    pub(super) run: String,
    pub(super) index: u64,
    pub(super) asked: String,
}

/// Which item a line answers.
pub(super) struct Place<'a> {
    pub(super) id: &'a str,
    pub(super) index: u64,
    /// Digest of what is asked.
    pub(super) asked: &'a str,
}

impl RunLine {
    /// Digest of what was asked.
    pub(super) fn asked(&self) -> &str {
        &self.metadata.asked
    }

    /// The answer to one question.
    pub(super) fn one(
        settings: &RunSettings,
        place: &Place<'_>,
        prompt: &str,
        scored: &ScoredAnswer,
        candidates: Option<&LabelCandidates>,
    ) -> Self {
        let said = Said::One {
            prompt: prompt.to_owned(),
            text: scored.answer.text.clone(),
        };
        let mut line = Self::new(settings, place, said, std::slice::from_ref(&scored.answer));
        line.labels = candidates.map(|candidates| LineLabels {
            label_probabilities: candidates.probabilities(scored, |one| one.log_likelihood),
            label_probabilities_normalised: candidates.probabilities(scored, Likelihood::per_token),
            label_mass: candidates.mass(scored),
            candidate_likelihoods: candidates
                .candidates()
                .iter()
                .zip(&scored.likelihoods)
                .map(|(candidate, likelihood)| (candidate.text.clone(), *likelihood))
                .collect(),
        });
        line
    }

    /// The answers to the turns of an arena item.
    pub(super) fn turns(
        settings: &RunSettings,
        place: &Place<'_>,
        golden: &[ArenaTurn],
        answers: &[Answer],
    ) -> Self {
        let predicted = golden.iter().zip(answers).map(|(turn, answer)| AnswerTurn {
            question: turn.question.clone(),
            answer: answer.text.clone(),
        });
        let said = Said::Turns {
            predict_convs: predicted.collect(),
            golden_convs: golden.to_vec(),
        };
        Self::new(settings, place, said, answers)
    }

    fn new(settings: &RunSettings, place: &Place<'_>, said: Said, answers: &[Answer]) -> Self {
        let run = settings.digest();
        let mut hasher = blake3::Hasher::new();
        hasher.update(run.as_bytes()).update(place.id.as_bytes());
        for answer in answers {
            hasher.update(answer.text.as_bytes());
        }
        let last = answers.last();
        Self {
            question_id: place.id.to_owned(),
            said,
            // The original draws a random name of 22 characters; this one can be found again.
            answer_id: hasher.finalize().to_hex()[..22].to_owned(),
            model_id: settings.model_id.clone(),
            metadata: LineMetadata {
                run,
                index: place.index,
                asked: place.asked.to_owned(),
                device: last.map_or_else(DeviceName::default, |one| one.provenance.device),
                tile_grid: last.map_or_else(Vec::new, |one| one.provenance.tile_grid.clone()),
                finish_reason: answers.iter().map(|one| one.finish_reason).collect(),
                usage: answers.iter().map(|one| one.usage).collect(),
            },
            labels: None,
        }
    }

    /// The line as bytes with its end, in ASCII as Python's `json.dumps` writes it.
    pub(super) fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = ascii(&serde_json::to_string(self)?).into_bytes();
        line.push(b'\n');
        Ok(line)
    }
}

/// Characters outside ASCII occur in JSON only within strings, where `\uXXXX` means the same.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn text_outside_ascii_is_escaped_and_reads_back() {
        let text = "QRS 120\u{b5}s \u{1f493} \"quoted\"\n";
        let json = ascii(&serde_json::to_string(text).unwrap());
        assert!(json.is_ascii());
        assert!(
            json.contains("\\u00b5") && json.contains("\\ud83d\\udc93"),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
