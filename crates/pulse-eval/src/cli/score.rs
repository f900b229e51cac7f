//! `pulse-eval score`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pulse_eval::published::score_published;
use pulse_eval::report::{html_report, published_markdown, strict_markdown};
use pulse_eval::strict::{StrictError, StrictOptions, score_strict};

use super::output::{Format, json, text};
use super::report::gather;
use super::{BootstrapArguments, Failure};

#[derive(Args)]
pub(super) struct ScoreArguments {
    /// Folder with a folder per task that holds its JSONL answer files
    #[arg(long)]
    answers: PathBuf,
    /// Folder with the benchmark: TASK.json files, or TASK/*.parquet as on the Hub
    #[arg(long)]
    bench: PathBuf,
    /// published equals the original scorer, quirks included; strict reads answers
    #[arg(long, value_enum, default_value_t = Mode::Strict)]
    mode: Mode,
    /// text for people, json one object, html a page with both modes
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Leave items without an answer out instead of counting them as wrong (strict)
    #[arg(long)]
    only_answered: bool,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Published,
    Strict,
}

pub(super) fn run(arguments: &ScoreArguments) -> Result<(), Failure> {
    let options = StrictOptions {
        bootstrap: arguments.bootstrap.options(),
        only_answered: arguments.only_answered,
    };
    let (answers, bench) = (&arguments.answers, &arguments.bench);
    if arguments.only_answered
        && arguments.mode == Mode::Published
        && arguments.format != Format::Html
    {
        return Err(
            "--only-answered is for --mode strict; the original scorer never counts missing answers".into(),
        );
    }
    let nothing = || StrictError::NoAnswers {
        folder: answers.clone(),
    };
    match (arguments.format, arguments.mode) {
        (Format::Html, _) => {
            let input = gather("ECGBench scores", answers, bench, options)?;
            if input.strict.tasks.is_empty() {
                return Err(nothing().into());
            }
            text(&html_report(&input))
        }
        (format, Mode::Published) => {
            let report = score_published(answers, bench)?;
            if report.tasks.is_empty() {
                return Err(nothing().into());
            }
            match format {
                Format::Json => json(&report),
                _ => text(&published_markdown(&report)),
            }
        }
        (format, Mode::Strict) => {
            let report = score_strict(answers, bench, options)?;
            if report.tasks.is_empty() {
                return Err(nothing().into());
            }
            match format {
                Format::Json => json(&report),
                _ => text(&strict_markdown(&report)),
            }
        }
    }
}
