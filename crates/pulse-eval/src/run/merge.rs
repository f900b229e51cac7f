//! Shares to a whole.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::RunError;
use super::failures::{read_failures, write_failures};
use super::journal::{answer_path, joined, read_answers};
use super::settings::{RunSettings, SETTINGS_FILE};
use super::whole_file::write_whole;
use crate::task::Task;

/// What was merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MergeReport {
    /// The folder written.
    pub out: PathBuf,
    /// Tasks with their answers.
    pub tasks: Vec<(Task, usize)>,
    /// Questions that failed in a share.
    pub failures: usize,
}

/// Joins the folders of all shares of a run to one, answers in the order of the benchmark.
///
/// # Errors
/// [`RunError`] unless the folders are all shares of one run, made with the same settings, each given once, and
/// `out` is none of them and holds nothing of another run.
pub fn merge_shards(shares: &[PathBuf], out: &Path) -> Result<MergeReport, RunError> {
    let settings = check(shares, out)?;
    let digest = settings.digest();
    std::fs::create_dir_all(out).map_err(RunError::file(out))?;
    settings.claim(out)?;
    let mut tasks = Vec::new();
    for task in Task::ALL {
        let mut lines = Vec::new();
        let mut from: HashMap<String, &PathBuf> = HashMap::new();
        for share in shares {
            for (index, id, line) in read_answers(share, task, &digest)? {
                if let Some(first) = from.insert(id.clone(), share) {
                    return Err(RunError::AnsweredTwice {
                        task,
                        id,
                        first: first.clone(),
                        second: share.clone(),
                    });
                }
                lines.push((index, line));
            }
        }
        if lines.is_empty() {
            continue;
        }
        lines.sort();
        let path = answer_path(out, task);
        let folder = out.join(task.name());
        std::fs::create_dir_all(&folder).map_err(RunError::file(&folder))?;
        write_whole(
            &path,
            &joined(lines.iter().map(|(_, line)| line.as_slice())),
        )?;
        tasks.push((task, lines.len()));
    }
    let mut failures = Vec::new();
    for share in shares {
        failures.extend(read_failures(share)?);
    }
    write_failures(out, &failures)?;
    Ok(MergeReport {
        out: out.to_owned(),
        tasks,
        failures: failures.len(),
    })
}

/// The settings of the whole, if the folders are all of its shares.
fn check(shares: &[PathBuf], out: &Path) -> Result<RunSettings, RunError> {
    let refuse = |reason: String| RunError::Shares { reason };
    let mut whole: Option<RunSettings> = None;
    let mut seen: Vec<u64> = Vec::new();
    let mut count = 0;
    for folder in shares {
        if folder == out {
            let reason = format!("{} is both a share and --out", folder.display());
            return Err(refuse(reason));
        }
        let path = folder.join(SETTINGS_FILE);
        let mut settings = RunSettings::read(folder)?.ok_or_else(|| {
            refuse(format!(
                "{} is not there; each folder is one of a run",
                path.display()
            ))
        })?;
        let shard = settings.shard.take().ok_or_else(|| {
            refuse(format!(
                "{} is of a whole run, not of a share",
                path.display()
            ))
        })?;
        if let Some(first) = &whole {
            first.must_equal(&settings, &path)?;
            if shard.count() != count {
                return Err(refuse(format!(
                    "{} is share {shard}, others are of {count}",
                    folder.display()
                )));
            }
        }
        if seen.contains(&shard.number()) {
            return Err(refuse(format!("share {shard} is given twice")));
        }
        count = shard.count();
        seen.push(shard.number());
        whole.get_or_insert(settings);
    }
    let missing: Vec<String> = (1..=count)
        .filter(|number| !seen.contains(number))
        .map(|number| format!("{number}/{count}"))
        .collect();
    if !missing.is_empty() {
        return Err(refuse(format!(
            "there is no folder of share {}",
            missing.join(", ")
        )));
    }
    whole.ok_or_else(|| refuse("no folder was given".to_owned()))
}
