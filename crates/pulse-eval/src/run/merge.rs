//! Shares to a whole.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::benchmark::{BENCHMARK_FILE, TaskDigest, read_benchmark, write_benchmark};
use super::error::RunError;
use super::failures::{FailedQuestion, read_failures, write_failures};
use super::journal::{StoredLine, answer_path, joined, read_answers};
use super::lock::lock;
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
    /// Tasks with questions that were to be asked and neither were answered nor failed.
    pub missing: Vec<(Task, u64)>,
}

/// Joins the folders of all shares of a run to one, answers in the order of the benchmark. What `out` has already,
/// of an earlier merge or of a run that went on there, is kept.
///
/// Each share says in its `benchmark.json` how many questions of each task all shares together ask. Where some were
/// neither answered nor failed, as shares ended early or lost the folder of a task, the shares are refused, or with
/// `is_partial` the questions are counted.
///
/// # Errors
/// [`RunError`] unless the folders are all shares of one run, finished or `is_partial`, made with the same settings
/// from the same benchmark, each given once, and `out` is none of them and holds nothing of another run; and if another process writes to
/// one of them.
pub fn merge_shards(
    shares: &[PathBuf],
    out: &Path,
    is_partial: bool,
) -> Result<MergeReport, RunError> {
    let settings = check(shares, out)?;
    let digest = settings.digest();
    std::fs::create_dir_all(out).map_err(RunError::file(out))?;
    let mut locks = vec![lock(out)?];
    for share in shares {
        locks.push(lock(share)?);
    }
    let benchmark = one_benchmark(shares, out)?;
    // Everything is read and compared before anything is written.
    let mut wholes = Vec::new();
    let mut answered: HashSet<(Task, String)> = HashSet::new();
    for task in Task::ALL {
        let lines = union(shares, out, task, &digest)?;
        answered.extend(lines.iter().map(|line| (task, line.id.clone())));
        wholes.push((task, lines));
    }
    let mut failures: Vec<FailedQuestion> = Vec::new();
    for folder in shares.iter().map(PathBuf::as_path).chain([out]) {
        for failed in read_failures(folder)? {
            // What failed may have been answered elsewhere, or have failed in a share and in a whole made of it.
            let place = (failed.task, failed.question_id.clone());
            let is_known = failures
                .iter()
                .any(|one| (one.task, &one.question_id) == (place.0, &place.1));
            if !is_known && !answered.contains(&place) {
                failures.push(failed);
            }
        }
    }
    let missing = gaps(&wholes, &failures, &benchmark);
    if !is_partial && let Some((task, count)) = missing.first() {
        return Err(RunError::Shares {
            reason: format!(
                "{count} questions of {task} were neither answered nor failed in any share, so a share ended early or \
                 has lost its folder of {task}; run it again to go on, or merge what is there with --partial"
            ),
        });
    }
    settings.claim(out)?;
    write_benchmark(out, benchmark)?;
    let mut tasks = Vec::new();
    for (task, lines) in wholes {
        if lines.is_empty() {
            continue;
        }
        let folder = out.join(task.name());
        std::fs::create_dir_all(&folder).map_err(RunError::file(&folder))?;
        let lines = lines.iter().map(|line| line.bytes.as_slice());
        tasks.push((task, lines.len()));
        write_whole(&answer_path(out, task), &joined(lines))?;
    }
    write_failures(out, &failures)?;
    Ok(MergeReport {
        out: out.to_owned(),
        tasks,
        failures: failures.len(),
        missing,
    })
}

/// Tasks with the number of questions to be asked that are neither answered nor failed.
fn gaps(
    wholes: &[(Task, Vec<StoredLine>)],
    failures: &[FailedQuestion],
    benchmark: &[(Task, TaskDigest)],
) -> Vec<(Task, u64)> {
    let of = |(task, lines): &(Task, Vec<StoredLine>)| {
        let failed = failures.iter().filter(|one| one.task == *task);
        let asked: HashSet<u64> = lines
            .iter()
            .map(|line| line.index)
            .chain(failed.map(|one| one.index))
            .collect();
        let planned = benchmark.iter().find(|(one, _)| one == task);
        let planned = planned.map_or(0, |(_, known)| known.asked);
        // A run that went on in the whole may have asked more.
        let all = asked.iter().max().map_or(0, |last| last + 1).max(planned);
        (*task, all - asked.len() as u64)
    };
    wholes
        .iter()
        .map(of)
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// The answers of all shares and those that `out` has already, in the order of the benchmark.
fn union(
    shares: &[PathBuf],
    out: &Path,
    task: Task,
    digest: &str,
) -> Result<Vec<StoredLine>, RunError> {
    let mut lines: Vec<StoredLine> = Vec::new();
    let mut places: HashMap<String, (usize, &Path)> = HashMap::new();
    for folder in [out].into_iter().chain(shares.iter().map(PathBuf::as_path)) {
        for line in read_answers(folder, task, digest)? {
            match places.get(&line.id) {
                None => {
                    places.insert(line.id.clone(), (lines.len(), folder));
                    lines.push(line);
                }
                // Merged before, or answered by a run that went on in the whole.
                Some((at, first)) if *first == out && lines[*at].asked == line.asked => {}
                Some((_, first)) => {
                    return Err(RunError::AnsweredTwice {
                        task,
                        id: line.id,
                        first: first.to_path_buf(),
                        second: folder.to_owned(),
                    });
                }
            }
        }
    }
    lines.sort_by(|one, other| (one.index, &one.bytes).cmp(&(other.index, &other.bytes)));
    Ok(lines)
}

/// The digests of the benchmark that all shares, and an earlier merge into `out`, were asked from.
fn one_benchmark(shares: &[PathBuf], out: &Path) -> Result<Vec<(Task, TaskDigest)>, RunError> {
    let refuse = |reason: String| RunError::Shares { reason };
    let mut whole: HashMap<Task, (TaskDigest, &Path)> = HashMap::new();
    for folder in shares.iter().map(PathBuf::as_path).chain([out]) {
        let digests = read_benchmark(folder)?;
        for task in Task::ALL {
            let Some(digest) = digests.get(task.name()) else {
                if folder != out && answer_path(folder, task).exists() {
                    return Err(refuse(format!(
                        "{} does not say which benchmark {task} was asked from; run the share again to go on",
                        folder.join(BENCHMARK_FILE).display()
                    )));
                }
                continue;
            };
            let (first, from) = whole.entry(task).or_insert((digest.clone(), folder));
            first.asked = first.asked.max(digest.asked);
            if first.digest != digest.digest {
                return Err(refuse(format!(
                    "the items, pictures or questions of {task} are not the same in the benchmarks of {} and {}; \
                     run the shares again on one benchmark",
                    from.display(),
                    folder.display()
                )));
            }
        }
    }
    Ok(whole
        .into_iter()
        .map(|(task, (digest, _))| (task, digest))
        .collect())
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
