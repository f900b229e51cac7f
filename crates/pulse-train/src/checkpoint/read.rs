//! A folder to the state of a run.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use bytemuck::pod_collect_to_vec;
use pulse_kernels::MappedFile;
use pulse_kernels::training::AdamWMoments;
use pulse_llm::checkpoint::ParameterPlace;
use safetensors::{Dtype, SafeTensors};

use super::error::CheckpointError;
use super::state::RunState;
use super::write::sizes;
use crate::config::{RunConfig, parse};
use crate::optimizer::{Optimizer, ParameterState};

/// A checkpoint that was opened and found whole.
#[derive(Debug)]
pub struct SavedRun {
    /// The folder.
    pub path: PathBuf,
    /// The state.
    pub state: RunState,
    /// The settings it was written with.
    pub config: RunConfig,
    optimizer: MappedFile,
}

/// Opens a checkpoint and compares all its files with their recorded sizes.
///
/// # Errors
/// [`CheckpointError::Damaged`] if a file is missing, has another size or cannot be read.
pub fn read(path: &Path) -> Result<SavedRun, CheckpointError> {
    let damaged = |reason: String| CheckpointError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let trainer = path.join("trainer");
    let text = |name: &str| {
        std::fs::read_to_string(trainer.join(name))
            .map_err(|error| damaged(format!("trainer/{name}: {error}")))
    };
    let recorded: BTreeMap<String, u64> = serde_json::from_str(&text("files.json")?)
        .map_err(|error| damaged(format!("trainer/files.json: {error}")))?;
    let found = sizes(path)?;
    for (name, size) in &recorded {
        match found.get(name) {
            Some(found) if found == size => {}
            Some(found) => {
                return Err(damaged(format!(
                    "{name} has {found} bytes, {size} were written"
                )));
            }
            None => return Err(damaged(format!("{name} is missing"))),
        }
    }
    let state: RunState = serde_json::from_str(&text("state.json")?)
        .map_err(|error| damaged(format!("trainer/state.json: {error}")))?;
    let config = parse(&text("run.toml")?, "trainer/run.toml", &[])
        .map_err(|error| damaged(error.to_string()))?;
    let optimizer = MappedFile::open(&trainer.join("optimizer.safetensors"))
        .map_err(|error| damaged(error.to_string()))?;
    SafeTensors::deserialize(optimizer.as_slice())
        .map_err(|error| damaged(format!("trainer/optimizer.safetensors: {error}")))?;
    Ok(SavedRun {
        path: path.to_owned(),
        state,
        config,
        optimizer,
    })
}

/// The validation loss a checkpoint was written with; `None` if there was none or it cannot be read.
pub(super) fn validation_loss(path: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(path.join("trainer/state.json")).ok()?;
    let state: RunState = serde_json::from_str(&text).ok()?;
    state.validation_loss
}

impl SavedRun {
    /// Puts moments and counts of updates into an optimiser, and the exact weights into the model that
    /// was loaded from the checkpoint's folder (or, where the model holds a narrower type, beside the
    /// moments).
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] if tensors are missing or have another length.
    pub fn restore<M: Module>(
        &self,
        model: M,
        optimizer: &mut Optimizer,
        places: &[ParameterPlace],
        device: &Device,
    ) -> Result<M, CheckpointError> {
        let damaged = |reason: String| CheckpointError::Damaged {
            path: self.path.clone(),
            reason,
        };
        let tensors = SafeTensors::deserialize(self.optimizer.as_slice())
            .map_err(|error| damaged(error.to_string()))?;
        let values = |kind: &str, place: &ParameterPlace| -> Result<_, CheckpointError> {
            let name = format!("{kind}.{}", place.name);
            let Ok(stored) = tensors.tensor(&name) else {
                return Ok(None);
            };
            let expected = place.values();
            if stored.dtype() != Dtype::F32 || stored.data().len() != expected * 4 {
                let (dtype, bytes) = (stored.dtype(), stored.data().len());
                return Err(damaged(format!(
                    "{name} is {dtype:?} of {bytes} bytes, expected {expected} values in F32"
                )));
            }
            let values: Vec<f32> = pod_collect_to_vec(stored.data());
            let data = TensorData::new(values, [expected]);
            Ok(Some(Tensor::<1>::from_data(data, device)))
        };
        let mut masters = HashMap::new();
        for place in places {
            if let Some(master) = values("master", place)? {
                masters.insert(place.id, master);
            }
        }
        let mut narrow = Masters {
            masters,
            kept: HashMap::new(),
        };
        let model = model.map(&mut narrow);
        for (name, updates) in &self.state.updates {
            let place = places
                .iter()
                .find(|place| place.name == *name)
                .ok_or_else(|| damaged(format!("the model has no parameter {name}")))?;
            let needed = |kind: &str| {
                values(kind, place)?.ok_or_else(|| damaged(format!("{kind}.{name} is missing")))
            };
            let state = ParameterState {
                moments: AdamWMoments {
                    first: needed("first")?,
                    second: needed("second")?,
                },
                updates: *updates,
                master: narrow.kept.remove(&place.id),
            };
            optimizer.restore(place.id, state);
        }
        Ok(model)
    }
}

/// Replaces parameters in f32 by their exact values, and keeps those of narrower parameters.
struct Masters {
    masters: HashMap<ParamId, Tensor<1>>,
    kept: HashMap<ParamId, Tensor<1>>,
}

impl ModuleMapper for Masters {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id;
        let Some(master) = self.masters.remove(&id) else {
            return param;
        };
        if param.val().dtype() != DType::F32 {
            self.kept.insert(id, master);
            return param;
        }
        param.map(|tensor| master.reshape(tensor.dims()))
    }
}
