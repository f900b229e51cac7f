//! `pulse-eval compare`.

use std::path::{Path, PathBuf};

use clap::Args;
use pulse_eval::Task;
use pulse_eval::compare::{Comparison, ItemDifference, compare};
use pulse_eval::report::comparison_markdown;
use pulse_eval::strict::StrictOptions;
use serde::Serialize;

use super::output::{PlainFormat, file, json, text};
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
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    format: PlainFormat,
    /// Items per task that the text lists of those read differently
    #[arg(long, default_value_t = 10)]
    items: usize,
    /// Write all items that were read differently to this file, one JSON object a line
    #[arg(long)]
    items_file: Option<PathBuf>,
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
    if let Some(path) = &arguments.items_file {
        write_items(&found, path)?;
    }
    match arguments.format {
        PlainFormat::Json => json(&found),
        PlainFormat::Text => text(&comparison_markdown(&found, arguments.items)),
    }
}

fn write_items(found: &Comparison, path: &Path) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Line<'a> {
        task: Task,
        #[serde(flatten)]
        item: &'a ItemDifference,
    }
    let mut lines = Vec::new();
    for task in &found.tasks {
        for item in &task.differing {
            let line = Line {
                task: task.task,
                item,
            };
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
    }
    file(path, &lines)
}
