//! `pulse-data`: data sets from the Hub to something that can be trained and tested on.

mod command;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

/// Get, unpack, index, check and convert ECG data sets.
///
/// Text for people by default; --format json prints one JSON object on standard output. Progress and logs
/// go to standard error (RUST_LOG). Exit codes: 0 done, 1 failed or not clean, 2 wrong usage.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// text for people, json one object
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// No progress bars
    #[arg(long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Download(command::Download),
    Extract(command::Extract),
    Index(command::Index),
    Lint(command::Lint),
    Export(command::Export),
    Synthesize(command::Synthesize),
    Tokenizer(command::TrainTokenizer),
    Decoys(command::Decoys),
    CheckPage(command::CheckPage),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What RUST_LOG says; without it errors and the warnings of this project.
fn log_filter() -> EnvFilter {
    EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("error,pulse_data=warn,pulse_llm=warn"))
}

/// What every command needs to know.
struct Output {
    format: Format,
    is_quiet: bool,
}

/// Whether logs may be coloured: on a terminal, unless `NO_COLOR` is set.
fn is_colored() -> bool {
    let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !is_refused
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(is_colored())
        .with_env_filter(log_filter())
        .init();
    let arguments = Arguments::parse();
    let output = Output {
        format: arguments.format,
        is_quiet: arguments.quiet,
    };
    let result = match arguments.command {
        Command::Download(command) => command.run(&output),
        Command::Extract(command) => command.run(&output),
        Command::Index(command) => command.run(&output),
        Command::Lint(command) => command.run(&output),
        Command::Export(command) => command.run(&output),
        Command::Synthesize(command) => command.run(&output),
        Command::Tokenizer(command) => command.run(&output),
        Command::Decoys(command) => command.run(&output),
        Command::CheckPage(command) => command.run(&output),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
