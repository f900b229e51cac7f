//! What can be set. Every key has a default; those of `[train]` are the published run's.

use std::path::PathBuf;

use pulse_data::batch::PicturePolicy;
use pulse_data::labels::LabelPolicy;
use pulse_data::sampler::Order;
use pulse_kernels::PackedFormat;
use pulse_llm::checkpoint::ModelPart;
use pulse_llm::decoder::RopeRounding;
use pulse_llm::{DeviceName, MergeType};
use serde::{Deserialize, Serialize};

use crate::optimizer::OptimizerSettings;
use crate::schedule::ScheduleKind;
use crate::step::Accumulation;

/// A run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// What is trained.
    pub model: ModelSettings,
    /// From what.
    pub data: DataSettings,
    /// Whether and how findings are taught beside or before conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<FindingsSettings>,
    /// How.
    pub train: TrainSettings,
    /// What is kept.
    pub checkpoint: CheckpointSettings,
    /// What is shown.
    pub watch: WatchSettings,
}

/// Type of the weights in the forward and backward pass. Master weights, moments, sums and losses are
/// f32 in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComputeType {
    /// 32-bit floats.
    #[default]
    F32,
    /// bfloat16 weights beside f32 master weights.
    Bf16,
}

/// Type of the weights in checkpoints and in the final model. Master weights are kept in f32 beside
/// them, so that resuming is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportType {
    /// As PULSE-7B is published.
    #[default]
    Bf16,
    /// Exact.
    F32,
}

/// A packed form of the finished model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackedType {
    /// Linear layers in 8 bits.
    Q8,
    /// The decoder's blocks in 4 bits, other linear layers in 8.
    Q4,
}

impl PackedType {
    /// The format of the kernels.
    pub fn format(self) -> PackedFormat {
        match self {
            Self::Q8 => PackedFormat::Q8,
            Self::Q4 => PackedFormat::Q4,
        }
    }
}

/// `[model]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Checkpoint folder, relative to the configuration's, or Hub id to start from.
    pub base: String,
    /// The parts that are trained: `encoder`, `projector`, `decoder`.
    pub tune: Vec<ModelPart>,
    /// How tiles become a sequence; absent: as the checkpoint says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<MergeType>,
    /// Type of the weights while training.
    pub compute: ComputeType,
    /// Whether rotary tables are rounded; the original's training rounds to bf16.
    pub rope_rounding: RopeRounding,
    /// Where to train.
    pub device: DeviceName,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            base: String::new(),
            tune: vec![ModelPart::Projector, ModelPart::Decoder],
            merge: None,
            compute: ComputeType::F32,
            rope_rounding: RopeRounding::None,
            device: DeviceName::Cpu,
        }
    }
}

/// `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// Conversations: a JSON array in the LLaVA format. Relative to the configuration's folder, as all
    /// paths of data are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversations: Option<PathBuf>,
    /// Folder that the pictures' paths are relative to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<PathBuf>,
    /// Conversations for validation, of the same folder of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// Makes the data on the spot instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<SyntheticSettings>,
    /// Conversation template.
    pub template: String,
    /// What to do with a sample that has a defect: error, drop, truncate or reference.
    pub defects: LabelPolicy,
    /// What to do with a missing or damaged picture: error or drop.
    pub pictures: PicturePolicy,
    /// Longest sequence in tokens, pictures expanded; absent: the model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Order of the samples: random, sequential, length or modality.
    pub order: Order,
    /// Threads that prepare samples. They change the speed, never the batches.
    pub workers: usize,
    /// Micro-batches prepared ahead.
    pub prefetch: usize,
    /// Folder that keeps prepared tiles between epochs and runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<PathBuf>,
    /// Largest size of that folder in GiB.
    pub cache_gib: f64,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            conversations: None,
            images: None,
            validation: None,
            synthetic: None,
            template: "llava_v1".to_owned(),
            defects: LabelPolicy::Error,
            pictures: PicturePolicy::Error,
            max_length: None,
            order: Order::Random,
            workers: 2,
            prefetch: 4,
            cache: None,
            cache_gib: 20.0,
        }
    }
}

/// `[data.synthetic]`: patients and pages that follow from a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticSettings {
    /// Folder to make, relative to the current directory; kept for the next run with the same settings.
    pub folder: PathBuf,
    /// Conversations, each with a page of its own.
    pub count: u64,
    /// Seed of patients and pages.
    pub seed: u64,
}

impl Default for SyntheticSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("synthetic"),
            count: 256,
            seed: 0,
        }
    }
}

/// `[findings]`: a head on the vision tower that is taught findings and measurements of synthetic pages. It is kept in
/// the folder `findings` of checkpoints and of the finished model; a run that starts from such a folder goes on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FindingsSettings {
    /// The pages' truths; absent: `truth.json` beside the conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<PathBuf>,
    /// Weight of the head's loss.
    pub weight: f64,
    /// Whether conversations are learnt beside it. Without, projector and decoder are not computed.
    pub language: bool,
    /// Learned queries of the head.
    pub queries: usize,
    /// Width of its layer between queries and outputs.
    pub hidden: usize,
}

impl Default for FindingsSettings {
    fn default() -> Self {
        Self {
            truth: None,
            weight: 1.0,
            language: false,
            queries: 16,
            hidden: 256,
        }
    }
}

/// `[train]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// Passes over the data.
    pub epochs: f64,
    /// Updates instead of epochs; the schedule ends there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
    /// Ends the run after this update as an interrupt would, without changing the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_after: Option<u64>,
    /// Samples of a micro-batch.
    pub batch_size: usize,
    /// Micro-batches of an update.
    pub accumulation: usize,
    /// How micro-batches are averaged: mean (the reference's) or tokens.
    pub average: Accumulation,
    /// Learning rate at the top of the schedule.
    pub learning_rate: f64,
    /// A learning rate of its own for the projector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projector_learning_rate: Option<f64>,
    /// A learning rate of its own for the vision tower.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoder_learning_rate: Option<f64>,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Whether norms and biases are left out of weight decay.
    pub split_decay: bool,
    /// Decays of the means of gradients and of their squares.
    pub betas: [f64; 2],
    /// Added to the root of the squares.
    pub epsilon: f64,
    /// Largest norm over all gradients; 0: no clipping.
    pub max_gradient_norm: f64,
    /// Shape of the schedule: cosine, linear or constant.
    pub schedule: ScheduleKind,
    /// Share of the updates that warm up.
    pub warmup_ratio: f64,
    /// Whether the decoder's blocks are computed again in the backward pass: less memory for a third
    /// more arithmetic. Losses are the same bit for bit.
    pub recompute: bool,
    /// Seed of the order of samples.
    pub seed: u64,
    /// Stops the run when a loss is more than this times the smoothed loss; 0: only when it is no
    /// number.
    pub explosion_factor: f64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            epochs: 3.0,
            max_steps: None,
            stop_after: None,
            batch_size: 2,
            accumulation: 64,
            average: Accumulation::Mean,
            learning_rate: 2e-5,
            projector_learning_rate: None,
            encoder_learning_rate: None,
            weight_decay: 0.0,
            split_decay: false,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            max_gradient_norm: 1.0,
            schedule: ScheduleKind::Cosine,
            warmup_ratio: 0.03,
            recompute: true,
            seed: 42,
            explosion_factor: 10.0,
        }
    }
}

impl TrainSettings {
    /// The optimiser's part.
    pub fn optimizer(&self) -> OptimizerSettings {
        OptimizerSettings {
            learning_rate: self.learning_rate,
            betas: (self.betas[0], self.betas[1]),
            epsilon: self.epsilon,
            weight_decay: self.weight_decay,
            projector_learning_rate: self.projector_learning_rate,
            encoder_learning_rate: self.encoder_learning_rate,
            split_decay: self.split_decay,
            max_gradient_norm: (self.max_gradient_norm > 0.0).then_some(self.max_gradient_norm),
        }
    }
}

/// `[checkpoint]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckpointSettings {
    /// Folder of the run: checkpoints, logs, report. Relative to the directory the program is started
    /// in.
    pub folder: PathBuf,
    /// Share of the run between checkpoints, 0 to 1.
    pub every_share: f64,
    /// Updates between checkpoints instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_steps: Option<u64>,
    /// How many of the last checkpoints are kept.
    pub keep_last: usize,
    /// How many of those with the lowest validation loss are kept beside them.
    pub keep_best: usize,
    /// Type of the weights in them.
    pub dtype: ExportType,
    /// Packed forms that are written of the finished model beside it (`RUN/model-q8`): q8, q4.
    pub packed: Vec<PackedType>,
}

impl Default for CheckpointSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("runs/pulse"),
            every_share: 0.05,
            every_steps: None,
            keep_last: 20,
            keep_best: 1,
            dtype: ExportType::Bf16,
            packed: Vec::new(),
        }
    }
}

/// `[watch]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchSettings {
    /// Updates between progress lines. The log files have every update.
    pub every: u64,
    /// Updates between validations; 0: with every checkpoint.
    pub validate_every: u64,
    /// Micro-batches of a validation.
    pub validation_batches: usize,
    /// Whether TensorBoard event files are written.
    pub tensorboard: bool,
    /// Question put to the first pages of the validation set with every validation; empty: none.
    pub question: String,
    /// How many pages are asked about.
    pub pages: usize,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            every: 1,
            validate_every: 0,
            validation_batches: 32,
            tensorboard: true,
            question: String::new(),
            pages: 3,
        }
    }
}
