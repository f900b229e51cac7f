//! What an answer depends on, beside the question.

use std::path::Path;

use pulse_llm::{GenerateOptions, MergeType, Pulse, Sampling};
use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::shard::Shard;
use super::whole_file::{read_if_there, write_whole};

/// The file of a run's settings in its folder.
pub(super) const SETTINGS_FILE: &str = "run.json";

/// How the second question of an arena item sees the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// As any conversation.
    #[default]
    Correct,
    /// As the original's arena script builds it: answers stand behind an empty one and separators are shifted.
    /// The published Arena figures come from such prompts.
    Original,
}

/// Everything that all answers of a folder share. Devices, batches and the order of work are not among it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// The model's name in `model_id`: as in the original the last part of its path or id, for a checkpoint of
    /// a training run with the part before it.
    pub model_id: String,
    /// Commit of the Hub or BLAKE3 of the weight files.
    pub weights_digest: String,
    /// Spelling of the checkpoint's tensors.
    pub layout: String,
    /// How tiles become a sequence.
    pub merge: MergeType,
    /// Type of the weights.
    pub dtype: String,
    /// Type of keys and values in the cache.
    pub cache_dtype: String,
    /// Conversation template.
    pub template: String,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Seed of the sampler.
    pub seed: u64,
    /// How the second arena question sees the first.
    pub history: History,
    /// Whether labels and options get probabilities.
    pub score_labels: bool,
    /// Version of the program.
    pub version: String,
    /// The share of the benchmark; none means all of it.
    pub shard: Option<Shard>,
}

impl RunSettings {
    /// The settings of answers that `pulse` gives with these options. Waits until the weights of a folder are
    /// hashed.
    pub fn of(
        pulse: &Pulse,
        options: &GenerateOptions,
        history: History,
        score_labels: bool,
        shard: Option<Shard>,
    ) -> Self {
        let from = pulse.provenance(options, Vec::new());
        Self {
            model_id: model_name(&from.model),
            weights_digest: from.weights_digest,
            layout: from.layout,
            merge: from.merge,
            dtype: from.dtype,
            cache_dtype: from.cache_dtype,
            template: from.template,
            sampling: from.sampling,
            seed: from.seed,
            history,
            score_labels,
            version: from.version,
            shard,
        }
    }

    /// A short name of the settings without the share; each line carries it.
    pub fn digest(&self) -> String {
        let whole = Self {
            shard: None,
            ..self.clone()
        };
        let json = serde_json::to_vec(&whole).unwrap_or_default();
        blake3::hash(&json).to_hex()[..16].to_owned()
    }

    /// Writes the settings into a new folder, or checks that those of an earlier run are the same.
    pub(super) fn claim(&self, out: &Path) -> Result<(), RunError> {
        match Self::read(out)? {
            Some(found) => self.must_equal(&found, &out.join(SETTINGS_FILE)),
            None => self.write(out),
        }
    }

    pub(super) fn write(&self, out: &Path) -> Result<(), RunError> {
        let path = out.join(SETTINGS_FILE);
        let mut json =
            serde_json::to_vec_pretty(self).map_err(|error| RunError::file(&path)(error.into()))?;
        json.push(b'\n');
        write_whole(&path, &json)
    }

    /// The settings of a folder, if it has some.
    pub(super) fn read(out: &Path) -> Result<Option<Self>, RunError> {
        let path = out.join(SETTINGS_FILE);
        let bytes = read_if_there(&path)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| RunError::Settings {
                path,
                reason: error.to_string(),
            })
    }

    /// Refuses other settings, naming each that differs.
    pub(super) fn must_equal(&self, found: &Self, path: &Path) -> Result<(), RunError> {
        match self.differences(found, ["there", "now"]) {
            None => Ok(()),
            Some(differences) => Err(RunError::AnotherRun {
                path: path.to_owned(),
                differences,
            }),
        }
    }

    /// Each setting that differs with both values; none if the settings are the same. `names` says where the
    /// others and these are.
    pub(super) fn differences(&self, found: &Self, names: [&str; 2]) -> Option<String> {
        let fields = |settings: &Self| match serde_json::to_value(settings) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (ours, theirs) = (fields(self), fields(found));
        let differences: Vec<String> = ours
            .iter()
            .filter_map(|(name, ours)| {
                let theirs = theirs.get(name)?;
                (ours != theirs).then(|| {
                    let [there, here] = names;
                    format!("{name} is {theirs} {there} and {ours} {here}")
                })
            })
            .collect();
        (!differences.is_empty()).then(|| differences.join(", "))
    }
}

/// The original's `get_model_name_from_path`; the folder `model` of a finished training run says as little as
/// `checkpoint-N`.
fn model_name(path: &str) -> String {
    let mut parts = path
        .split(['/', '\\'])
        .filter(|part| !part.is_empty())
        .rev();
    match (parts.next(), parts.next()) {
        (Some(last), Some(before)) if last.starts_with("checkpoint-") || last == "model" => {
            format!("{before}_{last}")
        }
        (Some(last), _) => last.to_owned(),
        (None, _) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::model_name;

    #[test]
    fn models_are_named_as_in_the_original() {
        for (path, name) in [
            ("PULSE-ECG/PULSE-7B", "PULSE-7B"),
            ("/a/b/pulse/", "pulse"),
            ("runs/nano/checkpoint-00000219", "nano_checkpoint-00000219"),
            ("runs/nano/model", "nano_model"),
            ("checkpoint-5", "checkpoint-5"),
        ] {
            assert_eq!(model_name(path), name);
        }
    }
}
