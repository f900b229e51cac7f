//! Reading one answer file.

use std::path::{Path, PathBuf};

use super::error::AnswerError;
use super::line::{AnswerLine, RawLine};
use crate::json_reason::json_reason;

/// What a sum of rounded shares may be above 1.
const SUM_NOISE: f64 = 1e-6;

/// The answers of one file, in file order.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerFile {
    /// The file.
    pub path: PathBuf,
    /// Its answers.
    pub lines: Vec<AnswerLine>,
}

impl AnswerFile {
    /// Reads a JSONL file. Lines of white space alone carry nothing and are passed over.
    ///
    /// # Errors
    /// [`AnswerError`] with file, line and column if a line is malformed, says no id, or gives a
    /// probability outside 0 to 1.
    pub fn read(path: &Path) -> Result<Self, AnswerError> {
        let bytes = std::fs::read(path).map_err(|source| AnswerError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut lines = Vec::new();
        for (index, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let raw: RawLine =
                serde_json::from_slice(bytes).map_err(|error| AnswerError::Malformed {
                    path: path.to_owned(),
                    line: index + 1,
                    column: error.column(),
                    reason: json_reason(&error, bytes),
                })?;
            let line = raw.into_line(index + 1).ok_or_else(|| AnswerError::NoId {
                path: path.to_owned(),
                line: index + 1,
            })?;
            let given = line.label_probabilities.iter().flatten();
            let given = given.chain(line.label_probabilities_normalised.iter().flatten());
            let given = given.map(|(label, p)| (label.as_str(), *p));
            let outside = given.filter(|(_, p)| !(0.0..=1.0).contains(p));
            let mass = line.label_mass.map(|mass| ("label_mass", mass));
            let outside = outside.chain(mass.filter(|(_, p)| !(0.0..=1.0 + SUM_NOISE).contains(p)));
            if let Some((label, value)) = { outside }.next() {
                return Err(AnswerError::Probability {
                    path: path.to_owned(),
                    line: index + 1,
                    label: label.to_owned(),
                    value,
                });
            }
            lines.push(line);
        }
        Ok(Self {
            path: path.to_owned(),
            lines,
        })
    }

    /// The file's name without its folder.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The models named in the file, each once, in order of appearance.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for model in self
            .lines
            .iter()
            .filter_map(|line| line.model_id.as_deref())
        {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AnswerFile, AnswerError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step-final.jsonl");
        std::fs::write(&path, text).unwrap();
        AnswerFile::read(&path)
    }

    #[test]
    fn fields_of_both_pipelines_are_read() {
        let file = read(concat!(
            "{\"question_id\":\"a\",\"prompt\":\"q\",\"text\":\"t\",\"model_id\":\"m\",\"metadata\":{}}\r\n",
            "\n",
            "{\"id\":5,\"prompt\":{\"prompt\":\"p\",\"images\":[]},\"response\":\"r\"}\n",
            "{\"id\":\"x\",\"prompt\":{\"images\":[]},\"response\":[{\"response\":\"one\"},{\"answer\":\"two\"}]}\n",
            "{\"question_id\":\"y\",\"predict_convs\":[{\"question\":\"q\",\"answer\":\"z\"}]}",
        ))
        .unwrap();
        assert_eq!(file.name(), "step-final.jsonl");
        assert_eq!(file.models(), ["m"]);
        let lines = &file.lines;
        assert_eq!(
            (lines[0].id.as_str(), lines[0].text.as_deref()),
            ("a", Some("t"))
        );
        assert_eq!((lines[1].id.as_str(), lines[1].line), ("5", 3));
        assert_eq!(lines[1].text.as_deref(), Some("r"));
        assert_eq!(lines[1].prompt.as_deref(), Some("p"));
        assert_eq!(lines[2].prompt, None);
        assert_eq!(lines[2].turns[1].answer, "two");
        assert_eq!(lines[3].turns[0].answer, "z");
        assert_eq!(lines[3].text, None);
    }

    #[test]
    fn a_malformed_line_is_named_by_file_line_and_column() {
        let error = read("{\"id\":\"a\",\"text\":\"t\"}\n{\"id\":\"b\",\"text\"\n").unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(
                error,
                AnswerError::Malformed {
                    line: 2,
                    column: 16,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(
            text.contains(
                "step-final.jsonl, line 2, column 16: EOF while parsing an object; expected"
            ),
            "{text}"
        );
        let error = read("\u{feff}{\"id\":\"a\"}").unwrap_err().to_string();
        assert!(error.contains("byte order mark"), "{error}");
        let error = read("{\"text\":\"t\"}").unwrap_err();
        assert!(
            matches!(error, AnswerError::NoId { line: 1, .. }),
            "{error}"
        );
        let error =
            read("{\"id\":\"a\",\"label_probabilities\":{\"A\":0.5,\"B\":1.5}}").unwrap_err();
        assert!(
            matches!(&error, AnswerError::Probability { label, .. } if label == "B"),
            "{error}"
        );
        for (mass, is_read) in [
            ("1.0000001", true),
            ("0.5", true),
            ("1.5", false),
            ("-0.1", false),
        ] {
            let found = read(&format!("{{\"id\":\"a\",\"label_mass\":{mass}}}"));
            assert_eq!(found.is_ok(), is_read, "{mass}");
        }
        assert!(read("[1]\n").is_err());
        assert!(read("{\"id\":\"a\",\"text\":7}").is_err());
    }
}
