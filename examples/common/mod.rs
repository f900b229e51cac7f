//! What the examples share: arguments, the bundled demonstration, errors to exit codes.

// Every example is a program of its own and uses a part of this.
#![allow(dead_code)]

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use pulse_llm::checkpoint::{CacheDtype, WeightDtype};
use pulse_llm::hub::{HubOptions, fetch_picture};
use pulse_llm::{
    DeviceName, GenerateOptions, LoadOptions, MergeType, PageImage, Pulse, open_image,
};

/// Any error with a message for people.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Said wherever the bundled model answers.
pub(crate) const DEMO_NOTE: &str = "NOTE: no --model given: this model has RANDOM weights, its answer is \
    meaningless and only shows that the program works. Ask a real one: --model PULSE-ECG/PULSE-7B";

/// Text for people or JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object on standard output.
    Json,
}

/// Which model, where and how.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// Checkpoint folder or Hub id. Default: a bundled model with random weights
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Branch, tag or commit, if the model is a Hub id
    #[arg(long, default_value = "main")]
    pub(crate) revision: String,
    /// Conversation template, for example llava_v1, vicuna_v1, llava_llama_2, plain
    #[arg(long, default_value = "llava_v1")]
    pub(crate) conv_mode: String,
    /// How tiles become a sequence: flat, spatial or spatial_unpad. Default: as config.json says
    #[arg(long)]
    pub(crate) merge: Option<MergeType>,
    /// Type of the weights: f32, bf16, q8 or q4 (the last two on the CPU). Default: as stored on the
    /// CPU, bf16 on GPUs
    #[arg(long)]
    pub(crate) dtype: Option<WeightDtype>,
    /// Type of keys and values in the cache, on the CPU: f32 or bf16. Default: bf16 beside packed weights, else f32
    #[arg(long)]
    pub(crate) cache_dtype: Option<CacheDtype>,
    /// cpu, cuda:N, vulkan:N, metal, rocm:N or cubecl-cpu
    #[arg(long, default_value = "cpu")]
    pub(crate) device: DeviceName,
}

impl ModelArguments {
    /// Whether the bundled model is meant.
    pub(crate) fn is_demo(&self) -> bool {
        self.model.is_none()
    }

    /// Loads the model.
    pub(crate) fn load(&self) -> Result<Pulse, Failure> {
        let options = LoadOptions {
            device: self.device,
            dtype: self.dtype,
            cache: self.cache_dtype,
            merge: self.merge,
            template: Some(self.conv_mode.clone()),
            hub: HubOptions {
                revision: self.revision.clone(),
                ..HubOptions::from_env()
            },
            ..LoadOptions::default()
        };
        let model = self
            .model
            .clone()
            .unwrap_or_else(|| bundled("pulse-random"));
        Ok(Pulse::load(&model, options)?)
    }
}

/// How to choose tokens.
#[derive(Debug, Args)]
pub(crate) struct GenerationArguments {
    /// 0 takes the most probable token, above 0 samples
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.2)]
    pub(crate) temperature: f32,
    /// Sample among the tokens that together have this probability. Default: off
    #[arg(long)]
    pub(crate) top_p: Option<f32>,
    /// Sample among this many most probable tokens; 0 switches it off
    #[arg(long, default_value_t = 50)]
    pub(crate) top_k: usize,
    /// Number of beams; above 1 needs --temperature 0
    #[arg(long, default_value_t = 1)]
    pub(crate) num_beams: usize,
    /// The answer ends after this many tokens
    #[arg(long, default_value_t = 512)]
    pub(crate) max_new_tokens: usize,
    /// Seed of the sampler
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

impl GenerationArguments {
    /// The library's options; a value out of range ends the program as wrong usage.
    pub(crate) fn options(&self) -> GenerateOptions {
        let options = GenerateOptions {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            num_beams: self.num_beams,
            max_new_tokens: self.max_new_tokens,
            seed: self.seed,
            cancel: None,
        };
        if let Err(error) = options.validate() {
            clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).exit();
        }
        options
    }
}

/// The page that is asked about by default: `cargo run --example render -- --synthetic "sinus rhythm" --seed 4
/// --paper 270x155 --dpi 100 --out datasets/pages/sinus-rhythm.png`.
pub(crate) fn demo_image() -> String {
    bundled("pages/sinus-rhythm.png")
}

fn bundled(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    folder.join(name).to_string_lossy().into_owned()
}

/// A file or an http(s) address.
pub(crate) fn open_picture(image: &str) -> Result<PageImage, Failure> {
    if image.starts_with("http://") || image.starts_with("https://") {
        return Ok(PageImage::decode(&fetch_picture(
            image,
            &HubOptions::from_env(),
        )?)?);
    }
    Ok(open_image(image)?)
}

/// Whether logs may be coloured: on a terminal, unless `NO_COLOR` is set.
fn is_colored() -> bool {
    let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !is_refused
}

/// Logs to standard error, as much as `RUST_LOG` asks for.
pub(crate) fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_colored())
        .init();
}

/// Exit code 0, or 1 with the message.
pub(crate) fn finish(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a file under a temporary name beside it and renames it when it is whole.
pub(crate) fn write_whole(
    path: &std::path::Path,
    write: impl FnOnce(&std::path::Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let context =
        |error: Failure| Failure::from(format!("cannot write {}: {error}", path.display()));
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    let temporary = PathBuf::from(temporary);
    let finished = write(&temporary)
        .and_then(|()| Ok(std::fs::File::open(&temporary)?.sync_all()?))
        .and_then(|()| Ok(std::fs::rename(&temporary, path)?));
    if finished.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    finished.map_err(context)
}
