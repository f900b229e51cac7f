//! One training step of a Llama decoder on text, against PyTorch (`benches/peers/training.py`): loss,
//! gradients, clipping by the global norm, AdamW.
//!
//! ```text
//! cargo bench -p pulse-train --bench training -- step        4 blocks of width 512, 4 x 512 positions
//! cargo bench -p pulse-train --bench training -- length 2048  the same with 1 x 2048 positions
//! ```
//!
//! Prints JSON: the median of the steps behind the first two in seconds, and the growth of the resident
//! memory from before the model to the peak. `--recompute` drops activations, `--bf16` keeps weights in
//! bf16 beside f32 masters (activations stay f32). `RAYON_NUM_THREADS` sets the threads.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::time::Instant;

use burn::tensor::{DType, Device, Distribution, Tensor};
use pulse_data::batch::HostBatch;
use pulse_kernels::{Precision, Scope, WeightSource};
use pulse_llm::checkpoint::ModelPart;
use pulse_llm::decoder::{LlamaConfig, LlamaDecoder, RopeRounding};
use pulse_llm::{LoadOptions, LoadedModel, MergeType, PulseModel};
use pulse_train::config::{ComputeType, RunConfig};
use pulse_train::{
    Accumulation, MemoryPlan, Optimizer, OptimizerSettings, PassContext, PhaseClock, TrainableSet,
    Tune, accumulate, memory, update,
};
use pulse_vision::{
    ClipVisionConfig, ClipVisionEncoder, FeatureSelection, MlpProjector, ProjectorKind,
};

const STEPS: usize = 5;

struct RandomSource(Device, DType);

impl WeightSource for RandomSource {
    fn tensor<const D: usize>(
        &mut self,
        _: &str,
        shape: [usize; D],
        precision: Precision,
    ) -> Tensor<D> {
        let dtype = match precision {
            Precision::Matrix => self.1,
            Precision::Activation => DType::F32,
        };
        Tensor::<D>::random(shape, Distribution::Uniform(-0.03, 0.03), &self.0).cast(dtype)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|one| one != "--bench")
        .collect();
    let recompute = arguments.iter().any(|one| one == "--recompute");
    let dtype = match arguments.iter().any(|one| one == "--bf16") {
        true => DType::BF16,
        false => DType::F32,
    };
    let length = arguments
        .iter()
        .position(|one| one == "length")
        .and_then(|at| arguments.get(at + 1)?.parse().ok());
    let (rows, width) = length.map_or((4, 512), |length| (1, length));
    // As the program does.
    pulse_kernels::training::keep_freed_memory();
    let before = memory::resident().unwrap_or(0);
    let (model, config) = model(dtype);
    let tune = Tune {
        encoder: false,
        projector: false,
        decoder: true,
    };
    let mut model = tune.freeze(model);
    let set = TrainableSet::new(&model, &config, tune).expect("a trainable set");
    let mut optimizer = Optimizer::new(
        OptimizerSettings {
            learning_rate: 1e-4,
            ..OptimizerSettings::default()
        },
        &set,
    );
    let context = PassContext {
        device: Device::flex(),
        tune,
        max_length: width,
        vocabulary: config.decoder.vocab_size,
        recompute,
    };
    let batch = batch(rows, width, config.decoder.vocab_size);
    let mut clock = PhaseClock::default();
    let mut seconds = Vec::new();
    let mut loss = 0.0;
    for _ in 0..STEPS {
        let start = Instant::now();
        let (outcome, gradients) = accumulate(
            &model,
            std::iter::once(Ok(batch.clone())),
            1,
            Accumulation::Mean,
            &context,
            &set,
            &mut clock,
        )
        .expect("a step");
        model = update(model, &mut optimizer, &outcome, gradients, 1.0);
        seconds.push(start.elapsed().as_secs_f64());
        loss = outcome.loss;
    }
    let spent = clock.take();
    let mut settled = seconds.split_off(2);
    settled.sort_by(f64::total_cmp);
    let peak = memory::peak().unwrap_or(0).saturating_sub(before);
    let plan = planned(&config, [rows, width], recompute, dtype);
    println!(
        "{{\"rows\": {rows}, \"positions\": {width}, \"recompute\": {recompute}, \"weights\": \"{dtype:?}\", \"parameters\": {}, \
         \"seconds\": {:.3}, \"peak_mib\": {:.0}, \"plan_mib\": {plan:.0}, \"loss\": {loss:.4}, \"forward\": {:.3}, \
         \"backward\": {:.3}, \"optimiser\": {:.3}}}",
        set.trained_values(),
        settled[settled.len() / 2],
        peak as f64 / f64::from(1 << 20),
        spent.forward / STEPS as f64,
        spent.backward / STEPS as f64,
        spent.optimiser / STEPS as f64,
    );
}

/// What the plan says of weights, gradients, moments and activations.
fn planned(
    model: &pulse_llm::ModelConfig,
    [rows, width]: [usize; 2],
    recompute: bool,
    dtype: DType,
) -> f64 {
    let mut config = RunConfig::default();
    if dtype == DType::BF16 {
        config.model.compute = ComputeType::Bf16;
    }
    config.model.tune = vec![ModelPart::Decoder];
    config.train.batch_size = rows;
    config.train.recompute = recompute;
    config.data.max_length = Some(width);
    let plan = MemoryPlan::for_model(&config, model);
    let counted = ["weights", "gradients", "optimiser moments", "activations"];
    let rows = plan.rows.iter().filter(|(name, _)| counted.contains(name));
    rows.map(|(_, bytes)| *bytes as f64).sum::<f64>() / f64::from(1 << 20)
}

/// Four blocks of width 512 with a vocabulary of 8,000; the smallest tower, unused.
fn model(dtype: DType) -> (PulseModel, pulse_llm::ModelConfig) {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
    let loaded = LoadedModel::load(&folder, &LoadOptions::default()).expect("the bundled model");
    let mut config = loaded.config;
    let device = Device::flex();
    let decoder: LlamaConfig = serde_json::from_value(serde_json::json!({
        "hidden_size": 512, "intermediate_size": 1376, "num_hidden_layers": 4,
        "num_attention_heads": 8, "vocab_size": 8000, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 4096
    }))
    .expect("a decoder configuration");
    config.decoder = decoder.clone();
    let mut source = RandomSource(device, dtype);
    let vision: ClipVisionConfig = config.vision.clone();
    let tower = vision.hidden_size;
    let model = PulseModel {
        encoder: ClipVisionEncoder::load(
            Scope::new(&mut source, ""),
            vision,
            FeatureSelection::default(),
        )
        .expect("a tower"),
        projector: MlpProjector::load(&mut source, ProjectorKind::Mlp(2), tower, 512, |layer| {
            layer.to_string()
        }),
        decoder: LlamaDecoder::load(&mut source, decoder, RopeRounding::None, DType::F32)
            .expect("a decoder"),
        image_newline: None,
        merge: MergeType::Flat,
    };
    (model, config)
}

/// Every position but the first is learnt.
fn batch(rows: usize, width: usize, vocabulary: usize) -> HostBatch {
    let ids: Vec<i32> = (0..rows * width)
        .map(|place| (place * 7919 % (vocabulary - 3) + 3) as i32)
        .collect();
    let mut labels = ids.clone();
    for row in 0..rows {
        labels[row * width] = -100;
    }
    HostBatch {
        rows,
        width,
        input_ids: ids,
        labels,
        attention_mask: vec![true; rows * width],
        tile_counts: vec![0; rows],
        image_sizes: vec![None; rows],
        plans: vec![None; rows],
        ids: (0..rows).map(|row| row.to_string()).collect(),
        indices: (0..rows).collect(),
        ..HostBatch::default()
    }
}
