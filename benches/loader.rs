//! The loader over pages of 2200x1700: samples per second, and memory along an epoch. The peer and
//! the pages are made by `benches/peers/loader.py`.
//!
//!     python3 benches/peers/loader.py make DIR
//!     PULSE_BENCH_PAGES=DIR cargo bench -p pulse-data --bench loader
//!
//! `PULSE_BENCH_SAMPLES` (default 1000) and `PULSE_BENCH_WORKERS` (default 2) say how much; without
//! pages the one of this repository is used. Prints one JSON object. Run as a test it makes two
//! batches.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use burn::data::dataset::{Dataset, DatasetError};
use pulse_data::batch::{
    DatasetConfig, ImageFolder, Loader, LoaderOptions, PicturePolicy, TrainingDataset,
};
use pulse_data::labels::{LabelOptions, LabelPolicy, Labeller};
use pulse_data::sampler::{EpochOrder, SamplerConfig, Shard};
use pulse_data::{Message, Sample};
use pulse_llm::MergeType;
use pulse_llm::text::Tokenizer;
use pulse_vision::{
    AspectMode, PassOrder, PixelSize, Preprocessor, PreprocessorConfig, TileConvention,
};

/// The samples again and again, up to a number.
struct Repeated {
    samples: Vec<Sample>,
    length: usize,
}

impl Dataset<Sample> for Repeated {
    fn get(&self, index: usize) -> Result<Sample, DatasetError> {
        Ok(self.samples[index % self.samples.len()].clone())
    }

    fn len(&self) -> usize {
        self.length
    }
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn pages() -> (PathBuf, Vec<Sample>) {
    if let Ok(folder) = std::env::var("PULSE_BENCH_PAGES") {
        let folder = PathBuf::from(folder);
        let json = std::fs::read(folder.join("samples.json")).expect("samples.json of the pages");
        return (folder, serde_json::from_slice(&json).expect("LLaVA JSON"));
    }
    let message = |from: &str, value: &str| Message {
        from: from.to_owned(),
        value: value.to_owned(),
    };
    let sample = Sample {
        id: "page".to_owned(),
        image: Some("sinus-rhythm.png".into()),
        conversations: vec![
            message(
                "human",
                "<image>\nWhat are the main features in this ECG image?",
            ),
            message("gpt", "Sinus rhythm."),
        ],
    };
    (datasets().join("pages"), vec![sample])
}

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

/// Resident memory in MiB; 0 where `/proc` is not there.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Processor seconds of all threads, which other programs on the machine change less than the time
/// that passes; 0 where `/proc` is not there. Linux counts in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn loader(samples: usize, workers: usize) -> Loader {
    let (folder, pages) = pages();
    let canvases = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)];
    let preprocessor = Preprocessor::new(PreprocessorConfig {
        mode: AspectMode::Anyres,
        tile_side: 336,
        pinpoints: canvases
            .map(|(width, height)| PixelSize::new(width, height))
            .to_vec(),
        convention: TileConvention::Llava,
        pass_order: PassOrder::default(),
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
        rescale_factor: 1.0 / 255.0,
    })
    .expect("the numbers of PULSE-7B");
    let tokenizer = Tokenizer::from_folder(&datasets().join("pulse-random")).expect("a tokenizer");
    let options = LabelOptions::pulse(LabelPolicy::Error).expect("PULSE's template");
    let dataset = TrainingDataset::new(
        Arc::new(Repeated {
            samples: pages,
            length: samples,
        }),
        DatasetConfig {
            labeller: Labeller::new(tokenizer, options).expect("options"),
            preprocessor,
            pictures: Arc::new(ImageFolder::new(folder)),
            picture_policy: PicturePolicy::Error,
            merge: MergeType::Flat,
            patches_per_side: 24,
            cache: None,
        },
    );
    let order = EpochOrder::new(SamplerConfig::default(), samples, None).expect("samples");
    let options = LoaderOptions {
        workers,
        prefetch: 2,
        shard: Shard::single(2),
    };
    Loader::new(dataset, order, options).expect("a loader")
}

fn main() {
    // `cargo test` runs benches without `--bench`.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let samples = if is_bench {
        number("PULSE_BENCH_SAMPLES", 1000)
    } else {
        4
    };
    let workers = number("PULSE_BENCH_WORKERS", 2);
    let loader = loader(samples, workers);
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let (mut seen, mut tiles, mut memory) = (0, 0, Vec::new());
    let tenth = samples.div_ceil(10);
    for batch in loader.batches(loader.start()).expect("an epoch") {
        let batch = batch.expect("sound pages");
        seen += batch.rows;
        tiles += batch.tiles();
        if seen / tenth > memory.len() {
            memory.push(resident());
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    println!(
        "{}",
        serde_json::json!({
            "workers": workers,
            "samples": seen,
            "tiles": tiles,
            "seconds": (seconds * 100.0).round() / 100.0,
            "samples_per_second": (seen as f64 / seconds * 100.0).round() / 100.0,
            "cpu_ms_per_sample": (cpu / seen as f64 * 1e4).round() / 10.0,
            "resident_mib_along_the_epoch": memory,
        })
    );
}
