//! `pulse-eval compare`.

use std::path::PathBuf;

use clap::Args;
use pulse_eval::compare::compare;
use pulse_eval::report::comparison_markdown;
use pulse_eval::strict::StrictOptions;

use super::output::{Format, json, text};
use super::{BootstrapArguments, Failure};

#[derive(Args)]
pub(super) struct CompareArguments {
    /// Folder of the first run's answers
    first: PathBuf,
    /// Folder of the second run's answers; differences are second minus first
    second: PathBuf,
    /// Folder with the benchmark: TASK.json files, or TASK/*.parquet as on the Hub
    #[arg(long)]
    bench: PathBuf,
    /// text for people, json one object with every item that differs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Leave items that either run did not answer out of both
    #[arg(long)]
    only_answered: bool,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

pub(super) fn run(arguments: &CompareArguments) -> Result<(), Failure> {
    let options = StrictOptions {
        bootstrap: arguments.bootstrap.options(),
        only_answered: arguments.only_answered,
    };
    let found = compare(
        &arguments.first,
        &arguments.second,
        &arguments.bench,
        options,
    )?;
    match arguments.format {
        Format::Json => json(&found),
        Format::Text => text(&comparison_markdown(&found)),
        Format::Html => Err("compare has no page; use --format text or json".into()),
    }
}
