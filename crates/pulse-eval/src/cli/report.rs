//! `pulse-eval report`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use pulse_eval::judge::{JudgeReport, must_be_of, must_differ};
use pulse_eval::published::score_published;
use pulse_eval::report::{ReportInput, html_report, markdown_report, parquet_pictures};
use pulse_eval::strict::{StrictError, StrictOptions, score_strict};

use super::output::{file, json, text};
use super::{BootstrapArguments, Failure};

/// Worst cases shown per task.
const WORST: usize = 6;

#[derive(Args)]
pub(super) struct ReportArguments {
    /// Folder with a folder per task that holds its JSONL answer files
    #[arg(long)]
    answers: PathBuf,
    /// Folder with the benchmark: TASK.json files, or TASK/*.parquet as on the Hub
    #[arg(long)]
    bench: PathBuf,
    /// Folder to write report.html, report.md and report.json to
    #[arg(long)]
    out: PathBuf,
    /// Folder of the benchmark's pictures, for the worst cases. Default: BENCH/images, or the Parquet files
    #[arg(long)]
    images: Option<PathBuf>,
    /// A judge's result (judge --format json); may be given several times
    #[arg(long)]
    judge: Vec<PathBuf>,
    /// The page's heading
    #[arg(long, default_value = "ECGBench report")]
    title: String,
    /// Worst cases shown per task
    #[arg(long, default_value_t = WORST)]
    worst: usize,
    /// Leave items without an answer out instead of counting them as wrong
    #[arg(long)]
    only_answered: bool,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

pub(super) fn gather(
    title: &str,
    answers: &Path,
    bench: &Path,
    options: StrictOptions,
) -> Result<ReportInput, Failure> {
    let strict = score_strict(answers, bench, options)?;
    let (published, published_error) = match score_published(answers, bench) {
        Ok(report) => (Some(report), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Ok(ReportInput {
        title: title.to_owned(),
        strict,
        published,
        published_error,
        judges: Vec::new(),
        images: None,
        pictures: HashMap::new(),
        worst: WORST,
    })
}

pub(super) fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    let options = StrictOptions {
        bootstrap: arguments.bootstrap.options(),
        only_answered: arguments.only_answered,
    };
    let mut judges = Vec::new();
    for path in &arguments.judge {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let report: JudgeReport = serde_json::from_slice(&bytes).map_err(|error| {
            format!(
                "{}: {error}; expected what `judge --format json` prints",
                path.display()
            )
        })?;
        must_be_of(&report, &arguments.answers, &arguments.bench)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        judges.push(report);
    }
    must_differ(&judges)?;
    let (bench, worst) = (&arguments.bench, arguments.worst);
    let gathered = gather(&arguments.title, &arguments.answers, bench, options)?;
    if gathered.strict.tasks.is_empty() && judges.is_empty() {
        return Err(StrictError::NoAnswers {
            folder: arguments.answers.clone(),
        }
        .into());
    }
    let beside = bench.join("images");
    let input = ReportInput {
        judges,
        images: arguments
            .images
            .clone()
            .or(beside.is_dir().then_some(beside)),
        pictures: parquet_pictures(bench, &gathered.strict, worst)?,
        worst,
        ..gathered
    };
    let out = &arguments.out;
    std::fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    file(&out.join("report.html"), html_report(&input).as_bytes())?;
    file(&out.join("report.md"), markdown_report(&input).as_bytes())?;
    file(&out.join("report.json"), &serde_json::to_vec(&input)?)?;
    text(&format!("{}\n", out.join("report.html").display()))
}

/// Prints a judge's result in the format [`run`] reads.
pub(super) fn print_judge(report: &JudgeReport) -> Result<(), Failure> {
    json(report)
}
