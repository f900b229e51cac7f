//! `pulse-eval judge`.

use std::io::{IsTerminal, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use pulse_eval::Task;
use pulse_eval::judge::{
    Backoff, Endpoint, Journal, JudgeClient, JudgeError, JudgeKind, JudgeOptions, PromptTemplate,
    aggregate, check_base_url, judge, judge_items,
};
use pulse_eval::report::judge_markdown;

use super::output::{PlainFormat, text};
use super::report::print_judge;
use super::{BootstrapArguments, Failure};

#[derive(Args)]
pub(super) struct JudgeArguments {
    /// Folder with a folder per task that holds its JSONL answer file
    #[arg(long)]
    answers: PathBuf,
    /// Folder with the benchmark: TASK.json files, or TASK/*.parquet as on the Hub
    #[arg(long)]
    bench: PathBuf,
    /// ptb-test-report or arena
    #[arg(long)]
    task: Task,
    /// Folder for judgements.jsonl; a run that goes on finds there what is done
    #[arg(long)]
    out: PathBuf,
    /// Base of an OpenAI-compatible API, or with --azure-api-version the Azure resource
    #[arg(long, default_value = "https://api.openai.com/v1", value_parser = parse_base_url)]
    base_url: String,
    /// The judge; on Azure the deployment
    #[arg(long)]
    judge_model: String,
    /// Use Azure's addresses and key header with this version (the original: 2024-08-01-preview)
    #[arg(long)]
    azure_api_version: Option<String>,
    /// Environment variable that holds the key
    #[arg(long, default_value = "OPENAI_API_KEY")]
    key_variable: String,
    /// Another prompt, with {reference} and {candidate}; replies keep the criteria's keys
    #[arg(long)]
    prompt_file: Option<PathBuf>,
    /// Judgements per item; with two or more their agreement is computed
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// Calls at the same time
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,
    /// Calls a minute at most. Default: no limit
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    calls_per_minute: Option<u32>,
    /// Calls per judgement at most, with growing random waits between them
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// Longest wait between attempts in seconds; a server that asks for more is given up
    #[arg(long, default_value = "60", value_parser = parse_wait)]
    longest_wait: Duration,
    /// Seconds a call may take
    #[arg(long, default_value = "120", value_parser = parse_timeout)]
    timeout: Duration,
    /// Price of a million prompt tokens, for the cost
    #[arg(long, requires = "price_reply", value_parser = parse_price)]
    price_prompt: Option<f64>,
    /// Price of a million reply tokens, for the cost
    #[arg(long, requires = "price_prompt", value_parser = parse_price)]
    price_reply: Option<f64>,
    /// text for people, json one object (report --judge reads it)
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    format: PlainFormat,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

fn parse_wait(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok();
    let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    wait.ok_or_else(|| "expected seconds, 0 or above".to_owned())
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_wait(text).ok().filter(|timeout| !timeout.is_zero());
    timeout.ok_or_else(|| "expected seconds, above 0".to_owned())
}

fn parse_base_url(text: &str) -> Result<String, String> {
    check_base_url(text).map(|()| text.to_owned())
}

fn parse_price(text: &str) -> Result<f64, String> {
    let price = text.parse().ok();
    let price = price.filter(|price: &f64| price.is_finite() && *price >= 0.0);
    price.ok_or_else(|| "expected a price, 0 or above".to_owned())
}

pub(super) fn run(arguments: &JudgeArguments) -> Result<ExitCode, Failure> {
    let task = arguments.task;
    let kind = JudgeKind::of(task).ok_or(JudgeError::NoJudgeTask { task })?;
    let template = match &arguments.prompt_file {
        Some(path) => PromptTemplate::from_file(path)?,
        None => PromptTemplate::built_in(kind),
    };
    let items = judge_items(task, &arguments.answers, &arguments.bench, &template)?;
    let variable = &arguments.key_variable;
    let key = std::env::var(variable).map_err(|_| JudgeError::NoKey {
        variable: variable.clone(),
    })?;
    let base_url = arguments.base_url.clone();
    let endpoint = match arguments.azure_api_version.clone() {
        Some(api_version) => Endpoint::Azure {
            base_url,
            api_version,
        },
        None => Endpoint::OpenAi { base_url },
    };
    let client = JudgeClient::new(
        endpoint,
        arguments.judge_model.clone(),
        key,
        arguments.timeout,
    );
    let journal = Journal::open(&arguments.out.join("judgements.jsonl"))?;
    let options = JudgeOptions {
        threads: usize::try_from(arguments.threads)?,
        repeats: arguments.repeats,
        backoff: Backoff {
            attempts: arguments.attempts,
            longest: arguments.longest_wait,
            ..Backoff::default()
        },
        calls_per_minute: arguments.calls_per_minute.and_then(NonZeroU32::new),
        seed: arguments.bootstrap.seed,
    };
    let is_terminal = std::io::stderr().is_terminal();
    let progress = |done: usize, all: usize| {
        if is_terminal {
            // Who looks may be gone; judging goes on.
            let _ = write!(std::io::stderr(), "\rjudged {done} of {all}");
            if done == all {
                let _ = writeln!(std::io::stderr());
            }
        }
    };
    let found = judge(&client, &items, journal, options, &progress)?;
    for failure in &found.failures {
        eprintln!("not judged: {}: {}", failure.id, failure.reason);
    }
    let report = aggregate(
        task,
        &items,
        &found,
        client.model(),
        arguments.price_prompt.zip(arguments.price_reply),
        arguments.bootstrap.options(),
    )?;
    match arguments.format {
        PlainFormat::Json => print_judge(&report)?,
        PlainFormat::Text => text(&judge_markdown(&report))?,
    }
    // What could not be judged is named above and is a failure, though the rest was summed up.
    Ok(if found.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
