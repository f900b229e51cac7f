//! The head on disk: `findings/` in the folder of a checkpoint or of a model.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use bytemuck::pod_collect_to_vec;
use pulse_kernels::{Precision, Scope, WeightSource};
use pulse_llm::checkpoint::{ModelPart, ParameterPlace, RandomSource};
use safetensors::{Dtype, SafeTensors};

use super::head::{FindingsHead, HeadShape};
use crate::checkpoint::{CheckpointError, NamedTensor};
use crate::error::TrainError;

/// What all names of its parameters begin with, so that they differ from those of the model.
const PREFIX: &str = "findings";

/// Folder and file below that of the model.
pub(crate) const HEAD_FILE: &str = "findings/head.safetensors";

/// The head of a folder, or a new one with weights from the seed where it has none.
pub(crate) fn load_head(
    folder: &Path,
    shape: HeadShape,
    seed: u64,
    device: &Device,
) -> Result<FindingsHead, TrainError> {
    let path = folder.join(HEAD_FILE);
    let damaged = |reason: String| CheckpointError::Damaged {
        path: folder.to_owned(),
        reason: format!("{HEAD_FILE}: {reason}"),
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut source = RandomSource::new(seed);
            return Ok(FindingsHead::load(Scope::new(&mut source, PREFIX), shape));
        }
        Err(source) => return Err(CheckpointError::File { path, source }.into()),
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(error.to_string()))?;
    let mut source = Stored {
        tensors,
        device,
        defects: Vec::new(),
    };
    let head = FindingsHead::load(Scope::new(&mut source, PREFIX), shape);
    if source.defects.is_empty() {
        Ok(head)
    } else {
        Err(damaged(source.defects.join("; ")).into())
    }
}

/// Tensors of a file; the reader of it reports the defects.
struct Stored<'a> {
    tensors: SafeTensors<'a>,
    device: &'a Device,
    defects: Vec<String>,
}

impl WeightSource for Stored<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D], _: Precision) -> Tensor<D> {
        let stand_in = Tensor::<D>::zeros([1; D], self.device).expand(shape);
        match self.tensors.tensor(name) {
            Ok(stored) if stored.dtype() == Dtype::F32 && stored.shape() == shape => {
                let values: Vec<f32> = pod_collect_to_vec(stored.data());
                Tensor::from_data(TensorData::new(values, shape), self.device)
            }
            Ok(stored) => {
                let (dtype, found) = (stored.dtype(), stored.shape().to_vec());
                self.defects.push(format!(
                    "{name} is {dtype:?} {found:?}, expected F32 {shape:?}; start without the head's file, or with \
                     the sizes it was trained with"
                ));
                stand_in
            }
            Err(error) => {
                self.defects.push(format!("{name}: {error}"));
                stand_in
            }
        }
    }
}

/// The parameters of a head by name. They are no part of the model, and go with the rate of the decoder.
pub(crate) fn places(head: &FindingsHead) -> Vec<ParameterPlace> {
    values(head)
        .into_iter()
        .map(|(id, tensor)| ParameterPlace {
            id,
            name: tensor.name,
            shape: tensor.shape,
            part: ModelPart::Decoder,
        })
        .collect()
}

/// The values of a head by name.
pub(crate) fn head_tensors(head: &FindingsHead) -> Vec<NamedTensor> {
    values(head).into_iter().map(|(_, tensor)| tensor).collect()
}

fn values(head: &FindingsHead) -> Vec<(burn::module::ParamId, NamedTensor)> {
    let mut visitor = Values(Vec::new());
    head.visit(&mut visitor);
    visitor.0
}

struct Values(Vec<(burn::module::ParamId, NamedTensor)>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(name) = FindingsHead::NAMES.get(self.0.len()) else {
            return;
        };
        let tensor = param.val();
        let shape = tensor.dims();
        let count = shape.iter().product::<usize>();
        let named = NamedTensor {
            name: format!("{PREFIX}.{name}"),
            shape: shape.to_vec(),
            values: tensor.reshape([count]),
        };
        self.0.push((param.id, named));
    }
}

/// Whether a parameter is one of a head.
pub(crate) fn is_of_head(place: &ParameterPlace) -> bool {
    place.name.starts_with("findings.")
}
