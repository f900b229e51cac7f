//! A model without training: random weights for an architecture.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::tensor::{DType, Device, Tensor, TensorData};
use pulse_kernels::{Precision, WeightSource};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::defects::CheckpointError;
use super::files::WeightFiles;
use super::new_folder::{NewFolder, copy, sync_folder, write as write_synced};
use super::source::OptionalSource;
use crate::config::ModelConfig;
use crate::decoder::RopeRounding;
use crate::error::PulseError;

/// Files of a model beside its weights.
const COMPANIONS: [&str; 7] = [
    "config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "preprocessor_config.json",
    "generation_config.json",
];

/// Standard deviation of embeddings, class token and positions.
const TABLE_DEVIATION: f64 = 0.02;

/// Writes a model with random weights to the new folder `target`: the architecture, tokenizer and other small
/// files of the folder `architecture`, all weights in f32 from the seed. Matrices are normal with variance
/// 1 / inputs, embeddings and positions with a deviation of 0.02, norms are one and biases zero.
///
/// `donors` are models whose tensors are taken where name and shape are equal, the last first: a trained vision
/// tower under a fresh decoder.
///
/// # Errors
/// [`PulseError`] if the architecture cannot be read, a donor has no weights or the target exists or cannot be
/// written.
pub fn write_fresh_model(
    architecture: &Path,
    target: &Path,
    seed: u64,
    donors: &[&Path],
) -> Result<FreshModel, PulseError> {
    let config = ModelConfig::from_folder(architecture)?;
    let mut source = RandomSource::new(seed);
    let f32 = DType::F32;
    crate::load::build(&mut source, &config, RopeRounding::None, f32, f32)?;
    let donors = donors
        .iter()
        .map(|folder| WeightFiles::open(folder))
        .collect::<Result<Vec<_>, _>>()?;
    let mut written: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let mut counts = FreshModel::default();
    for (name, (shape, values)) in source.made {
        let given = donors
            .iter()
            .rev()
            .filter_map(|files| files.tensor(&name))
            .find(|stored| stored.shape == shape);
        let entry = match given {
            Some(stored) => {
                counts.taken += 1;
                (stored.dtype, shape, stored.bytes.to_vec())
            }
            None => {
                counts.made += 1;
                let bytes = values.iter().flat_map(|value| value.to_le_bytes());
                (Dtype::F32, shape, bytes.collect())
            }
        };
        counts.parameters += entry.1.iter().product::<usize>();
        written.insert(name, entry);
    }
    let failed = |source: std::io::Error| CheckpointError::Write {
        path: target.to_owned(),
        source,
    };
    write(architecture, target, &written).map_err(failed)?;
    Ok(counts)
}

/// What [`write_fresh_model`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FreshModel {
    /// Tensors with random weights.
    pub made: usize,
    /// Tensors of the donors.
    pub taken: usize,
    /// Values of all tensors.
    pub parameters: usize,
}

/// The folder grows under another name and gets its own when it is whole.
fn write(
    architecture: &Path,
    target: &Path,
    weights: &BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
) -> std::io::Result<()> {
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let whole = NewFolder::beside(target)?;
    let folder = whole.path();
    for name in COMPANIONS {
        copy_if_there(&architecture.join(name), &folder.join(name))?;
    }
    std::fs::create_dir(folder.join("vision_tower"))?;
    for name in ["config.json", "preprocessor_config.json"] {
        let name = Path::new("vision_tower").join(name);
        copy_if_there(&architecture.join(&name), &folder.join(&name))?;
    }
    sync_folder(&folder.join("vision_tower"))?;
    let views = weights
        .iter()
        .map(|(name, (dtype, shape, bytes))| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(std::io::Error::other)?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let file = safetensors::serialize(views, Some(metadata)).map_err(std::io::Error::other)?;
    write_synced(&folder.join("model.safetensors"), &file)?;
    whole.finish()
}

fn copy_if_there(from: &Path, to: &Path) -> std::io::Result<()> {
    match copy(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Random weights by name and shape: norms are one, biases zero, tables small, matrices normal with variance
/// 1 / inputs. Every tensor has a generator of its own, of the seed and its name, so that the order in which modules
/// ask changes nothing.
#[derive(Debug)]
pub struct RandomSource {
    seed: u64,
    device: Device,
    made: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl RandomSource {
    /// A source for a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            device: Device::flex(),
            made: BTreeMap::new(),
        }
    }

    fn values(&self, name: &str, shape: &[usize]) -> Vec<f32> {
        let count = shape.iter().product();
        let is_norm = name.contains("norm") && name.ends_with("weight");
        if is_norm {
            return vec![1.0; count];
        }
        if name.ends_with("bias") {
            return vec![0.0; count];
        }
        let is_table = name.contains("embed") && !name.contains("patch_embedding");
        let deviation = if is_table || shape.len() < 2 {
            TABLE_DEVIATION
        } else {
            let inputs = shape.iter().skip(1).product::<usize>().max(1);
            1.0 / (inputs as f64).sqrt()
        };
        let mut normal = Normal::new(self.seed, name);
        (0..count)
            .map(|_| (deviation * normal.next()) as f32)
            .collect()
    }
}

impl WeightSource for RandomSource {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D], _: Precision) -> Tensor<D> {
        let values = self.values(name, &shape);
        self.made
            .insert(name.to_owned(), (shape.to_vec(), values.clone()));
        Tensor::from_data(TensorData::new(values, shape), (&self.device, DType::F32))
    }
}

impl OptionalSource for RandomSource {
    fn optional<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        Some(self.tensor(name, shape, Precision::Activation))
    }
}

/// Standard normal numbers from the output stream of BLAKE3.
struct Normal {
    stream: blake3::OutputReader,
    spare: Option<f64>,
}

impl Normal {
    fn new(seed: u64, name: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(name.as_bytes());
        Self {
            stream: hasher.finalize_xof(),
            spare: None,
        }
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        let mut word = [0; 8];
        self.stream.fill(&mut word);
        ((u64::from_le_bytes(word) >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// By the method of Box and Muller.
    fn next(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.unit().ln()).sqrt();
        let angle = std::f64::consts::TAU * self.unit();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{LoadOptions, LoadedModel};

    #[test]
    fn a_fresh_model_loads_and_takes_what_donors_have() {
        let like = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("first");
        let made = write_fresh_model(&like, &first, 1, &[]).unwrap();
        assert!(made.taken == 0 && made.made > 40);
        let loaded = LoadedModel::load(&first, &LoadOptions::default()).unwrap();
        assert_eq!(loaded.config.vision.hidden_size, 64);
        let second = folder.path().join("second");
        let taken = write_fresh_model(&like, &second, 2, &[&first]).unwrap();
        assert_eq!((taken.made, taken.taken), (0, made.made));
        let bytes = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
        assert!(bytes(&first) == bytes(&second));
        assert!(write_fresh_model(&like, &second, 2, &[]).is_err());
    }

    #[test]
    fn matrices_keep_the_size_of_what_goes_through() {
        let values = RandomSource::new(3).values("x.q_proj.weight", &[200, 400]);
        let squares: f64 = values.iter().map(|x| f64::from(*x).powi(2)).sum();
        // 80,000 squares of mean 1/400: a standard error of half a percent.
        assert!((squares / 200.0 - 1.0).abs() < 0.03, "{squares}");
    }
}
