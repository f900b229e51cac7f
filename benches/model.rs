//! A vision tower on five tiles, the prefill of a picture's positions and one decode step behind them, for
//! every type of weights, beside the limits of the machine: `cargo bench -p pulse-llm` prints the table of
//! docs/performance.md; `benches/peers` has the same work in PyTorch, candle and llama.cpp.
//!
//! CLIP ViT-L/14-336 and a Llama of 1.1 billion parameters with random weights, or the checkpoint folders of
//! `PULSE_BENCH_MODELS` (separated by `:`). `PULSE_BENCH_DTYPES` (f32,bf16,q8,q4), `PULSE_BENCH_POSITIONS`
//! (2928), `PULSE_BENCH_PASSES` (3, of vision and prefill; medians count) and `RAYON_NUM_THREADS` change what is
//! run; naming parts (`-- vision decode`) leaves the others out. Passes take up to a minute each, so there is
//! no bench harness; on a shared machine take one pass and run it in turn with the peer.
//!
//! Limits: a step reads the decoder's matrices and the cache once; a prefill multiplies with the f32
//! instructions, with packed weights with those of 16-bit integers (attention counts as f32 in both).

#![allow(missing_docs, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "model/limits.rs"]
mod limits;
#[path = "model/weights.rs"]
mod weights;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use limits::{Limits, peak_mib, reset_peak};
use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::decoder::{CausalDecoder, DecoderInput, KvCache, LlamaDecoder, LogitRows};
use pulse_vision::{ClipVisionEncoder, VisualEncoder};
use weights::Model;

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let positions = setting("POSITIONS").unwrap_or(2928);
    let passes = setting("PASSES").unwrap_or(3);
    println!(
        "{} on {} threads, {positions} positions",
        pulse_kernels::Level::detect().name(),
        rayon::current_num_threads()
    );
    println!(
        "| weights | vision, ms | prefill, ms | share of limit | a step, ms | tokens/s | share of limit | peak, MiB |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, load) in models() {
        let Model {
            encoder,
            decoder,
            dtype,
        } = load();
        reset_peak();
        let vision = wanted("vision").then(|| vision(&encoder, passes));
        let prefill = wanted("prefill").then(|| prefill(&decoder, positions, passes));
        let step = wanted("decode").then(|| decode(&decoder, positions));
        let peak = peak_mib();
        let limits = Limits::of(&decoder, dtype, positions);
        let show = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let share = |value: Option<f64>, limit: f64| {
            value.map_or("-".to_owned(), |value| format!("{:.2}", limit / value))
        };
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            show(vision),
            show(prefill),
            share(prefill, limits.prefill_ms),
            show(step),
            show(step.map(|step| 1e3 / step)),
            share(step, limits.step_ms),
            peak.map_or("-".to_owned(), |mib| mib.to_string()),
        );
    }
}

type Load = Box<dyn Fn() -> Model>;

/// The models to measure: their names and how to get them.
fn models() -> Vec<(String, Load)> {
    if let Ok(folders) = std::env::var("PULSE_BENCH_MODELS") {
        return folders
            .split(':')
            .map(|folder| {
                let path = Path::new(folder).to_owned();
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let load: Load = Box::new(move || Model::of(&path));
                (name, load)
            })
            .collect();
    }
    let dtypes = std::env::var("PULSE_BENCH_DTYPES");
    dtypes
        .as_deref()
        .unwrap_or("f32,bf16,q8,q4")
        .split(',')
        .map(|name| {
            let dtype: WeightDtype = name.parse().unwrap_or_else(|error| panic!("{error}"));
            let load: Load = Box::new(move || Model::random(dtype));
            (name.to_owned(), load)
        })
        .collect()
}

/// Milliseconds for five tiles.
fn vision(encoder: &ClipVisionEncoder, passes: usize) -> f64 {
    let side = encoder.geometry().tile_side;
    let tiles = Tensor::<4>::random([5, 3, side, side], Distribution::Default, &Device::flex());
    median(passes, || {
        encoder.encode(black_box(tiles.clone())).into_data()
    })
}

fn embed(decoder: &LlamaDecoder, positions: usize) -> Tensor<3> {
    decoder.embed(Tensor::<2, Int>::zeros([1, positions], &Device::flex()))
}

fn forward(decoder: &LlamaDecoder, embeddings: Tensor<3>, cache: &mut KvCache) -> TensorData {
    let input = DecoderInput {
        embeddings,
        padding: &[],
        cache: Some(cache),
        logits: LogitRows::Last,
    };
    decoder.forward(input).into_data()
}

/// Milliseconds for all positions at once.
fn prefill(decoder: &LlamaDecoder, positions: usize, passes: usize) -> f64 {
    let prompt = embed(decoder, positions);
    median(passes, || {
        let mut cache = decoder.new_cache(1, positions);
        forward(decoder, black_box(prompt.clone()), &mut cache)
    })
}

/// Milliseconds for one position behind all others, on the threads that share the work, as generation does.
fn decode(decoder: &LlamaDecoder, positions: usize) -> f64 {
    let mut cache = decoder.new_cache(1, positions + 1);
    // What the cache holds does not matter for the time, only how much: filled in cheap pieces.
    for at in (0..positions).step_by(100) {
        forward(decoder, embed(decoder, 100.min(positions - at)), &mut cache);
    }
    let one = embed(decoder, 1);
    pulse_kernels::on_workers(one, move |one| {
        median(10, || {
            cache.truncate(positions);
            forward(decoder, black_box(one.clone()), &mut cache)
        })
    })
}

/// A number of the environment.
fn setting(name: &str) -> Option<usize> {
    let name = format!("PULSE_BENCH_{name}");
    let asked = std::env::var(&name).ok()?;
    Some(
        asked
            .parse()
            .unwrap_or_else(|_| panic!("{name}={asked} is no number")),
    )
}

/// Median milliseconds of `count` runs after one to warm up; a single run is not warmed up.
fn median<T>(count: usize, mut run: impl FnMut() -> T) -> f64 {
    if count > 1 {
        black_box(run());
    }
    let mut times: Vec<f64> = (0..count.max(1))
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
