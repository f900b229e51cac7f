//! CLIP-L on five tiles and a Llama of 1.1 billion parameters, against PyTorch
//! (`benches/peers/model.py`): vision, prefill of 2,200 positions, one decode step behind them.
//!
//! Random weights, f32 activations. `PULSE_BENCH_DTYPE=bf16` keeps matrices in bf16.
//! `RAYON_NUM_THREADS` sets the threads. `benches/compare.sh` runs both sides. One pass takes up to
//! a minute, so this takes a few and prints medians as JSON instead of using a bench harness.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{DType, Device, Distribution, Int, Tensor};
use pulse_kernels::{Precision, Scope, WeightSource};
use pulse_llm::decoder::{
    CausalDecoder, DecoderInput, LlamaConfig, LlamaDecoder, LogitRows, RopeRounding,
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
    let (vision_ms, tokens) = vision();
    let [prefill_ms, decode_ms] = decoder();
    let report = serde_json::json!({
        "threads": rayon::current_num_threads(),
        "cpu": pulse_kernels::cpu_features(),
        "matrices": format!("{:?}", source().matrices),
        "features": tokens,
        "vision": vision_ms,
        "prefill": prefill_ms,
        "decode": decode_ms,
    });
    println!("{report}");
}

/// Milliseconds for five tiles, and the shape that came out.
fn vision() -> (f64, [usize; 3]) {
    let mut source = source();
    let config = ClipVisionConfig::published("openai/clip-vit-large-patch14-336").expect("known");
    let scope = Scope::new(&mut source, "");
    let encoder =
        ClipVisionEncoder::load(scope, config, FeatureSelection::default()).expect("sound");
    let tiles = Tensor::<4>::random([5, 3, 336, 336], Distribution::Default, &source.device);
    let run = || encoder.encode(black_box(tiles.clone()));
    (median(3, || run().into_data()), run().dims())
}

/// Milliseconds of the prefill and of one step behind it.
fn decoder() -> [f64; 2] {
    let mut source = source();
    let config: LlamaConfig = serde_json::from_value(serde_json::json!({
        "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22,
        "num_attention_heads": 32, "num_key_value_heads": 4, "vocab_size": 32000,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 4096
    }))
    .expect("fields of a Llama");
    let decoder =
        LlamaDecoder::load(&mut source, config, RopeRounding::None, DType::F32).expect("sound");
    let prompt = decoder.embed(Tensor::<2, Int>::zeros([1, POSITIONS], &source.device));
    let forward = |embeddings: Tensor<3>, cache: &mut _| {
        let cache = Some(cache);
        let input = DecoderInput {
            embeddings,
            padding: &[],
            cache,
            logits: LogitRows::Last,
        };
        decoder.forward(input).into_data()
    };
    let prefill = median(3, || {
        let mut cache = decoder.new_cache(1, POSITIONS);
        forward(black_box(prompt.clone()), &mut cache)
    });
    let mut cache = decoder.new_cache(1, POSITIONS + 1);
    forward(prompt.clone(), &mut cache);
    let one = decoder.embed(Tensor::<2, Int>::zeros([1, 1], &source.device));
    let decode = median(10, || {
        cache.truncate(POSITIONS);
        forward(black_box(one.clone()), &mut cache)
    });
    [prefill, decode]
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
