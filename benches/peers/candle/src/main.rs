//! candle doing the work of one answer: CLIP ViT-L/14-336 on five tiles, a Llama of 1.1 billion
//! parameters over 2,928 positions, 32 tokens after them. Random weights, f32.
//!
//! `RAYON_NUM_THREADS=2 RUSTFLAGS="-C target-cpu=native" cargo run --release -- [clip] [llama]` in this
//! folder prints one JSON object: seconds, tokens per second, peak resident memory.

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::clip::vision_model::{ClipVisionConfig, ClipVisionTransformer};
use candle_transformers::models::llama::{Cache, Config, Llama};

const POSITIONS: usize = 2928;
const TOKENS: usize = 32;

fn main() -> Result<()> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let device = Device::Cpu;
    let mut report = serde_json::json!({
        "peer": "candle 0.11.1 f32",
        "avx": candle_core::utils::with_avx(),
        "threads": candle_core::utils::get_num_threads(),
    });
    // Both stay in memory until the end, as in a model that has both.
    let clip = wanted("clip").then(|| random(clip)).transpose()?;
    let llama = wanted("llama").then(|| random(llama)).transpose()?;
    if let Some(clip) = &clip {
        let tiles = Tensor::randn(0f32, 1., (5, 3, 336, 336), &device)?;
        let start = Instant::now();
        let states = clip.output_hidden_states(&tiles)?;
        states[22].sum_all()?.to_scalar::<f32>()?;
        report["vision_s"] = start.elapsed().as_secs_f64().into();
    }
    if let Some((llama, config)) = &llama {
        let mut cache = Cache::new(true, DType::F32, config, &device)?;
        let prompt = Tensor::randn(0f32, 0.02, (1, POSITIONS, config.hidden_size), &device)?;
        let start = Instant::now();
        let mut token = choice(&llama.forward_input_embed(&prompt, 0, &mut cache)?)?;
        report["prefill_s"] = start.elapsed().as_secs_f64().into();
        let start = Instant::now();
        for step in 0..TOKENS {
            let next = Tensor::new(&[[token]], &device)?;
            token = choice(&llama.forward(&next, POSITIONS + step, &mut cache)?)?;
        }
        report["tokens_per_s"] = (TOKENS as f64 / start.elapsed().as_secs_f64()).into();
    }
    report["peak_mib"] = peak_mib().into();
    println!("{report}");
    Ok(())
}

/// A model of random constants. A `VarMap` draws them; its variables themselves would keep every
/// intermediate result for a backward pass.
fn random<T>(load: impl Fn(VarBuilder) -> Result<T>) -> Result<T> {
    let drawn = VarMap::new();
    load(VarBuilder::from_varmap(&drawn, DType::F32, &Device::Cpu))?;
    let variables = std::mem::take(&mut *drawn.data().lock().expect("one thread"));
    let constants = variables.into_iter().map(|(name, variable)| (name, variable.as_detached_tensor()));
    load(VarBuilder::from_tensors(constants.collect(), DType::F32, &Device::Cpu))
}

fn clip(weights: VarBuilder) -> Result<ClipVisionTransformer> {
    ClipVisionTransformer::new(weights, &ClipVisionConfig::clip_vit_large_patch14_336())
}

fn llama(weights: VarBuilder) -> Result<(Llama, Config)> {
    let config = Config {
        hidden_size: 2048,
        intermediate_size: 5632,
        vocab_size: 32000,
        num_hidden_layers: 22,
        num_attention_heads: 32,
        num_key_value_heads: 4,
        use_flash_attn: false,
        rms_norm_eps: 1e-5,
        rope_theta: 10000.,
        bos_token_id: None,
        eos_token_id: None,
        rope_scaling: None,
        max_position_embeddings: 4096,
        tie_word_embeddings: false,
    };
    Ok((Llama::load(weights, &config)?, config))
}

fn choice(logits: &Tensor) -> Result<u32> {
    logits.flatten_all()?.argmax(0)?.to_scalar()
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
