//! `pulse-eval merge`.

use std::path::PathBuf;

use clap::Args;
use pulse_eval::run::merge_shards;

use super::Failure;
use super::output::{PlainFormat, json, text};

#[derive(Args)]
pub(super) struct MergeArguments {
    /// Folders of all shares
    #[arg(required = true)]
    shares: Vec<PathBuf>,
    /// Folder for the whole
    #[arg(long)]
    out: PathBuf,
    /// Merge what is there even if shares ended early
    #[arg(long)]
    partial: bool,
    /// text for people, json one object
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    format: PlainFormat,
}

pub(super) fn run(arguments: &MergeArguments) -> Result<(), Failure> {
    let report = merge_shards(&arguments.shares, &arguments.out, arguments.partial)?;
    match arguments.format {
        PlainFormat::Json => json(&report),
        PlainFormat::Text => {
            let tasks = report.tasks.iter();
            let lines: String = tasks
                .map(|(task, answers)| format!("{task}: {answers} answers\n"))
                .collect();
            let missing = report.missing.iter();
            let missing: String = missing
                .map(|(task, count)| format!("{task}: {count} questions MISSING\n"))
                .collect();
            text(&format!(
                "{lines}{} failed questions\n{missing}",
                report.failures
            ))
        }
    }
}
