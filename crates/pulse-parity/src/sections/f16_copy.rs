//! A model of the folder as a checkpoint of f16 files, which no golden folder holds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use half::f16;
use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::{LoadedModel, MergeType};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::golden::{GoldenError, fixture};
use crate::models::Models;

/// A checkpoint in a temporary folder that goes away with this value. Values are rounded as PyTorch's
/// `half()` rounds them, to the nearest and ties to even.
pub(super) struct F16Copy {
    folder: tempfile::TempDir,
    loaded: RefCell<BTreeMap<String, Rc<LoadedModel>>>,
}

impl F16Copy {
    /// Copies configurations and rounds the f32 weights of a checkpoint folder.
    pub(super) fn of(source: &Path) -> Result<Self, GoldenError> {
        let failed = |error: std::io::Error| fixture(source, format!("f16 copy: {error}"));
        let folder = tempfile::tempdir().map_err(failed)?;
        let target = folder.path();
        std::fs::create_dir_all(target.join("vision_tower")).map_err(failed)?;
        let mut weights = BTreeMap::new();
        for part in ["", "vision_tower"] {
            let from = source.join(part);
            if !from.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&from).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let name = path.file_name().unwrap_or_default();
                match path.extension().and_then(std::ffi::OsStr::to_str) {
                    Some("safetensors") => round(&path, &mut weights)?,
                    // One file needs no index.
                    Some("json") if !name.to_string_lossy().ends_with(".index.json") => {
                        std::fs::copy(&path, target.join(part).join(name)).map_err(failed)?;
                    }
                    _ => {}
                }
            }
        }
        let views = weights
            .iter()
            .map(|(name, (shape, bytes))| {
                let view = TensorView::new(Dtype::F16, shape.clone(), bytes)
                    .map_err(|error| fixture(source, error))?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>, GoldenError>>()?;
        safetensors::serialize_to_file(views, None, &target.join("model.safetensors"))
            .map_err(|error| fixture(source, error))?;
        Ok(Self {
            folder,
            loaded: RefCell::default(),
        })
    }

    /// The model with its weights as stored.
    pub(super) fn load(
        &self,
        models: &Models<'_>,
        merge: MergeType,
    ) -> Result<Rc<LoadedModel>, GoldenError> {
        let key = merge.to_string();
        if let Some(model) = self.loaded.borrow().get(&key) {
            return Ok(model.clone());
        }
        let model = LoadedModel::load(
            self.folder.path(),
            &models.options(merge, Some(WeightDtype::F16)),
        )
        .map_err(GoldenError::pulse("the f16 copy of the model"))?;
        let model = Rc::new(model);
        self.loaded.borrow_mut().insert(key, model.clone());
        Ok(model)
    }
}

type Rounded = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// Adds the tensors of an f32 file.
fn round(path: &Path, weights: &mut Rounded) -> Result<(), GoldenError> {
    let bytes = std::fs::read(path).map_err(|error| fixture(path, error))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| fixture(path, error))?;
    for (name, tensor) in file.tensors() {
        if tensor.dtype() != Dtype::F32 {
            let reason = format!("{name} is {:?}, expected F32", tensor.dtype());
            return Err(fixture(path, reason));
        }
        let words = tensor.data().as_chunks::<4>().0.iter();
        let rounded = words.flat_map(|word| f16::from_f32(f32::from_le_bytes(*word)).to_le_bytes());
        weights.insert(name, (tensor.shape().to_vec(), rounded.collect()));
    }
    Ok(())
}
