//! The answers of one task on disk.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::RunError;
use super::line::{KnownLine, RunLine};
use super::whole_file::{read_if_there, write_whole};
use crate::json_reason::json_reason;
use crate::task::Task;

/// The answer file's name: the original's, which its scorer shows as the final step.
const FILE: &str = "step-final.jsonl";

/// The largest position in the benchmark of an item that is answered in `out`, none if there are no answers.
pub(crate) fn last_answered(out: &Path, task: Task) -> Result<Option<u64>, RunError> {
    let path = answer_path(out, task);
    let bytes = read_if_there(&path)?;
    let mut last = None;
    for (number, line) in whole_lines(&bytes) {
        let line = parse(line).map_err(|reason| RunError::ForeignLine {
            path: path.clone(),
            line: number,
            reason,
        })?;
        last = last.max(Some(line.metadata.index));
    }
    Ok(last)
}

/// A task's answer file, open at its end.
#[derive(Debug)]
pub(super) struct AnswerJournal {
    path: PathBuf,
    file: File,
    /// Each answered item with the digest of what was asked.
    known: HashMap<String, String>,
    /// Positions of the answered items in the benchmark, in the order of the lines.
    order: Vec<u64>,
}

impl AnswerJournal {
    /// Opens or creates `out/TASK/step-final.jsonl`. A last line that a kill cut off is removed; every other
    /// line must be of the run whose settings have this digest.
    pub(super) fn open(out: &Path, task: Task, digest: &str) -> Result<Self, RunError> {
        let folder = out.join(task.name());
        std::fs::create_dir_all(&folder).map_err(RunError::file(&folder))?;
        let path = folder.join(FILE);
        let bytes = read_if_there(&path)?;
        let lines = whole_lines(&bytes);
        let (mut known, mut order) = (HashMap::new(), Vec::new());
        for (number, line) in lines.clone() {
            let foreign = |reason| RunError::ForeignLine {
                path: path.clone(),
                line: number,
                reason,
            };
            let line = parse(line).map_err(foreign)?;
            if line.metadata.run != digest {
                return Err(foreign(
                    "it was made by another model or setting".to_owned(),
                ));
            }
            order.push(line.metadata.index);
            let earlier = known.insert(line.question_id, line.metadata.asked);
            if earlier.is_some() {
                return Err(foreign("its item is answered before".to_owned()));
            }
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(&path);
        let file = file.map_err(RunError::file(&path))?;
        let end = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        if end < bytes.len() {
            file.set_len(end as u64).map_err(RunError::file(&path))?;
        }
        Ok(Self {
            path,
            file,
            known,
            order,
        })
    }

    /// The answered items, each with the digest of what was asked.
    pub(super) fn known(&self) -> &HashMap<String, String> {
        &self.known
    }

    /// Appends a line and syncs it.
    pub(super) fn append(&mut self, id: &str, index: u64, line: &RunLine) -> Result<(), RunError> {
        let mut write = || {
            self.file.write_all(&line.bytes()?)?;
            self.file.sync_data()
        };
        write().map_err(RunError::file(&self.path))?;
        self.known.insert(id.to_owned(), line.asked().to_owned());
        self.order.push(index);
        Ok(())
    }

    /// Puts the lines into the order of the benchmark, in which several devices do not answer. The original
    /// scorer's random letters depend on it.
    pub(super) fn sort(self) -> Result<(), RunError> {
        if self.order.is_sorted() {
            return Ok(());
        }
        drop(self.file);
        let bytes = std::fs::read(&self.path).map_err(RunError::file(&self.path))?;
        let mut lines: Vec<(u64, &[u8])> = self
            .order
            .iter()
            .copied()
            .zip(whole_lines(&bytes).map(|(_, line)| line))
            .collect();
        lines.sort_by_key(|(index, _)| *index);
        write_whole(&self.path, &joined(lines.iter().map(|(_, line)| *line)))
    }
}

/// A line of an answer file.
pub(super) struct StoredLine {
    /// The item's position in the benchmark.
    pub(super) index: u64,
    pub(super) id: String,
    /// Digest of what was asked.
    pub(super) asked: String,
    /// The line without its end.
    pub(super) bytes: Vec<u8>,
}

/// The answer file of a task in a folder; empty if there is none.
pub(super) fn read_answers(
    out: &Path,
    task: Task,
    digest: &str,
) -> Result<Vec<StoredLine>, RunError> {
    let path = answer_path(out, task);
    let bytes = read_if_there(&path)?;
    whole_lines(&bytes)
        .map(|(number, line)| {
            let foreign = |reason| RunError::ForeignLine {
                path: path.clone(),
                line: number,
                reason,
            };
            let known = parse(line).map_err(foreign)?;
            if known.metadata.run != digest {
                return Err(foreign(
                    "it was made by another model or setting".to_owned(),
                ));
            }
            Ok(StoredLine {
                index: known.metadata.index,
                id: known.question_id,
                asked: known.metadata.asked,
                bytes: line.to_vec(),
            })
        })
        .collect()
}

/// Where a task's answers are.
pub(super) fn answer_path(out: &Path, task: Task) -> PathBuf {
    out.join(task.name()).join(FILE)
}

/// Lines with their ends.
pub(super) fn joined<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    bytes
}

/// The lines whose end is written, with their numbers from 1, empty ones left out.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> + Clone {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    bytes[..end]
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| (index + 1, line))
}

fn parse(line: &[u8]) -> Result<KnownLine, String> {
    serde_json::from_slice(line).map_err(|error| {
        format!(
            "it is no line of `pulse-eval run` (column {}: {})",
            error.column(),
            json_reason(&error, line)
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A line with these fields of its metadata.
    fn line(id: &str, metadata: &str) -> String {
        format!(r#"{{"question_id":"{id}","metadata":{{{metadata}}}}}"#)
    }

    #[test]
    fn the_reason_of_a_damaged_line_is_named() {
        let good = line("a", r#""run":"r","index":0,"asked":"x""#);
        for (second, wanted) in [
            (good[..40].to_owned(), "EOF while parsing"),
            (good.replace("\"run\"", "\"ran\""), "missing field `run`"),
            (good.replace(":0", ":-1"), "expected u64"),
            (format!("\u{feff}{good}"), "byte order mark"),
            ("1".to_owned(), "invalid type: integer"),
            (good.replace("\"r\"", "\"s\""), "another model or setting"),
            (good.clone(), "answered before"),
        ] {
            let out = tempfile::tempdir().unwrap();
            let path = answer_path(out.path(), Task::PtbTest);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let whole = format!("{good}\n{second}\n");
            std::fs::write(&path, &whole).unwrap();
            let error = AnswerJournal::open(out.path(), Task::PtbTest, "r")
                .err()
                .unwrap()
                .to_string();
            assert!(
                error.contains("line 2") && error.contains(wanted),
                "{error}"
            );
            // Nothing of a file that is refused is taken away.
            assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
        }
    }
}
