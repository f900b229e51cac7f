//! Which run answers come from.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::AnswerError;
use super::file::AnswerFile;

/// Files that an error names for one run.
const MOST_FILES: usize = 3;

/// What answers say about the run they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The model: `model_id`.
    pub model: Option<String>,
    /// Digest of weights and settings: `metadata.run`. Two runs of one model with other weights or settings differ
    /// here.
    pub run: Option<String>,
    /// The files with such answers, in the order given.
    pub files: Vec<PathBuf>,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            Some(model) => write!(out, "model {model:?}")?,
            None => out.write_str("a model that is not named")?,
        }
        if let Some(run) = &self.run {
            write!(out, ", run {run}")?;
        }
        let files = self.files.iter().take(MOST_FILES);
        let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
        write!(out, " ({}", files.join(", "))?;
        match self.files.len().saturating_sub(MOST_FILES) {
            0 => out.write_str(")"),
            more => write!(out, " and {more} more)"),
        }
    }
}

/// Adds the runs that a file's lines come from, in order of appearance. Files are named as they stand below
/// `folder`.
pub(crate) fn add_origins(found: &mut Vec<Origin>, folder: &Path, file: &AnswerFile) {
    let path = file.path.strip_prefix(folder).unwrap_or(&file.path);
    for line in &file.lines {
        let known = found
            .iter_mut()
            .find(|one| one.model == line.model_id && one.run == line.run);
        match known {
            Some(origin) => {
                if origin.files.last().is_none_or(|last| last != path) {
                    origin.files.push(path.to_owned());
                }
            }
            None => found.push(Origin {
                model: line.model_id.clone(),
                run: line.run.clone(),
                files: vec![path.to_owned()],
            }),
        }
    }
}

/// Refuses answers of several runs below a folder.
///
/// # Errors
/// [`AnswerError::SeveralRuns`] with each run and its files.
pub fn must_have_one_origin<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = &'a AnswerFile>,
) -> Result<(), AnswerError> {
    let mut found = Vec::new();
    for file in files {
        add_origins(&mut found, folder, file);
    }
    if found.len() < 2 {
        return Ok(());
    }
    Err(AnswerError::SeveralRuns {
        folder: folder.to_owned(),
        origins: found.iter().map(Origin::to_string).collect(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, lines: &[&str]) -> AnswerFile {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, lines.join("\n")).unwrap();
        AnswerFile::read(&path).unwrap()
    }

    #[test]
    fn runs_differ_by_model_and_by_digest() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let one = r#"{"id":"a","text":"A","model_id":"m","metadata":{"run":"0011","index":0}}"#;
        let other = r#"{"id":"b","text":"A","model_id":"m","metadata":{"run":"2233","index":1}}"#;
        let original = r#"{"id":"b","text":"A","model_id":"m","metadata":{}}"#;
        let foreign = r#"{"id":"b","text":"A","metadata":"any","model_id":"n"}"#;
        let first = file(folder, "ptb-test/a.jsonl", &[one, one]);
        let same = file(folder, "arena/a.jsonl", &[one]);
        must_have_one_origin(folder, [&first, &same]).unwrap();
        must_have_one_origin(folder, []).unwrap();
        for line in [other, original, foreign] {
            let second = file(folder, "csn-test-no-cot/b.jsonl", &[line]);
            let error = must_have_one_origin(folder, [&first, &same, &second]).unwrap_err();
            let text = error.to_string();
            for part in [
                "model \"m\", run 0011 (ptb-test/a.jsonl, arena/a.jsonl)",
                "csn-test-no-cot/b.jsonl",
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
        // In one file.
        let mixed = file(folder, "mixed.jsonl", &[one, other]);
        assert!(must_have_one_origin(folder, [&mixed]).is_err());
    }
}
