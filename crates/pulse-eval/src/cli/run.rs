//! `pulse-eval run`.

use std::fmt::Write;
use std::io::{IsTerminal, Write as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use pulse_eval::Task;
use pulse_eval::run::{
    History, Progress, RunOptions, RunReport, Shard, find_bench, run as run_bench,
};
use pulse_llm::GenerateOptions;

use super::Failure;
use super::model::ModelArguments;
use super::output::{PlainFormat, json, text};

/// Time between two lines of progress where no terminal shows it.
const QUIET: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Folder with the benchmark (TASK/*.parquet, or TASK.json beside images/), `hub` for PULSE-ECG/ECGBench, or
    /// another data set's owner/name
    #[arg(long)]
    bench: String,
    /// Tasks separated by commas, or `all`
    #[arg(long, default_value = "all", value_parser = parse_tasks)]
    tasks: Tasks,
    /// Folder for OUT/TASK/step-final.jsonl; a run that goes on skips what is answered there
    #[arg(long)]
    out: PathBuf,
    /// Only the first so many items of each task
    #[arg(long)]
    limit: Option<u64>,
    /// Only share i of n, for several machines; `pulse-eval merge` joins their folders
    #[arg(long, value_name = "i/n")]
    shard: Option<Shard>,
    /// Questions answered together on a device; memory grows. On the CPU up to 8 give the same answers as 1; more,
    /// and any on a GPU, give the same up to rounding, which can turn a token that is nearly as probable as another
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch: u32,
    /// Threads that open pictures while the model answers
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    workers: u32,
    /// Also give each label and option a probability from the likelihoods of answers
    #[arg(long)]
    score_labels: bool,
    /// Build the second arena question as the original's script does, malformed, to compare with its figures
    #[arg(long)]
    original_arena_history: bool,
    /// Longest answer in tokens; the benchmark's is 1024
    #[arg(long, default_value_t = 1024)]
    max_new_tokens: usize,
    /// 0 takes the most probable token, as the benchmark does; above 0 samples
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    temperature: f32,
    /// Seed of the sampler
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// text for people, json one object
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    format: PlainFormat,
}

/// A list of tasks. (A `Vec` would make clap expect the option several times.)
#[derive(Debug, Clone)]
struct Tasks(Vec<Task>);

fn parse_tasks(text: &str) -> Result<Tasks, String> {
    let mut tasks = Vec::new();
    for name in text.split(',').map(str::trim) {
        match name {
            "all" => tasks.extend(Task::ALL),
            _ => tasks.push(name.parse()?),
        }
    }
    let mut seen = Vec::new();
    tasks.retain(|task| {
        let is_new = !seen.contains(task);
        seen.push(*task);
        is_new
    });
    Ok(Tasks(tasks))
}

pub(super) fn run(arguments: &RunArguments) -> Result<ExitCode, Failure> {
    let tasks = &arguments.tasks.0;
    // Before the model, which takes longer: a wrong path or setting shows at once.
    let bench = find_bench(&arguments.bench, tasks, &arguments.model.hub())?;
    let options = RunOptions {
        limit: arguments.limit,
        shard: arguments.shard,
        batch: usize::try_from(arguments.batch)?,
        workers: usize::try_from(arguments.workers)?,
        generate: GenerateOptions {
            temperature: arguments.temperature,
            max_new_tokens: arguments.max_new_tokens,
            seed: arguments.seed,
            ..GenerateOptions::greedy()
        },
        history: match arguments.original_arena_history {
            true => History::Original,
            false => History::Correct,
        },
        score_labels: arguments.score_labels,
        ..RunOptions::new(bench, tasks, &arguments.out)
    };
    options.generate.validate()?;
    let models = arguments.model.load()?;
    let mut shown = Shown::new();
    let report = run_bench(&models, &options, |progress| shown.show(progress));
    shown.end();
    let report = report?;
    for failed in &report.failures {
        eprintln!(
            "not answered: {}, {}: {}",
            failed.task, failed.question_id, failed.reason
        );
    }
    match arguments.format {
        PlainFormat::Json => json(&report)?,
        PlainFormat::Text => text(&as_text(&report))?,
    }
    // What could not be answered is named above and is a failure, though the rest was done.
    Ok(if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Progress on standard error: one line that is overwritten on a terminal, a line now and then elsewhere. It may be
/// closed; a run goes on without anybody who looks.
struct Shown {
    is_terminal: bool,
    last: Instant,
}

impl Shown {
    fn new() -> Self {
        Self {
            is_terminal: stderr().is_terminal(),
            last: Instant::now(),
        }
    }

    fn show(&mut self, progress: &Progress) {
        if self.is_terminal {
            // Blanks cover what is left of a longer line.
            let _ = write!(stderr(), "\r{progress}      ");
        } else if self.last.elapsed() > QUIET {
            let _ = writeln!(stderr(), "{progress}");
            self.last = Instant::now();
        }
    }

    fn end(&self) {
        if self.is_terminal {
            let _ = writeln!(stderr());
        }
    }
}

fn as_text(report: &RunReport) -> String {
    let mut lines = String::new();
    for task in &report.tasks {
        let _ = writeln!(
            lines,
            "{}: {} of {} items answered, {} of them earlier, {} failed; {}",
            task.task,
            task.answered + task.reused,
            task.items,
            task.reused,
            task.failed,
            task.file.display()
        );
    }
    let asked: u64 = report.tasks.iter().map(|task| task.answered).sum();
    let _ = writeln!(
        lines,
        "{asked} answers in {:.1} s; the model was busy {:.1} % of the time and waited for pages {:.1} %",
        report.seconds,
        100.0 * report.busy_share,
        100.0 * (1.0 - report.busy_share)
    );
    lines
}
