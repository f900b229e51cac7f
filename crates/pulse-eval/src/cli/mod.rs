//! The command line; everything it does can be called from the library.

mod compare;
mod judge;
mod merge;
mod model;
mod output;
mod report;
mod robustness;
mod run;
mod score;
mod statements;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pulse_eval::statistics::BootstrapOptions;

/// Every error of the library, printed as it is.
type Failure = Box<dyn std::error::Error>;

/// Ask a model ECGBench; score, judge, compare and report the answers.
///
/// Exit codes: 0 done, 1 failed with a message, 2 wrong usage.
#[derive(Parser)]
#[command(name = "pulse-eval", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ask a model the questions of the benchmark
    Run(run::RunArguments),
    /// Join the folders of all shares of a run (run --shard)
    Merge(merge::MergeArguments),
    /// Score a folder of answers
    Score(score::ScoreArguments),
    /// Let a language model judge reports or arena answers
    Judge(judge::JudgeArguments),
    /// Score reports in statements of fixed wording, without a judge
    Statements(statements::StatementsArguments),
    /// Compare two folders of answers item by item
    Compare(compare::CompareArguments),
    /// Write a report as HTML, Markdown and JSON
    Report(report::ReportArguments),
    /// Ask a model about worn pages and pages drawn in other ways
    Robustness(robustness::RobustnessArguments),
    /// Print the definitions of all metrics as Markdown (docs/metrics.md)
    Metrics,
}

/// How intervals are made.
#[derive(clap::Args)]
struct BootstrapArguments {
    /// Bootstrap resamples per interval; more make it steadier and take longer
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    resamples: u32,
    /// Seed of the resampling; the same seed gives the same intervals
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

impl BootstrapArguments {
    fn options(&self) -> BootstrapOptions {
        BootstrapOptions {
            resamples: usize::try_from(self.resamples).unwrap_or(usize::MAX),
            seed: self.seed,
            ..BootstrapOptions::default()
        }
    }
}

/// Runs a command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::Run(arguments) => return run::run(arguments),
        Command::Merge(arguments) => merge::run(arguments)?,
        Command::Score(arguments) => score::run(arguments)?,
        Command::Judge(arguments) => return judge::run(arguments),
        Command::Statements(arguments) => statements::run(arguments)?,
        Command::Compare(arguments) => compare::run(arguments)?,
        Command::Report(arguments) => report::run(arguments)?,
        Command::Robustness(arguments) => robustness::run(arguments)?,
        Command::Metrics => output::text(&pulse_eval::metrics::metrics_markdown())?,
    }
    Ok(ExitCode::SUCCESS)
}
