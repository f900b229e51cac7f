//! Judgements on disk: cache and resume in one file.
//!
//! Each judgement is one line, appended and synced when it exists, under the hash of everything it depends on
//! (address, model, prompt with both texts, repeat). A run that goes on finds what is done; an answer that
//! changed has another hash and is judged anew. A last line that a kill cut off is removed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::client::TokenUsage;
use super::error::JudgeError;
use crate::json_reason::json_reason;

/// One judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Hash of what was asked.
    pub key: String,
    /// The whole id of the item.
    pub id: String,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The judge.
    pub model: String,
    /// Score from 0 to 10 by criterion.
    pub scores: BTreeMap<String, f64>,
    /// Explanation by criterion.
    pub explanations: BTreeMap<String, String>,
    /// Tokens it took, attempts that failed after a reply included; none if the server did not say for all of them.
    pub usage: Option<TokenUsage>,
}

/// The file of judgements.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    known: HashMap<String, Judgement>,
}

impl Journal {
    /// Opens or creates a journal, for this process alone until it is dropped.
    ///
    /// # Errors
    /// [`JudgeError::File`] if it cannot be read or written, [`JudgeError::Locked`] if another process has it,
    /// [`JudgeError::Journal`] if a line before the last is broken.
    pub fn open(path: &Path) -> Result<Self, JudgeError> {
        let failed = |source| JudgeError::File {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(JudgeError::Locked {
                    path: path.to_owned(),
                });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        // A line counts once its end is written.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut known = HashMap::new();
        for (index, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let judgement: Judgement =
                serde_json::from_slice(line).map_err(|error| JudgeError::Journal {
                    path: path.to_owned(),
                    line: index + 1,
                    reason: json_reason(&error, line),
                })?;
            known.insert(judgement.key.clone(), judgement);
        }
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            known,
        })
    }

    /// The key of a question.
    pub fn key(url: &str, model: &str, prompt: &str, repeat: u32) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [url, model, prompt] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&repeat.to_le_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// The judgement under a key.
    pub fn get(&self, key: &str) -> Option<&Judgement> {
        self.known.get(key)
    }

    /// Judgements in the file.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Appends a judgement and syncs the file.
    ///
    /// # Errors
    /// [`JudgeError::File`] if it cannot be written.
    pub fn append(&mut self, judgement: Judgement) -> Result<(), JudgeError> {
        let failed = |source: std::io::Error| JudgeError::File {
            path: self.path.clone(),
            source,
        };
        let mut line = serde_json::to_vec(&judgement).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        self.known.insert(judgement.key.clone(), judgement);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_for_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/judgements.jsonl");
        let first = Journal::open(&path).unwrap();
        let second = Journal::open(&path).unwrap_err();
        assert!(matches!(second, JudgeError::Locked { .. }), "{second}");
        drop(first);
        assert!(Journal::open(&path).unwrap().is_empty());
    }
}
