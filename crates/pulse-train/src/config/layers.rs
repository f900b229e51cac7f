//! A configuration from a file and overrides.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::check::check;
use super::error::ConfigError;
use super::settings::RunConfig;

/// Reads a file, then lays `key=value` overrides over it.
///
/// # Errors
/// [`ConfigError`] with file, line and column, or the override, at fault. Unknown keys are errors
/// that name the nearest known one.
pub fn load(path: &Path, overrides: &[String]) -> Result<RunConfig, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.display().to_string(),
        source,
    })?;
    let mut config = parse(&text, &path.display().to_string(), overrides)?;
    resolve(&mut config, path.parent().unwrap_or(Path::new("")));
    Ok(config)
}

/// Makes paths of what is read relative to the file's folder. What is written goes below the current
/// directory.
fn resolve(config: &mut RunConfig, folder: &Path) {
    let local = folder.join(&config.model.base);
    if local.is_dir() {
        config.model.base = local.to_string_lossy().into_owned();
    }
    if let Some(truth) = config
        .findings
        .as_mut()
        .and_then(|findings| findings.truth.as_mut())
    {
        *truth = folder.join(&*truth);
    }
    let data = &mut config.data;
    for path in [
        &mut data.conversations,
        &mut data.images,
        &mut data.validation,
    ]
    .into_iter()
    .flatten()
    {
        *path = folder.join(&path);
    }
}

/// As [`load`], from a text; `name` stands for it in messages.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, name: &str, overrides: &[String]) -> Result<RunConfig, ConfigError> {
    let at = |error: toml::de::Error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        ConfigError::Wrong {
            place: format!("{name}:{line}:{column}"),
            reason: advise(error.message()),
        }
    };
    // First as it lies, so that an error of the file is told with its place in the file.
    let config: RunConfig = toml::from_str(text).map_err(at)?;
    let config = if overrides.is_empty() {
        config
    } else {
        let mut table: Table = toml::from_str(text).map_err(at)?;
        for one in overrides {
            set(&mut table, one)?;
            // One by one, so that the message is about the one at fault.
            RunConfig::deserialize(Value::Table(table.clone())).map_err(|error| {
                ConfigError::Wrong {
                    place: format!("--set {one}"),
                    reason: advise(error.message()),
                }
            })?;
        }
        RunConfig::deserialize(Value::Table(table)).map_err(|error| ConfigError::Wrong {
            place: "--set".to_owned(),
            reason: advise(error.message()),
        })?
    };
    check(&config).map_err(|reason| ConfigError::Wrong {
        place: name.to_owned(),
        reason,
    })?;
    Ok(config)
}

/// Line and column of a byte, from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |rest| rest.chars().count())
        + 1;
    (line, column)
}

/// Lays one `key=value` over a table. The value is TOML; what is none is a text.
fn set(table: &mut Table, one: &str) -> Result<(), ConfigError> {
    let wrong = |reason: String| ConfigError::Wrong {
        place: format!("--set {one}"),
        reason,
    };
    let (key, value) = one
        .split_once('=')
        .ok_or_else(|| wrong("expected key=value, for example train.learning_rate=1e-5".into()))?;
    let value: Value = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut parts: Vec<&str> = key.trim().split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut table = table;
    for part in parts {
        let inner = table
            .entry(part)
            .or_insert_with(|| Value::Table(Table::new()));
        table = match inner {
            Value::Table(inner) => inner,
            other => {
                let found = other.type_str();
                return Err(wrong(format!("{part} is a {found}, expected a section")));
            }
        };
    }
    table.insert(last.to_owned(), value);
    Ok(())
}

/// Adds the nearest known key to a message about an unknown one.
fn advise(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let Some((found, known)) = names.split_first().filter(|_| is_unknown) else {
        return message.to_owned();
    };
    let nearest = known
        .iter()
        .map(|name| (strsim::jaro_winkler(found, name), name))
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((likeness, name)) if likeness > 0.7 => {
            format!("{message}; did you mean `{name}`?")
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = "[model]\nbase = \"m\"\n[data]\nconversations = \"c.json\"\n";

    fn error(text: &str, overrides: &[&str]) -> String {
        let overrides: Vec<String> = overrides.iter().map(|one| (*one).to_owned()).collect();
        parse(text, "run.toml", &overrides).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest_known_one() {
        let text = format!("{GOOD}[train]\nlerning_rate = 1e-3\n");
        let message = error(&text, &[]);
        assert!(message.starts_with("run.toml:6:1:"), "{message}");
        assert!(
            message.contains("did you mean `learning_rate`?"),
            "{message}"
        );
    }

    #[test]
    fn syntax_and_types_are_told_with_their_place() {
        assert!(error("[model\n", &[]).starts_with("run.toml:1:"));
        let text = format!("{GOOD}[train]\nepochs = \"three\"\n");
        let message = error(&text, &[]);
        assert!(message.starts_with("run.toml:6:10:"), "{message}");
    }

    #[test]
    fn overrides_are_laid_over_the_file_and_told_by_themselves() {
        let overrides = [
            "train.learning_rate=3e-4",
            "model.tune=[\"projector\"]",
            "model.base=a b",
        ];
        let overrides = overrides.map(str::to_owned);
        let config = parse(GOOD, "run.toml", &overrides).unwrap();
        assert_eq!(config.train.learning_rate, 3e-4);
        assert_eq!(config.model.tune.len(), 1);
        assert_eq!(config.model.base, "a b");
        let message = error(GOOD, &["train.epoch=3"]);
        assert!(message.starts_with("--set train.epoch=3:"), "{message}");
        assert!(message.contains("did you mean `epochs`?"), "{message}");
        assert!(error(GOOD, &["train"]).contains("key=value"));
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        for (one, part) in [
            ("train.batch_size=0", "train.batch_size is 0"),
            ("train.warmup_ratio=2", "train.warmup_ratio is 2"),
            ("train.betas=[0.9, 1.0]", "train.betas[1] is 1"),
            ("train.learning_rate=-1", "train.learning_rate is -1"),
            ("model.base=", "model.base is missing"),
        ] {
            let message = error(GOOD, &[one]);
            assert!(message.contains(part), "{message}");
        }
        assert!(error("[model]\nbase = \"m\"\n", &[]).contains("data.conversations is missing"));
    }
}
