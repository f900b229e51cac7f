//! Tensors of a checkpoint for the modules that ask for them.

use std::collections::BTreeSet;

use burn::tensor::{AllocationProperty, Bytes, Device, Tensor, TensorData};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use pulse_kernels::{LinearWeight, PackedFormat, PackedMatrix, Precision, WeightSource};
use safetensors::Dtype;

use super::defects::{CheckpointError, Defects};
use super::files::{TensorPlace, WeightFiles};
use super::layout::Layout;
use super::packed::{self, Part, StoredForm};
use super::precision::{TensorDtype, WeightDtype};

/// A source some of whose tensors may be absent.
pub trait OptionalSource: WeightSource {
    /// A tensor that may be absent, in the type of activations.
    fn optional<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>>;
}

/// How the linear layers of a checkpoint are stored, and what becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredLayers {
    /// As any other matrix.
    Plain,
    /// Packed, each in the format that the type of matrices gives it, and used as they lie.
    Packed,
    /// Packed likewise, and widened to the type of activations while they are read: for devices without products
    /// of packed weights.
    Widened,
}

/// Hands out the tensors of a checkpoint in the types they run in and notes every defect.
pub struct CheckpointSource<'a> {
    files: &'a WeightFiles,
    layout: &'static Layout,
    device: &'a Device,
    /// Type of matrices; `None` keeps each as stored.
    matrices: Option<WeightDtype>,
    /// Type of everything that joins activations.
    activations: TensorDtype,
    layers: StoredLayers,
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
        activations: TensorDtype,
    ) -> Self {
        Self {
            files,
            layout,
            device,
            matrices,
            activations,
            layers: StoredLayers::Plain,
            taken: BTreeSet::new(),
            defects: Defects::default(),
        }
    }

    /// The same source over files whose linear layers are stored in another way.
    #[must_use]
    pub fn with_layers(mut self, layers: StoredLayers) -> Self {
        self.layers = layers;
        self
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
            Err(CheckpointError::Defects(Box::new(self.defects)))
        }
    }

    /// Stands in for a defect, which `finish` turns into an error: one zero seen everywhere, because
    /// the shape is the configuration's word and may be larger than memory.
    fn placeholder<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::<D>::zeros([1; D], self.device).expand(shape)
    }

    /// Where a tensor lies and its type, or `None` after noting a defect.
    fn find(&mut self, name: &str, shape: &[usize]) -> Option<(TensorPlace, TensorDtype)> {
        let file_name = self.layout.file_name(name);
        let files = self.files;
        let Some(place) = files.place(&file_name) else {
            self.defects.missing.push(file_name);
            return None;
        };
        self.taken.insert(file_name.clone());
        let Some(stored) = TensorDtype::of_stored(place.dtype) else {
            self.defects
                .types
                .push((file_name, format!("{:?}", place.dtype)));
            return None;
        };
        let Some(place) = fit(self.layout, place, stored, shape, name) else {
            self.defects
                .shapes
                .push((file_name, place.shape.clone(), shape.to_vec()));
            return None;
        };
        Some((place, stored))
    }

    /// The values to put on the device, or `None` after noting a defect.
    fn read(&mut self, name: &str, shape: &[usize], precision: Precision) -> Option<TensorData> {
        let (place, stored) = self.find(name, shape)?;
        let wanted = match (precision, self.matrices) {
            (Precision::Matrix, Some(matrices)) => matrices.of_tables(stored),
            (Precision::Matrix, None) => stored,
            (Precision::Activation, _) => self.activations,
        };
        let files = self.files;
        let file = files.file(&place);
        let data = convert(file.slice(place.range.clone()), stored, wanted, shape);
        if stored != wanted {
            // It was copied: the process need not hold it twice.
            file.release(place.range);
        }
        Some(data)
    }

    /// A matrix that the file has packed.
    fn stored_packed(
        &mut self,
        name: &str,
        shape: [usize; 2],
        format: PackedFormat,
    ) -> Option<PackedMatrix> {
        let file_name = self.layout.file_name(name);
        let files = self.files;
        let names = [Part::Quants, Part::Scales].map(|part| packed::name_of(&file_name, part));
        let mut places = Vec::with_capacity(2);
        for name in &names {
            match files.place(name) {
                Some(place) => {
                    self.taken.insert(name.clone());
                    places.push(place);
                }
                None => self.defects.missing.push(name.clone()),
            }
        }
        let [quants, scales] = places.as_slice() else {
            return None;
        };
        let said = files.said(&file_name).unwrap_or_default();
        let reason = match said.parse::<StoredForm>() {
            Ok(form) if form.shape != shape => {
                let sizes = [form.shape, shape].map(|shape| shape.to_vec());
                let [found, expected] = sizes;
                self.defects.shapes.push((file_name, found, expected));
                return None;
            }
            Ok(form) if form.format == format => None,
            Ok(form) => Some(format!(
                "it is stored as {}, but under the format that config.json names it is {}",
                form.format.name(),
                format.name()
            )),
            Err(()) => Some(format!(
                "the file's header says {said:?} of it, expected something like \"q4 4096x11008\""
            )),
        };
        if let Some(reason) = reason {
            let reason = format!("{reason}; quantise the source again");
            self.defects.packed.push((file_name, reason));
            return None;
        }
        let mut is_sound = true;
        let types = [Dtype::U8, Dtype::F16];
        for (part, expected) in packed::shapes_in(format, shape).into_iter().enumerate() {
            let (place, name) = ([quants, scales][part], &names[part]);
            if place.dtype != types[part] {
                let found = format!("{:?} instead of {:?}", place.dtype, types[part]);
                self.defects.packed.push((name.clone(), found));
            } else if place.shape != expected {
                let found = place.shape.clone();
                self.defects.shapes.push((name.clone(), found, expected));
            } else {
                continue;
            }
            is_sound = false;
        }
        if !is_sound {
            return None;
        }
        let [quants, scales] =
            [quants, scales].map(|place| files.file(place).slice(place.range.clone()));
        match PackedMatrix::from_bytes(format, shape, quants, scales) {
            Ok(matrix) => Some(matrix),
            Err(error) => {
                self.defects.packed.push((file_name, error.to_string()));
                None
            }
        }
    }

    /// A matrix packed while it is read.
    fn quantized(
        &mut self,
        name: &str,
        shape: [usize; 2],
        format: PackedFormat,
    ) -> Option<PackedMatrix> {
        let (place, stored) = self.find(name, &shape)?;
        let file = self.files.file(&place);
        let bytes = file.slice(place.range.clone());
        let matrix = packed::quantize(format, shape, &bytes, stored);
        // It was copied: the process need not hold it twice.
        file.release(place.range);
        match matrix {
            Ok(matrix) => Some(matrix),
            Err(error) => {
                let file_name = self.layout.file_name(name);
                self.defects.packed.push((file_name, error.to_string()));
                None
            }
        }
    }
}

/// The place, cut to the shape asked for. Vocabulary rows that the conversion to transformers
/// added behind the real ones are left out; nothing else may differ.
pub(super) fn fit(
    layout: &Layout,
    place: &TensorPlace,
    stored: TensorDtype,
    shape: &[usize],
    name: &str,
) -> Option<TensorPlace> {
    if place.shape == shape {
        return Some(place.clone());
    }
    let is_vocabulary = matches!(name, "model.embed_tokens.weight" | "lm_head.weight");
    let has_added_rows = layout.name != "llava"
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

impl OptionalSource for CheckpointSource<'_> {
    fn optional<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        self.files
            .contains(&self.layout.file_name(name))
            .then(|| self.tensor(name, shape, Precision::Activation))
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

    fn linear_weight(&mut self, name: &str, shape: [usize; 2]) -> LinearWeight {
        let format = self.matrices.and_then(|dtype| dtype.format_of(name));
        let matrix = match format {
            Some(format) if self.layers != StoredLayers::Plain => {
                self.stored_packed(name, shape, format)
            }
            Some(format) => self.quantized(name, shape, format),
            None => return self.tensor(name, shape, Precision::Matrix).into(),
        };
        match matrix {
            Some(matrix) if self.layers == StoredLayers::Widened => {
                let values = matrix.dequantize().into_iter();
                let data = narrow(values, self.activations, &shape);
                let dtype = data.dtype();
                Tensor::<2>::from_data(data, (self.device, dtype)).into()
            }
            Some(matrix) => matrix.into(),
            None => self.placeholder(shape).into(),
        }
    }
}

/// The bytes in the wanted type; without a copy if they are in it already and aligned.
fn convert(
    bytes: bytes::Bytes,
    stored: TensorDtype,
    wanted: TensorDtype,
    shape: &[usize],
) -> TensorData {
    if stored == wanted && (bytes.as_ptr() as usize).is_multiple_of(stored.size()) {
        let shared = Bytes::from_shared(bytes, AllocationProperty::File);
        return TensorData::from_bytes(shared, shape.to_vec(), wanted.into());
    }
    match (stored, wanted) {
        (TensorDtype::F32, _) => {
            let words = bytes.as_chunks::<4>().0.iter();
            narrow(words.map(|word| f32::from_le_bytes(*word)), wanted, shape)
        }
        (TensorDtype::Bf16, _) => {
            let values = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|word| bf16::from_le_bytes(*word));
            match wanted {
                TensorDtype::Bf16 => TensorData::new(values.collect::<Vec<_>>(), shape.to_vec()),
                _ => narrow(values.map(bf16::to_f32), wanted, shape),
            }
        }
        (TensorDtype::F16, _) => {
            let halves: Vec<f16> = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|word| f16::from_le_bytes(*word))
                .collect();
            match wanted {
                TensorDtype::F16 => TensorData::new(halves, shape.to_vec()),
                // Uses the processor's conversion where there is one.
                _ => narrow(halves.to_f32_vec().into_iter(), wanted, shape),
            }
        }
    }
}

fn narrow(values: impl Iterator<Item = f32>, wanted: TensorDtype, shape: &[usize]) -> TensorData {
    let shape = shape.to_vec();
    match wanted {
        TensorDtype::F32 => TensorData::new(values.collect::<Vec<_>>(), shape),
        TensorDtype::Bf16 => TensorData::new(values.map(bf16::from_f32).collect::<Vec<_>>(), shape),
        TensorDtype::F16 => TensorData::new(values.map(f16::from_f32).collect::<Vec<_>>(), shape),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use pulse_kernels::Linear;

    use super::*;
    use crate::checkpoint::quantize_checkpoint;

    #[test]
    fn widened_layers_are_the_packed_ones() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../pulse-parity/golden/models/micro-llava-f32");
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("q4");
        quantize_checkpoint(&golden, &folder, PackedFormat::Q4).unwrap();
        let files = WeightFiles::open(&folder).unwrap();
        let layout = Layout::detect(&files).unwrap();
        let device = Device::flex();
        let layer = |layers, activations| {
            let dtype = Some(WeightDtype::Q4);
            let mut source = CheckpointSource::new(&files, layout, &device, dtype, activations)
                .with_layers(layers);
            let weight = source.linear_weight("model.layers.0.mlp.up_proj.weight", [172, 64]);
            assert!(source.defects.is_empty());
            Linear::new(weight, None)
        };
        let packed = layer(StoredLayers::Packed, TensorDtype::F32);
        assert!(packed.packed().is_some());
        for activations in [TensorDtype::F32, TensorDtype::Bf16] {
            let widened = layer(StoredLayers::Widened, activations);
            assert!(widened.packed().is_none());
            assert_eq!(widened.weight().dtype(), activations.into());
            let expected = packed.weight().cast(widened.weight().dtype());
            assert_eq!(widened.weight().into_data(), expected.into_data());
        }
    }
}
