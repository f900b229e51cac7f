//! Tensors of a checkpoint for the modules that ask for them.

use std::collections::BTreeSet;

use burn::tensor::{AllocationProperty, Bytes, Device, Tensor, TensorData};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use pulse_kernels::{Precision, WeightSource};

use super::defects::{CheckpointError, Defects};
use super::files::{TensorPlace, WeightFiles};
use super::layout::Layout;
use super::precision::WeightDtype;

/// Hands out the tensors of a checkpoint in the types they run in and notes every defect.
pub struct CheckpointSource<'a> {
    files: &'a WeightFiles,
    layout: &'static Layout,
    device: &'a Device,
    /// Type of matrices; `None` keeps each as stored.
    matrices: Option<WeightDtype>,
    /// Type of everything that joins activations.
    activations: WeightDtype,
    taken: BTreeSet<String>,
    defects: Defects,
}

impl<'a> CheckpointSource<'a> {
    /// A source over mapped files.
    pub fn new(
        files: &'a WeightFiles,
        layout: &'static Layout,
        device: &'a Device,
        matrices: Option<WeightDtype>,
        activations: WeightDtype,
    ) -> Self {
        Self {
            files,
            layout,
            device,
            matrices,
            activations,
            taken: BTreeSet::new(),
            defects: Defects::default(),
        }
    }

    /// Ends loading.
    ///
    /// # Errors
    /// [`CheckpointError::Defects`] with everything that was missing, mis-shaped, of a wrong type or
    /// left over.
    pub fn finish(mut self) -> Result<(), CheckpointError> {
        self.defects.unknown = self
            .files
            .names()
            .filter(|name| !self.taken.contains(*name) && !self.layout.is_tolerated(name))
            .map(str::to_owned)
            .collect();
        if self.defects.is_empty() {
            Ok(())
        } else {
            Err(CheckpointError::Defects(self.defects))
        }
    }

    /// A tensor that may be absent.
    pub fn optional<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        self.files
            .contains(&self.layout.file_name(name))
            .then(|| self.tensor(name, shape, Precision::Activation))
    }

    /// Stands in for a defect, which `finish` turns into an error: one zero seen everywhere, because
    /// the shape is the configuration's word and may be larger than memory.
    fn placeholder<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::<D>::zeros([1; D], self.device).expand(shape)
    }

    /// The values to put on the device, or `None` after noting a defect.
    fn read(&mut self, name: &str, shape: &[usize], precision: Precision) -> Option<TensorData> {
        let file_name = self.layout.file_name(name);
        let files = self.files;
        let Some(place) = files.place(&file_name) else {
            self.defects.missing.push(file_name);
            return None;
        };
        self.taken.insert(file_name.clone());
        let Some(stored) = WeightDtype::of_stored(place.dtype) else {
            self.defects
                .types
                .push((file_name, format!("{:?}", place.dtype)));
            return None;
        };
        let Some(place) = self.fit(place, stored, shape, name) else {
            self.defects
                .shapes
                .push((file_name, place.shape.clone(), shape.to_vec()));
            return None;
        };
        let wanted = match precision {
            Precision::Matrix => self.matrices.unwrap_or(stored),
            Precision::Activation => self.activations,
        };
        let file = self.files.file(&place);
        let data = convert(file.slice(place.range.clone()), stored, wanted, shape);
        if stored != wanted {
            // It was copied: the process need not hold it twice.
            file.release(place.range);
        }
        Some(data)
    }

    /// The place, cut to the shape asked for. Vocabulary rows that the conversion to transformers
    /// added behind the real ones are left out; nothing else may differ.
    fn fit(
        &self,
        place: &TensorPlace,
        stored: WeightDtype,
        shape: &[usize],
        name: &str,
    ) -> Option<TensorPlace> {
        if place.shape == shape {
            return Some(place.clone());
        }
        let is_vocabulary = matches!(name, "model.embed_tokens.weight" | "lm_head.weight");
        let has_added_rows = self.layout.name != "llava"
            && is_vocabulary
            && place.shape.len() == 2
            && place.shape[1] == shape[1]
            && place.shape[0] > shape[0];
        has_added_rows.then(|| {
            let bytes = shape.iter().product::<usize>() * stored.size();
            let start = place.range.start;
            TensorPlace {
                range: start..start + bytes,
                shape: shape.to_vec(),
                ..place.clone()
            }
        })
    }
}

impl WeightSource for CheckpointSource<'_> {
    fn tensor<const D: usize>(
        &mut self,
        name: &str,
        shape: [usize; D],
        precision: Precision,
    ) -> Tensor<D> {
        match self.read(name, &shape, precision) {
            Some(data) => {
                let dtype = data.dtype();
                Tensor::from_data(data, (self.device, dtype))
            }
            None => self.placeholder(shape),
        }
    }

    fn reshaped<const D: usize, const E: usize>(
        &mut self,
        name: &str,
        stored: [usize; D],
        shape: [usize; E],
        precision: Precision,
    ) -> Tensor<E> {
        match self.read(name, &stored, precision) {
            Some(data) => {
                let dtype = data.dtype();
                Tensor::<D>::from_data(data, (self.device, dtype)).reshape(shape)
            }
            None => self.placeholder(shape),
        }
    }
}

/// The bytes in the wanted type; without a copy if they are in it already and aligned.
fn convert(
    bytes: bytes::Bytes,
    stored: WeightDtype,
    wanted: WeightDtype,
    shape: &[usize],
) -> TensorData {
    if stored == wanted && (bytes.as_ptr() as usize).is_multiple_of(stored.size()) {
        let shared = Bytes::from_shared(bytes, AllocationProperty::File);
        return TensorData::from_bytes(shared, shape.to_vec(), wanted.into());
    }
    match (stored, wanted) {
        (WeightDtype::F32, _) => {
            let words = bytes.as_chunks::<4>().0.iter();
            narrow(words.map(|word| f32::from_le_bytes(*word)), wanted, shape)
        }
        (WeightDtype::Bf16, _) => {
            let values = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|word| bf16::from_le_bytes(*word));
            match wanted {
                WeightDtype::Bf16 => TensorData::new(values.collect::<Vec<_>>(), shape.to_vec()),
                _ => narrow(values.map(bf16::to_f32), wanted, shape),
            }
        }
        (WeightDtype::F16, _) => {
            let halves: Vec<f16> = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|word| f16::from_le_bytes(*word))
                .collect();
            match wanted {
                WeightDtype::F16 => TensorData::new(halves, shape.to_vec()),
                // Uses the processor's conversion where there is one.
                _ => narrow(halves.to_f32_vec().into_iter(), wanted, shape),
            }
        }
    }
}

fn narrow(values: impl Iterator<Item = f32>, wanted: WeightDtype, shape: &[usize]) -> TensorData {
    let shape = shape.to_vec();
    match wanted {
        WeightDtype::F32 => TensorData::new(values.collect::<Vec<_>>(), shape),
        WeightDtype::Bf16 => TensorData::new(values.map(bf16::from_f32).collect::<Vec<_>>(), shape),
        WeightDtype::F16 => TensorData::new(values.map(f16::from_f32).collect::<Vec<_>>(), shape),
    }
}
