//! Proves that unpacked files are what their archives held.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::error::ExtractError;
use super::journal::{Entry, read};
use super::path::JOURNALS;
use super::shard::hash_file;

/// What verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct VerifyReport {
    /// Files that the journals tell of.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not there.
    #[serde(serialize_with = "crate::lossy::paths")]
    pub missing: Vec<PathBuf>,
    /// Files with another length or content.
    #[serde(serialize_with = "crate::lossy::paths")]
    pub different: Vec<PathBuf>,
    /// Journals of archives that were not unpacked to the end.
    #[serde(serialize_with = "crate::lossy::paths")]
    pub incomplete: Vec<PathBuf>,
}

impl VerifyReport {
    /// Whether everything is there and right.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.different.is_empty() && self.incomplete.is_empty()
    }
}

/// Reads every file that the journals of an image root tell of and compares length and BLAKE3.
///
/// # Errors
/// [`ExtractError`] if there are no journals or a file cannot be read.
pub fn verify_extracted(root: &Path) -> Result<VerifyReport, ExtractError> {
    let folder = root.join(JOURNALS);
    let failed = |source| ExtractError::file(&folder, source);
    let mut journals = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|kind| kind == "journal") {
            journals.push(path);
        }
    }
    journals.sort();
    let mut report = VerifyReport::default();
    for path in journals {
        let mut file = File::open(&path).map_err(|source| ExtractError::file(&path, source))?;
        let contents = read(&path, &mut file)?;
        if !contents.is_complete {
            report.incomplete.push(path);
        }
        let verdicts: Vec<Result<Verdict, ExtractError>> = contents
            .entries
            .par_iter()
            .filter(|entry| entry.size.is_some())
            .map(|entry| judge(root, entry))
            .collect();
        let files = contents.entries.iter().filter(|entry| entry.size.is_some());
        for (entry, verdict) in files.zip(verdicts) {
            report.files += 1;
            report.bytes += entry.size.unwrap_or(0);
            match verdict? {
                Verdict::Same => {}
                Verdict::Missing => report.missing.push(entry.path.clone()),
                Verdict::Different => report.different.push(entry.path.clone()),
            }
        }
    }
    Ok(report)
}

enum Verdict {
    Same,
    Missing,
    Different,
}

fn judge(root: &Path, entry: &Entry) -> Result<Verdict, ExtractError> {
    let path = root.join(&entry.path);
    if path.symlink_metadata().is_err() {
        return Ok(Verdict::Missing);
    }
    let mut buffer = vec![0; 1 << 18];
    let found = hash_file(&path, &mut buffer)?;
    let is_same = found.is_some_and(|(length, digest)| {
        Some(length) == entry.size && digest.to_hex().as_str() == entry.digest
    });
    Ok(if is_same {
        Verdict::Same
    } else {
        Verdict::Different
    })
}
