//! What changed between two configurations.

use std::collections::BTreeMap;

use toml::Value;

use super::error::ConfigError;
use super::settings::RunConfig;

/// A key with two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// Its value in the checkpoint.
    pub then: String,
    /// Its value now.
    pub now: String,
}

/// Keys that may change when a run is resumed: where things lie, how fast and how much is kept.
const FREE: [&str; 10] = [
    "checkpoint.",
    "watch.",
    "data.workers",
    "data.prefetch",
    "data.cache",
    "data.synthetic.folder",
    "model.base",
    "model.device",
    "train.recompute",
    "train.stop_after",
];

/// What changed between two configurations that a resumed run depends on. Paths of data may change;
/// the data itself is compared by its digest.
///
/// # Errors
/// [`ConfigError::Wrong`] if settings cannot be written as TOML (a seed above `i64::MAX`).
pub fn differences(then: &RunConfig, now: &RunConfig) -> Result<Vec<Difference>, ConfigError> {
    let (then, now) = (flat(then)?, flat(now)?);
    let is_path = |key: &str| {
        [
            "data.conversations",
            "data.images",
            "data.validation",
            "findings.truth",
        ]
        .contains(&key)
    };
    let mut names: Vec<&String> = then.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let changed = names
        .into_iter()
        .filter(|key| !is_path(key) && !FREE.iter().any(|free| key.starts_with(free)))
        .filter(|key| then.get(*key) != now.get(*key))
        .map(|key| {
            let text = |keys: &BTreeMap<String, String>| {
                keys.get(key)
                    .cloned()
                    .unwrap_or_else(|| "absent".to_owned())
            };
            Difference {
                key: key.clone(),
                then: text(&then),
                now: text(&now),
            }
        });
    Ok(changed.collect())
}

/// All keys with their values.
fn flat(config: &RunConfig) -> Result<BTreeMap<String, String>, ConfigError> {
    let value = Value::try_from(config).map_err(|error| ConfigError::Wrong {
        place: "settings".to_owned(),
        reason: format!("{error}, expected values that TOML has"),
    })?;
    let mut keys = BTreeMap::new();
    flatten("", &value, &mut keys);
    Ok(keys)
}

fn flatten(prefix: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&key, value, keys);
            }
        }
        other => {
            keys.insert(prefix.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::parse;

    const GOOD: &str = "[model]\nbase = \"m\"\n[data]\nconversations = \"c.json\"\n";

    #[test]
    fn resuming_may_change_places_and_speed_and_nothing_else() {
        let config = |overrides: &[&str]| {
            let overrides: Vec<String> = overrides.iter().map(|one| (*one).to_owned()).collect();
            parse(GOOD, "run.toml", &overrides).unwrap()
        };
        let then = config(&[]);
        let free = config(&["data.workers=9", "checkpoint.keep_last=1", "watch.every=5"]);
        assert_eq!(differences(&then, &free).unwrap(), []);
        let found = differences(
            &then,
            &config(&["train.learning_rate=1e-3", "train.max_steps=7"]),
        );
        let found = found.unwrap();
        let keys: Vec<&str> = found.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["train.learning_rate", "train.max_steps"]);
        assert_eq!(
            (found[1].then.as_str(), found[1].now.as_str()),
            ("absent", "7")
        );
    }

    #[test]
    fn settings_that_cannot_be_compared_are_an_error_and_not_equal() {
        let mut config = parse(GOOD, "run.toml", &[]).unwrap();
        config.train.seed = u64::MAX;
        assert!(differences(&config, &config).is_err());
    }
}
