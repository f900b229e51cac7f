//! `pulse-train`: trains a PULSE model.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use pulse_llm::DeviceName;
use pulse_llm::checkpoint::write_fresh_model;
use pulse_train::config::{RunConfig, load};
use pulse_train::watch::{JsonLog, ProgressLines, TensorBoard, Watchers, write_report};
use pulse_train::{Job, MemoryPlan, Resume, TrainError, interrupt_flag, train};

/// Train PULSE: a run of the published recipe, a fine-tune of your own pages, or, without arguments, a
/// small model on synthetic pages made on the spot.
///
/// Progress goes to standard error, or to Burn's dashboard (built with the feature `dashboard`, on a
/// terminal; q stops there as SIGINT does, --plain leaves it away); the run's folder gets checkpoints, log.jsonl, TensorBoard events and
/// report.html. SIGINT finishes the update and saves; --resume goes on exactly where a run stopped. Exit
/// codes: 0 done, 1 failed with a message, 2 wrong usage.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArguments,
    /// Progress lines instead of the dashboard
    #[arg(long)]
    plain: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print the bytes that a run will take, before anything is allocated; fails if they are not there
    Plan,
    /// Write a model with random weights, to train from nothing
    Init(InitArguments),
}

#[derive(Args)]
struct InitArguments {
    /// Folder with config.json, tokenizer and vision_tower/config.json
    #[arg(long)]
    architecture: PathBuf,
    /// New folder of the model
    #[arg(long)]
    out: PathBuf,
    /// Seed of the weights
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Take the weights of this model where name and shape are equal, for example a trained tower. May be repeated,
    /// the last counts
    #[arg(long)]
    from: Vec<PathBuf>,
}

#[derive(Args)]
struct RunArguments {
    /// Settings of the run. Default: the bundled configs/nano.toml
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Lays one setting over the file, for example --set train.learning_rate=1e-5. May be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    overrides: Vec<String>,
    /// Go on at the run's newest checkpoint, or at the one given
    #[arg(long, value_name = "CHECKPOINT", num_args = 0..=1, global = true)]
    resume: Option<Option<PathBuf>>,
    /// Where to train: cpu, cuda:N, vulkan:N, metal, rocm:N or cubecl-cpu. Default: model.device of the
    /// settings
    #[arg(long, global = true)]
    device: Vec<DeviceName>,
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
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Plan) => plan(&arguments.run),
        Some(Command::Init(init)) => write_fresh(&init),
        None => run(&arguments.run, arguments.plain),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn settings(arguments: &RunArguments) -> Result<RunConfig, TrainError> {
    let bundled = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/nano.toml");
    let path = arguments.config.clone().unwrap_or_else(bundled);
    let mut config = load(&path, &arguments.overrides)?;
    match arguments.device.as_slice() {
        [] => {}
        [device] => config.model.device = *device,
        several => {
            return Err(TrainError::Nothing(format!(
                "{} devices given; this version trains on one",
                several.len()
            )));
        }
    }
    Ok(config)
}

fn plan(arguments: &RunArguments) -> Result<(), TrainError> {
    let plan = MemoryPlan::of(&settings(arguments)?)?;
    let _ = writeln!(std::io::stdout(), "{plan}");
    plan.check()
}

fn write_fresh(arguments: &InitArguments) -> Result<(), TrainError> {
    let donors: Vec<&Path> = arguments.from.iter().map(PathBuf::as_path).collect();
    let (from, to) = (&arguments.architecture, &arguments.out);
    let made = write_fresh_model(from, to, arguments.seed, &donors)?;
    let _ = writeln!(
        std::io::stdout(),
        "{}: {} parameters, {} tensors random, {} taken over",
        to.display(),
        made.parameters,
        made.made,
        made.taken
    );
    Ok(())
}

fn run(arguments: &RunArguments, is_plain: bool) -> Result<(), TrainError> {
    let config = settings(arguments)?;
    let resume = match &arguments.resume {
        None => Resume::Never,
        Some(None) => Resume::Latest,
        Some(Some(path)) => Resume::Folder(path.clone()),
    };
    let plan = MemoryPlan::of(&config)?;
    eprintln!("{plan}\n");
    plan.check()?;
    pulse_kernels::training::keep_freed_memory();
    let job = Job::open(config, &resume)?;
    eprintln!("{}\n", job.set);
    let folder = job.config.checkpoint.folder.clone();
    let log = folder.join("log.jsonl");
    let mut watchers = Watchers::default();
    watchers.add(JsonLog::open(&log, job.state.step)?);
    if job.config.watch.tensorboard {
        let events = folder.join("tensorboard");
        watchers.add(TensorBoard::create(&events, job.state.step)?);
    }
    #[cfg(feature = "dashboard")]
    let shows_dashboard = !is_plain && pulse_train::watch::can_show_dashboard();
    #[cfg(not(feature = "dashboard"))]
    let shows_dashboard = false;
    if cfg!(not(feature = "dashboard")) && !is_plain && std::io::stdout().is_terminal() {
        eprintln!("lines; with --features dashboard there is Burn's terminal dashboard\n");
    }
    let interrupt = interrupt_flag(!shows_dashboard)?;
    // Lines would break the picture, and are wanted where standard error goes elsewhere.
    if !shows_dashboard || !std::io::stderr().is_terminal() {
        watchers.add(ProgressLines::new(job.config.watch.every));
    }
    #[cfg(feature = "dashboard")]
    if shows_dashboard {
        let epochs = job.state.cursor.epoch;
        watchers.add(pulse_train::watch::Dashboard::new(
            interrupt.clone(),
            epochs,
        ));
    }
    let outcome = watchers.during(|watchers| train(job, watchers, &interrupt));
    // The curves are wanted most when something went wrong.
    let page = folder.join("report.html");
    let title = format!("training run {}", folder.display());
    let written = write_report(&log, &page, &title);
    if let (Err(_), Err(error)) = (&outcome, &written) {
        eprintln!("no curves: {error}");
    }
    let summary = outcome?;
    written?;
    if shows_dashboard {
        let loss = summary.smoothed_loss.unwrap_or(f64::NAN);
        eprintln!(
            "ended after update {}, smoothed loss {loss:.4}",
            summary.step
        );
    }
    eprintln!("curves: {}", page.display());
    match &summary.export {
        Some(export) => {
            for folder in std::iter::once(&export.model).chain(&export.packed) {
                eprintln!("model: {}", folder.display());
            }
            let model = export.model.display();
            eprintln!("try it: cargo run --example infer -- --model {model}");
        }
        None => eprintln!("go on with the same command and --resume"),
    }
    Ok(())
}
