//! The memory of a run, from its settings and the model's configuration alone.
//!
//! Sequences are taken at their longest (`data.max_length`), so that the plan is what a run may come to
//! need; one with shorter sequences needs less activations.

use std::fmt;

use pulse_data::batch::LoaderOptions;
use pulse_data::sampler::Shard;
use pulse_kernels::training::attention_scratch;
use pulse_llm::checkpoint::ModelPart;
use pulse_llm::{ModelConfig, PulseError};
use pulse_vision::ProjectorKind;

use crate::config::{ComputeType, RunConfig};
use crate::error::TrainError;
use crate::job::base_folder;
use crate::memory::available;
use crate::step::Accumulation;
use crate::trainable::{Tune, grouped};

/// What a process takes before it has a model: the program, its libraries, threads.
const PROCESS: usize = 40 << 20;

/// Numbers of parameters of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelSizes {
    /// The vision tower, as far as it is loaded.
    pub encoder: usize,
    /// The projector.
    pub projector: usize,
    /// The language model.
    pub decoder: usize,
    /// One block of the language model.
    pub block: usize,
    /// Head or embedding table.
    pub table: usize,
}

impl ModelSizes {
    /// Counts the parameters of an architecture.
    pub fn of(config: &ModelConfig) -> Self {
        let (text, vision) = (&config.decoder, &config.vision);
        let (width, inner) = (text.hidden_size, text.intermediate_size);
        let narrow = text.key_value_heads() * text.head_dim();
        let block = 2 * width * width + 2 * width * narrow + 3 * width * inner + 2 * width;
        let table = text.vocab_size * width;
        let (tower, mlp, patch) = (
            vision.hidden_size,
            vision.intermediate_size,
            vision.patch_size,
        );
        let tower_block = 4 * (tower * tower + tower) + 2 * tower * mlp + mlp + tower + 4 * tower;
        let positions = vision.patches_per_side().pow(2) + 1;
        let depth = match config.projector {
            ProjectorKind::Identity => 0,
            ProjectorKind::Linear => 1,
            ProjectorKind::Mlp(depth) => depth,
        };
        let projector = (0..depth)
            .map(|layer| if layer == 0 { tower } else { width } * width + width)
            .sum();
        Self {
            encoder: vision.num_hidden_layers * tower_block
                + vision.num_channels * patch * patch * tower
                + tower
                + positions * tower
                + 2 * tower,
            projector,
            decoder: text.num_hidden_layers * block + 2 * table + width,
            block,
            table,
        }
    }

    /// Parameters of a part.
    pub fn part(&self, part: ModelPart) -> usize {
        match part {
            ModelPart::Encoder => self.encoder,
            ModelPart::Projector => self.projector,
            ModelPart::Decoder => self.decoder,
        }
    }
}

/// Bytes of a run by what they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Name and bytes of each kind.
    pub rows: Vec<(&'static str, usize)>,
    /// Free bytes of the machine; `None` where they cannot be told.
    pub available: Option<u64>,
    /// Trained and all parameters.
    pub parameters: (usize, usize),
    /// Rows and positions of a micro-batch.
    pub batch: (usize, usize),
}

impl MemoryPlan {
    /// The plan of a run. Nothing but the base model's configuration is read.
    ///
    /// # Errors
    /// [`TrainError`] if there is no such model or its configuration is none.
    pub fn of(config: &RunConfig) -> Result<Self, TrainError> {
        let folder = base_folder(&config.model.base)?;
        let mut model = ModelConfig::from_folder(&folder).map_err(PulseError::from)?;
        model.merge = config.model.merge.unwrap_or(model.merge);
        Ok(Self::for_model(config, &model))
    }

    /// The plan of a run of a model.
    pub fn for_model(config: &RunConfig, model: &ModelConfig) -> Self {
        let sizes = ModelSizes::of(model);
        let tune = Tune::of(&config.model.tune);
        let parts = [ModelPart::Encoder, ModelPart::Projector, ModelPart::Decoder];
        let all: usize = parts.iter().map(|part| sizes.part(*part)).sum();
        let trained: usize = parts
            .iter()
            .filter(|part| tune.has(**part))
            .map(|part| sizes.part(*part))
            .sum();
        let (weight, master) = match config.model.compute {
            ComputeType::F32 => (4, 0),
            ComputeType::Bf16 => (2, 4),
        };
        let rows = config.train.batch_size;
        let context = model.context;
        let length = config.data.max_length.unwrap_or(context).min(context);
        let snapshot = trained * (weight.max(master) + 8);
        Self {
            rows: vec![
                ("program", PROCESS),
                ("weights", all * weight + trained * master),
                ("gradients", trained * 4),
                ("optimiser moments", trained * 8),
                ("activations", activations(model, &sizes, config, length)),
                ("vision tower", vision(model, rows)),
                ("data prepared ahead", data(config, model)),
                ("checkpoint being written", snapshot),
            ],
            available: available(),
            parameters: (trained, all),
            batch: (rows, length),
        }
    }

    /// All bytes.
    pub fn total(&self) -> usize {
        self.rows.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Whether the machine has them.
    ///
    /// # Errors
    /// [`TrainError::Memory`] if not.
    pub fn check(&self) -> Result<(), TrainError> {
        match self.available {
            Some(available) if (self.total() as u64) > available => Err(TrainError::Memory {
                needed: bytes(self.total()),
                available: bytes(available as usize),
            }),
            _ => Ok(()),
        }
    }
}

/// What a micro-batch holds at the moment of its largest need: the inputs of all blocks, one block's
/// graph with its gradients, and the head's chunk.
fn activations(
    model: &ModelConfig,
    sizes: &ModelSizes,
    config: &RunConfig,
    length: usize,
) -> usize {
    let (tune, rows) = (Tune::of(&config.model.tune), config.train.batch_size);
    let text = &model.decoder;
    let (width, inner, layers) = (
        text.hidden_size,
        text.intermediate_size,
        text.num_hidden_layers,
    );
    let narrow = text.key_value_heads() * text.head_dim();
    let positions = rows * length;
    // Kept by the graph: input, norm, queries, keys, values, heads, middle, norm, gate, up, product;
    // beside them the gradients of the widest operation.
    let kept = positions * (6 * width + 2 * narrow + 3 * inner);
    let graph = kept + positions * (3 * inner + 2 * width);
    let held = if config.train.recompute {
        positions * width * layers
    } else {
        kept * layers.saturating_sub(1)
    };
    let threads = rayon::current_num_threads();
    let scratch = threads * attention_scratch(length, text.head_dim());
    let embeddings = 3 * positions * width;
    let chunk = crate::head::chunk_rows(text.vocab_size).min(positions) * text.vocab_size;
    let table = if tune.decoder { sizes.table } else { 0 };
    let block = graph + scratch + if tune.decoder { sizes.block } else { 0 };
    let head = 2 * chunk + table;
    4 * (held + embeddings + block.max(head))
}

/// Pixels of the largest canvas a page can be laid on; none without canvases.
fn largest_canvas(model: &ModelConfig) -> usize {
    let canvases = model.pinpoints.iter();
    canvases
        .map(|size| size.width as usize * size.height as usize)
        .max()
        .unwrap_or(0)
}

/// The tower's forward pass over the tiles of a micro-batch.
fn vision(model: &ModelConfig, rows: usize) -> usize {
    let vision = &model.vision;
    let most = largest_canvas(model);
    let side = vision.image_size;
    let tiles = rows * (1 + most / (side * side).max(1));
    let positions = tiles * (vision.patches_per_side().pow(2) + 1);
    let pixels = tiles * 3 * side * side;
    4 * (positions * (5 * vision.hidden_size + vision.intermediate_size) + 2 * pixels)
}

/// Batches in the queue and pages in the workers' hands.
fn data(config: &RunConfig, model: &ModelConfig) -> usize {
    let options = LoaderOptions {
        workers: config.data.workers,
        prefetch: config.data.prefetch,
        shard: Shard::single(config.train.batch_size),
    };
    let side = model.vision.image_size;
    let most = largest_canvas(model);
    let page = (side * side + most) * 3;
    let held = match config.train.average {
        Accumulation::Mean => 1,
        Accumulation::Tokens => config.train.accumulation,
    };
    let batches = options.prefetch + 1 + held;
    // Prepared pages are f32; a worker holds a decoded page of a few megapixels.
    batches * config.train.batch_size * page * 4 + options.workers * (24 << 20)
}

impl fmt::Display for MemoryPlan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trained, all) = (grouped(self.parameters.0), grouped(self.parameters.1));
        let (rows, length) = self.batch;
        writeln!(
            out,
            "memory for {trained} trained of {all} parameters, micro-batches of {rows} x {length} positions"
        )?;
        for (name, size) in &self.rows {
            writeln!(out, "  {name:<26} {:>12}", bytes(*size))?;
        }
        write!(out, "  {:<26} {:>12}", "together", bytes(self.total()))?;
        match self.available {
            Some(available) => write!(out, "  of {} free", bytes(available as usize)),
            None => Ok(()),
        }
    }
}

fn bytes(size: usize) -> String {
    let mib = size as f64 / f64::from(1 << 20);
    if mib < 1024.0 {
        format!("{mib:.1} MiB")
    } else {
        format!("{:.2} GiB", mib / 1024.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use pulse_llm::checkpoint::parameters;
    use pulse_llm::{LoadOptions, LoadedModel};

    use super::*;

    #[test]
    fn the_counts_are_those_of_the_module() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let loaded = LoadedModel::load(&folder, &LoadOptions::default()).unwrap();
        let config = &loaded.config;
        let sizes = ModelSizes::of(config);
        for part in [ModelPart::Encoder, ModelPart::Projector, ModelPart::Decoder] {
            let places = parameters(&loaded.model, config.projector, config.vision.patch_size);
            let counted: usize = places
                .iter()
                .filter(|place| place.part == part && !place.name.ends_with("image_newline"))
                .map(|place| place.values())
                .sum();
            assert_eq!(sizes.part(part), counted, "{part}");
        }
    }
}
