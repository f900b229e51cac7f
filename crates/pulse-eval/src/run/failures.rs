//! Questions without an answer.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::whole_file::{read_if_there, write_whole};
use crate::task::Task;

/// The file beside the folders of the tasks, where no scorer takes it for answers.
const FILE: &str = "failures.jsonl";

/// A question that could not be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedQuestion {
    /// The task.
    pub task: Task,
    /// The item.
    pub question_id: String,
    /// Its position in the benchmark, from 0.
    pub index: u64,
    /// Why.
    pub reason: String,
}

/// The failures of the last run of each task.
#[derive(Debug)]
pub(super) struct FailureLog {
    path: PathBuf,
    file: File,
}

impl FailureLog {
    /// Opens the file, without the failures of `tasks`, whose questions are tried again.
    pub(super) fn open(out: &Path, tasks: &[Task]) -> Result<Self, RunError> {
        let path = out.join(FILE);
        let kept: Vec<FailedQuestion> = read_failures(out)?
            .into_iter()
            .filter(|failed| !tasks.contains(&failed.task))
            .collect();
        write_failures(out, &kept)?;
        let file = OpenOptions::new().append(true).open(&path);
        Ok(Self {
            file: file.map_err(RunError::file(&path))?,
            path,
        })
    }

    pub(super) fn append(&mut self, failed: &FailedQuestion) -> Result<(), RunError> {
        let mut write = || {
            let mut line = serde_json::to_vec(failed)?;
            line.push(b'\n');
            self.file.write_all(&line)?;
            self.file.sync_data()
        };
        write().map_err(RunError::file(&self.path))
    }
}

/// The failures that a folder's last runs recorded. A line that a kill cut off is left out: its question is
/// tried again anyway.
pub(super) fn read_failures(out: &Path) -> Result<Vec<FailedQuestion>, RunError> {
    let bytes = read_if_there(&out.join(FILE))?;
    Ok(bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect())
}

pub(super) fn write_failures(out: &Path, failures: &[FailedQuestion]) -> Result<(), RunError> {
    let path = out.join(FILE);
    let mut bytes = Vec::new();
    for failed in failures {
        serde_json::to_writer(&mut bytes, failed)
            .map_err(|error| RunError::file(&path)(error.into()))?;
        bytes.push(b'\n');
    }
    write_whole(&path, &bytes)
}
