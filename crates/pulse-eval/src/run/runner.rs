//! A run: from a benchmark and models to a folder of answers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use pulse_data::bench::{BenchError, BenchFolder};
use pulse_llm::{GenerateOptions, Pulse};
use serde::Serialize;

use super::benchmark::{TaskDigest, benchmark_digest, check_ids, write_benchmark};
use super::busy::Busy;
use super::error::RunError;
use super::failures::{FailedQuestion, FailureLog};
use super::journal::AnswerJournal;
use super::lock::lock;
use super::pipeline::{Outcome, Plan, answer_all};
use super::prepare::{Work, WorkError, asked_digest, item_id};
use super::progress::Progress;
use super::settings::{History, RunSettings};
use super::shard::Shard;
use super::source::config_of;
use super::whole_file::write_whole;
use crate::task::Task;

/// The file of what the last call did in a run's folder.
const SUMMARY_FILE: &str = "summary.json";

/// What to ask and how.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Folder with the benchmark, see [`BenchFolder`].
    pub bench: PathBuf,
    /// Tasks to ask, in this order.
    pub tasks: Vec<Task>,
    /// Folder for the answers.
    pub out: PathBuf,
    /// Only the first so many items of each task.
    pub limit: Option<u64>,
    /// Only a share of the items.
    pub shard: Option<Shard>,
    /// Questions answered together on a device.
    pub batch: usize,
    /// Threads that open pictures.
    pub workers: usize,
    /// How tokens are chosen; the benchmark's way is [`GenerateOptions::greedy`].
    pub generate: GenerateOptions,
    /// How the second question of an arena item sees the first.
    pub history: History,
    /// Whether labels and options get probabilities.
    pub score_labels: bool,
}

impl RunOptions {
    /// The benchmark's way of asking `tasks`: greedily, at most 1024 tokens.
    pub fn new(bench: impl Into<PathBuf>, tasks: &[Task], out: impl Into<PathBuf>) -> Self {
        Self {
            bench: bench.into(),
            tasks: tasks.to_vec(),
            out: out.into(),
            limit: None,
            shard: None,
            batch: 1,
            workers: 2,
            generate: GenerateOptions::greedy(),
            history: History::default(),
            score_labels: false,
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// The settings, as in `run.json`.
    pub settings: RunSettings,
    /// One entry per task.
    pub tasks: Vec<TaskRun>,
    /// Questions that failed, in the order of the benchmark.
    pub failures: Vec<FailedQuestion>,
    /// Seconds it took, loading the models not counted.
    pub seconds: f64,
    /// What the devices did meanwhile.
    pub busy: Busy,
    /// The share of that time in which they answered, see [`Busy::share`].
    pub busy_share: f64,
}

impl RunReport {
    /// Writes the report into the folder of the answers.
    fn write(&self, out: &Path) -> Result<(), RunError> {
        let path = out.join(SUMMARY_FILE);
        let mut json =
            serde_json::to_vec_pretty(self).map_err(|error| RunError::file(&path)(error.into()))?;
        json.push(b'\n');
        write_whole(&path, &json)
    }
}

/// What a run did for one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskRun {
    /// The task.
    pub task: Task,
    /// The answer file.
    pub file: PathBuf,
    /// Items that were to be answered.
    pub items: u64,
    /// Those that an earlier run had answered.
    pub reused: u64,
    /// Those that this run answered.
    pub answered: u64,
    /// Those that failed.
    pub failed: u64,
}

/// One task while it runs.
struct Open {
    journal: AnswerJournal,
    run: TaskRun,
}

/// Asks the questions of a benchmark, one model per device sharing the work.
///
/// `models` are loads of one checkpoint. `progress` is called after every answer.
///
/// # Errors
/// [`RunError`] if the benchmark or the folder cannot be used, or no further question can be answered. A
/// question that fails on its own is in the report instead.
pub fn run(
    models: &[Pulse],
    options: &RunOptions,
    mut progress: impl FnMut(&Progress),
) -> Result<RunReport, RunError> {
    options
        .generate
        .validate()
        .map_err(pulse_llm::PulseError::from)?;
    let folder = BenchFolder::open(&options.bench)?;
    let mut tasks: Vec<Task> = Vec::new();
    for task in &options.tasks {
        if !tasks.contains(task) {
            tasks.push(*task);
        }
    }
    let counts = tasks
        .iter()
        .map(|task| check_ids(&folder, *task))
        .collect::<Result<Vec<u64>, RunError>>()?;
    let out = &options.out;
    std::fs::create_dir_all(out).map_err(RunError::file(out))?;
    let _lock = lock(out)?;
    let settings = one_settings(models, options)?;
    settings.claim(out)?;
    // Of an earlier run; this one's is written when it has ended.
    match std::fs::remove_file(out.join(SUMMARY_FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(RunError::file(&out.join(SUMMARY_FILE))(error));
        }
        _ => {}
    }
    let digest = settings.digest();
    let mut open = HashMap::new();
    for (task, count) in tasks.iter().zip(&counts) {
        let journal = AnswerJournal::open(out, *task, &digest)?;
        let run = TaskRun {
            task: *task,
            file: super::journal::answer_path(out, *task),
            items: asked_items(*count, options),
            reused: 0,
            answered: 0,
            failed: 0,
        };
        open.insert(*task, Open { journal, run });
    }
    let known: HashMap<Task, _> = open
        .iter()
        .map(|(task, open)| (*task, open.journal.known().clone()))
        .collect();
    let mut all = 0;
    for task in &tasks {
        // Ids are counted rather than lines: the folder may hold answers beyond the limit of this call.
        let reused = count_known(&folder, *task, options, &known[task])?;
        if let Some(open) = open.get_mut(task) {
            open.run.reused = reused;
            all += open.run.items - reused;
        }
    }
    if options.shard.is_some() {
        let digest = |(task, count): (&Task, &u64)| {
            let items = folder.items(config_of(*task))?;
            let digest = TaskDigest {
                digest: benchmark_digest(items)?,
                asked: (*count).min(options.limit.unwrap_or(u64::MAX)),
            };
            Ok((*task, digest))
        };
        let digests: Result<Vec<_>, BenchError> = tasks.iter().zip(&counts).map(digest).collect();
        write_benchmark(out, digests?)?;
    }
    let mut log = FailureLog::open(out, &tasks)?;
    let work = tasks.iter().flat_map(|task| {
        let known = &known[task];
        works(&folder, *task, options).filter(move |work| {
            work.as_ref()
                .map_or(true, |work| !known.contains_key(item_id(&work.item)))
        })
    });
    let plan = Plan {
        models,
        settings: &settings,
        generate: &options.generate,
        batch: options.batch.max(1),
        workers: options.workers,
    };
    let began = Instant::now();
    let mut failures = Vec::new();
    let mut done = 0;
    let mut busy = Busy::default();
    let result = answer_all(&plan, work, &mut busy, |outcome| {
        let task = match outcome {
            Outcome::Answered {
                task,
                id,
                index,
                line,
            } => {
                if let Some(open) = open.get_mut(&task) {
                    open.journal.append(&id, index, &line)?;
                    open.run.answered += 1;
                }
                task
            }
            Outcome::Failed(failed) => {
                log.append(&failed)?;
                let task = failed.task;
                if let Some(open) = open.get_mut(&task) {
                    open.run.failed += 1;
                }
                failures.push(failed);
                task
            }
            Outcome::Stopped(error) => return Err(error),
        };
        done += 1;
        progress(&Progress {
            task,
            done,
            all,
            failed: failures.len() as u64,
            elapsed: began.elapsed(),
        });
        Ok(())
    });
    let mut runs = Vec::new();
    for task in &tasks {
        if let Some(Open { journal, run }) = open.remove(task) {
            journal.sort()?;
            runs.push(run);
        }
    }
    result?;
    failures.sort_by_key(|failed| {
        (
            tasks.iter().position(|task| *task == failed.task),
            failed.index,
        )
    });
    let report = RunReport {
        settings,
        tasks: runs,
        failures,
        seconds: began.elapsed().as_secs_f64(),
        busy,
        busy_share: busy.share(),
    };
    report.write(out)?;
    Ok(report)
}

/// The settings that all models share; those of the first say nothing about the answers of the others.
fn one_settings(models: &[Pulse], options: &RunOptions) -> Result<RunSettings, RunError> {
    let of = |pulse: &Pulse| {
        RunSettings::of(
            pulse,
            &options.generate,
            options.history,
            options.score_labels,
            options.shard,
        )
    };
    let (first, others) = models.split_first().ok_or(RunError::NoModel)?;
    let settings = of(first);
    for (number, other) in (2..).zip(others) {
        let names = [&format!("on device {number}"), "on device 1"];
        if let Some(differences) = settings.differences(&of(other), names) {
            return Err(RunError::DifferentModels {
                number,
                differences,
            });
        }
    }
    Ok(settings)
}

/// How many of a task's items are asked.
fn asked_items(items: u64, options: &RunOptions) -> u64 {
    let items = items.min(options.limit.unwrap_or(u64::MAX));
    options.shard.map_or(items, |shard| shard.share_of(items))
}

/// The items of a task that this call asks, or the error of the first that cannot be read.
fn works(
    folder: &BenchFolder,
    task: Task,
    options: &RunOptions,
) -> Box<dyn Iterator<Item = Result<Work, WorkError>> + Send> {
    let items = match folder.items(config_of(task)) {
        Ok(items) => items,
        Err(error) => return Box::new(std::iter::once(Err(WorkError::Bench(error)))),
    };
    let shard = options.shard;
    let limit = usize::try_from(options.limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    Box::new(
        items
            .zip(0u64..)
            .take(limit)
            .filter(move |(_, index)| shard.is_none_or(|shard| shard.has(*index)))
            .map(move |(item, index)| match item {
                Ok(item) => Ok(Work { task, index, item }),
                Err(error) => Err(WorkError::of(task, index, error)),
            }),
    )
}

/// Counts the items that are answered, and refuses answers to another picture or question than the item with
/// their id has now.
fn count_known(
    folder: &BenchFolder,
    task: Task,
    options: &RunOptions,
    known: &HashMap<String, String>,
) -> Result<u64, RunError> {
    if known.is_empty() {
        return Ok(0);
    }
    let path = || super::journal::answer_path(&options.out, task);
    let unverifiable = |id: &str, reason: String| RunError::Unverifiable {
        task,
        id: id.to_owned(),
        path: path(),
        reason,
    };
    let mut count = 0;
    for work in works(folder, task, options) {
        let item = match work {
            Ok(work) => work.item,
            Err(WorkError::Item(failed)) if known.contains_key(&failed.question_id) => {
                return Err(unverifiable(&failed.question_id, failed.reason));
            }
            Err(WorkError::Item(_)) => continue,
            Err(WorkError::Bench(error)) => return Err(error.into()),
        };
        let id = item_id(&item);
        let Some(answered) = known.get(id) else {
            continue;
        };
        count += 1;
        if asked_digest(&item).map_err(|reason| unverifiable(id, reason))? != *answered {
            return Err(RunError::AnotherItem {
                task,
                id: id.to_owned(),
                path: path(),
            });
        }
    }
    Ok(count)
}
