//! CLIP-L on five tiles and a Llama of 1.1 billion parameters, against PyTorch
//! (`benches/peers/model.py`): vision, prefill of 2,200 positions, one decode step behind them.
//!
//! Random weights, f32 activations. `PULSE_BENCH_DTYPE=bf16` keeps matrices in bf16.
//! `RAYON_NUM_THREADS` sets the threads; naming parts (`-- vision decode`) leaves the others out. One
//! pass takes up to a minute, so this takes a few (`PULSE_BENCH_PASSES`, 3) and prints medians as JSON
//! instead of using a bench harness; on a shared machine take 1 and run it in turn with the peer.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{DType, Device, Distribution, Int, Tensor, TensorData};
use pulse_kernels::{Precision, Scope, WeightSource};
use pulse_llm::decoder::{
    CausalDecoder, DecoderInput, KvCache, LlamaConfig, LlamaDecoder, LogitRows, RopeRounding,
};
use pulse_vision::{ClipVisionConfig, ClipVisionEncoder, FeatureSelection, VisualEncoder};

const POSITIONS: usize = 2200;

/// Weights of any name and shape.
struct RandomSource {
    device: Device,
    matrices: DType,
}

impl WeightSource for RandomSource {
    fn tensor<const D: usize>(
        &mut self,
        _: &str,
        shape: [usize; D],
        precision: Precision,
    ) -> Tensor<D> {
        let weight = Tensor::<D>::random(shape, Distribution::Uniform(-0.02, 0.02), &self.device);
        match precision {
            Precision::Matrix => weight.cast(self.matrices),
            Precision::Activation => weight,
        }
    }
}

fn source() -> RandomSource {
    let matrices = match std::env::var("PULSE_BENCH_DTYPE").as_deref() {
        Ok("bf16") => DType::BF16,
        _ => DType::F32,
    };
    RandomSource {
        device: Device::flex(),
        matrices,
    }
}

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let mut report = serde_json::json!({
        "threads": rayon::current_num_threads(),
        "cpu": pulse_kernels::Level::detect().name(),
        "matrices": format!("{:?}", source().matrices),
    });
    if wanted("vision") {
        report["vision"] = vision().into();
    }
    if wanted("prefill") || wanted("decode") {
        let decoder = llama();
        if wanted("prefill") {
            report["prefill"] = prefill(&decoder).into();
        }
        if wanted("decode") {
            report["decode"] = decode(&decoder).into();
        }
    }
    println!("{report}");
}

/// Milliseconds for five tiles.
fn vision() -> f64 {
    let mut source = source();
    let config = ClipVisionConfig::published("openai/clip-vit-large-patch14-336").expect("known");
    let scope = Scope::new(&mut source, "");
    let encoder =
        ClipVisionEncoder::load(scope, config, FeatureSelection::default()).expect("sound");
    let tiles = Tensor::<4>::random([5, 3, 336, 336], Distribution::Default, &source.device);
    median(passes(), || {
        encoder.encode(black_box(tiles.clone())).into_data()
    })
}

fn llama() -> LlamaDecoder {
    let config: LlamaConfig = serde_json::from_value(serde_json::json!({
        "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22,
        "num_attention_heads": 32, "num_key_value_heads": 4, "vocab_size": 32000,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 4096
    }))
    .expect("fields of a Llama");
    LlamaDecoder::load(&mut source(), config, RopeRounding::None, DType::F32).expect("sound")
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
fn prefill(decoder: &LlamaDecoder) -> f64 {
    let prompt = embed(decoder, POSITIONS);
    median(passes(), || {
        let mut cache = decoder.new_cache(1, POSITIONS);
        forward(decoder, black_box(prompt.clone()), &mut cache)
    })
}

/// Milliseconds for one position behind all others.
fn decode(decoder: &LlamaDecoder) -> f64 {
    let mut cache = decoder.new_cache(1, POSITIONS + 1);
    // What the cache holds does not matter for the time, only how much: filled in cheap pieces.
    for _ in 0..POSITIONS / 100 {
        forward(decoder, embed(decoder, 100), &mut cache);
    }
    let one = embed(decoder, 1);
    median(10, || {
        cache.truncate(POSITIONS);
        forward(decoder, black_box(one.clone()), &mut cache)
    })
}

/// Passes of vision and prefill to take the median of.
fn passes() -> usize {
    let asked = std::env::var("PULSE_BENCH_PASSES").ok();
    asked.and_then(|passes| passes.parse().ok()).unwrap_or(3)
}

/// Median milliseconds of `count` runs after one to warm up.
fn median<T>(count: usize, mut run: impl FnMut() -> T) -> f64 {
    black_box(run());
    let mut times: Vec<f64> = (0..count)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[count / 2]
}
