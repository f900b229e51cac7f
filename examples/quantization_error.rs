//! How far packing moves a decoder's logits.
//!
//! ```sh
//! cargo run --release --example quantization_error -- --model FOLDER --packed FOLDER_Q4
//! ```
//!
//! Runs the same ids through the decoders of both folders, as a sequence with a cache, and compares
//! the logits of every position. Without `--text` the ids are drawn at random: right for
//! random weights, where no text is likelier than another; trained weights are to be compared on a
//! text of their kind.

// Its output is what it is for.
#![allow(clippy::print_stdout)]

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use burn::tensor::Tensor;
use clap::Parser;
use common::Failure;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, LogitRows};
use pulse_llm::text::Tokenizer;
use pulse_llm::{LoadOptions, LoadedModel};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// Positions of one pass: their logits are in memory twice.
const PASS: usize = 250;

/// Compare the logits of a checkpoint and of its packed form.
#[derive(Parser)]
#[command(
    version,
    about = "Compare the logits of a checkpoint and of its packed form"
)]
struct Arguments {
    /// Folder of the checkpoint
    #[arg(long)]
    model: PathBuf,
    /// Folder that `quantize` made of it
    #[arg(long)]
    packed: PathBuf,
    /// Positions to compare
    #[arg(long, default_value_t = 2000)]
    positions: usize,
    /// Text whose tokens to run instead of random ones
    #[arg(long)]
    text: Option<PathBuf>,
    /// Seed of the random ids
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What was found so far.
#[derive(Default)]
struct Error {
    positions: usize,
    /// Positions where both choose the same token.
    agreeing: usize,
    largest: f64,
    /// Sums over logits: |a − b|, a, a².
    difference: f64,
    sum: f64,
    squares: f64,
    /// Sums over positions: Kullback-Leibler divergence, negative log-likelihoods of the next token.
    divergence: f64,
    losses: [f64; 2],
    predicted: usize,
    vocabulary: usize,
}

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let exact = LoadedModel::load(&arguments.model, &LoadOptions::default())?;
    let packed = LoadedModel::load(&arguments.packed, &LoadOptions::default())?;
    let vocabulary = exact.config.decoder.vocab_size;
    if packed.config.decoder.vocab_size != vocabulary {
        return Err(Failure::from(format!(
            "{} has {} tokens, {} has {vocabulary}: not the same model",
            arguments.packed.display(),
            packed.config.decoder.vocab_size,
            arguments.model.display(),
        )));
    }
    let ids = ids(arguments, vocabulary)?;
    if ids.len() > exact.config.context {
        return Err(Failure::from(format!(
            "{} positions do not fit into a context of {}: give fewer with --positions",
            ids.len(),
            exact.config.context
        )));
    }
    let mut caches = [&exact, &packed].map(|model| model.model.decoder.new_cache(1, ids.len()));
    let mut error = Error::default();
    for (number, part) in ids.chunks(PASS).enumerate() {
        let mut logits = [Vec::new(), Vec::new()];
        for ((model, cache), logits) in [&exact, &packed]
            .into_iter()
            .zip(&mut caches)
            .zip(&mut logits)
        {
            let embeddings: Tensor<3> = model.model.embed_ids(part, &model.device);
            let output = model.model.decoder.forward(DecoderInput {
                embeddings,
                padding: &[],
                cache: Some(cache),
                logits: LogitRows::All,
            });
            let values = output.into_data().try_into_vec::<f32>();
            *logits = values.map_err(|error| Failure::from(format!("{error:?}")))?;
        }
        let next = ids.get(number * PASS + 1..).unwrap_or(&[]);
        let [a, b] = &logits;
        let rows = a.chunks_exact(vocabulary).zip(b.chunks_exact(vocabulary));
        for (row, (a, b)) in rows.enumerate() {
            error.add(a, b, next.get(row).copied());
        }
    }
    println!("{}", error.report());
    Ok(())
}

fn ids(arguments: &Arguments, vocabulary: usize) -> Result<Vec<u32>, Failure> {
    let Some(path) = &arguments.text else {
        let mut random = ChaCha8Rng::seed_from_u64(arguments.seed);
        let draw = |_| random.random_range(0..vocabulary as u32);
        return Ok((0..arguments.positions).map(draw).collect());
    };
    let text = std::fs::read_to_string(path)?;
    let tokenizer = Tokenizer::from_folder(&arguments.model)?;
    let mut ids = tokenizer.encode(&text)?;
    if ids.len() < arguments.positions {
        return Err(Failure::from(format!(
            "{} has {} tokens, fewer than --positions {}",
            path.display(),
            ids.len(),
            arguments.positions
        )));
    }
    ids.truncate(arguments.positions);
    Ok(ids)
}

impl Error {
    fn add(&mut self, exact: &[f32], packed: &[f32], next: Option<u32>) {
        self.positions += 1;
        self.agreeing += usize::from(best(exact) == best(packed));
        let [exact_total, packed_total] = [exact, packed].map(log_sum_exp);
        for (a, b) in exact.iter().zip(packed) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            self.largest = self.largest.max((a - b).abs());
            self.difference += (a - b).abs();
            self.sum += a;
            self.squares += a * a;
            let logarithm = a - exact_total;
            self.divergence += logarithm.exp() * (logarithm - (b - packed_total));
        }
        if let Some(next) = next {
            self.predicted += 1;
            self.losses[0] += exact_total - f64::from(exact[next as usize]);
            self.losses[1] += packed_total - f64::from(packed[next as usize]);
        }
        self.vocabulary = exact.len();
    }

    fn report(&self) -> serde_json::Value {
        let positions = self.positions as f64;
        let logits = positions * self.vocabulary as f64;
        let mean = self.sum / logits;
        let perplexity = |loss: f64| (loss / self.predicted.max(1) as f64).exp();
        json!({
            "positions": self.positions,
            "logit_standard_deviation": (self.squares / logits - mean * mean).max(0.0).sqrt(),
            "logit_difference_mean_abs": self.difference / logits,
            "logit_difference_max_abs": self.largest,
            "top1_agreement": self.agreeing as f64 / positions,
            "kl_divergence_nats": self.divergence / positions,
            "perplexity": perplexity(self.losses[0]),
            "perplexity_packed": perplexity(self.losses[1]),
        })
    }
}

fn best(logits: &[f32]) -> usize {
    let pairs = logits.iter().enumerate();
    pairs
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(at, _)| at)
}

fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let terms = logits
        .iter()
        .map(|logit| (f64::from(*logit) - largest).exp());
    largest + terms.sum::<f64>().ln()
}
