//! `pulse-eval statements`.

use std::path::PathBuf;

use clap::Args;
use pulse_eval::statements::{score_statements, statements_markdown};

use super::output::{PlainFormat, json, text};
use super::{BootstrapArguments, Failure};

#[derive(Args)]
pub(super) struct StatementsArguments {
    /// Folder of answers with a folder ptb-test-report
    #[arg(long)]
    answers: PathBuf,
    /// Folder with the benchmark (pulse-data synthesize --wording statements)
    #[arg(long)]
    bench: PathBuf,
    /// text for people, json one object
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    format: PlainFormat,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

pub(super) fn run(arguments: &StatementsArguments) -> Result<(), Failure> {
    let StatementsArguments { answers, bench, .. } = arguments;
    let scores = score_statements(answers, bench, arguments.bootstrap.options())?;
    match arguments.format {
        PlainFormat::Text => text(&statements_markdown(&scores)),
        PlainFormat::Json => json(&scores),
    }
}
