//! The packed weight file: quants, scales, copied tensors.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use pulse_kernels::PackedFormat;
use safetensors::Dtype;
use serde_json::{Value, json};

use super::super::defects::{CheckpointError, Defects};
use super::super::files::{TensorPlace, WeightFiles};
use super::super::layout::Layout;
use super::super::packed::{self, Part, StoredForm};
use super::super::precision::{TensorDtype, WeightDtype};
use super::super::source::fit;
use super::failed;
use super::wanted::Wanted;
use crate::error::PulseError;

/// A matrix to pack.
struct Packed {
    name: String,
    shape: [usize; 2],
    format: PackedFormat,
    place: TensorPlace,
    stored: TensorDtype,
}

/// What the file will hold, in this order: quants, scales, copied tensors.
pub(super) struct Plan {
    packed: Vec<Packed>,
    copied: Vec<(String, TensorPlace)>,
    header: Vec<u8>,
    /// Bytes of the tensors as they are stored.
    pub(super) bytes_before: u64,
    /// Bytes of the tensors of the new file.
    pub(super) bytes: u64,
}

impl Plan {
    /// # Errors
    /// [`CheckpointError::Defects`] for tensors that are missing or not as the configuration says.
    pub(super) fn of(
        wanted: &[Wanted],
        files: &WeightFiles,
        layout: &'static Layout,
        format: PackedFormat,
    ) -> Result<Self, CheckpointError> {
        let dtype = match format {
            PackedFormat::Q8 => WeightDtype::Q8,
            PackedFormat::Q4 => WeightDtype::Q4,
        };
        let mut defects = Defects::default();
        let (mut packed, mut copied) = (Vec::new(), Vec::new());
        let mut bytes_before = 0;
        for Wanted {
            name,
            shape,
            is_linear,
        } in wanted
        {
            let file_name = layout.file_name(name);
            let Some(found) = files.place(&file_name) else {
                defects.missing.push(file_name);
                continue;
            };
            let Some(stored) = TensorDtype::of_stored(found.dtype) else {
                defects
                    .types
                    .push((file_name, format!("{:?}", found.dtype)));
                continue;
            };
            let Some(place) = fit(layout, found, stored, shape, name) else {
                defects
                    .shapes
                    .push((file_name, found.shape.clone(), shape.clone()));
                continue;
            };
            bytes_before += place.range.len() as u64;
            match (dtype.format_of(name), shape.as_slice()) {
                (Some(format), [outputs, inputs]) if *is_linear => packed.push(Packed {
                    name: file_name,
                    shape: [*outputs, *inputs],
                    format,
                    place,
                    stored,
                }),
                _ => copied.push((file_name, place)),
            }
        }
        if !defects.is_empty() {
            return Err(CheckpointError::Defects(Box::new(defects)));
        }
        // Wider values first, so that everything is aligned to its size.
        copied.sort_by_key(|(_, place)| place.dtype != Dtype::F32);
        let (header, bytes) = header(&packed, &copied);
        Ok(Self {
            packed,
            copied,
            header,
            bytes_before,
            bytes,
        })
    }

    /// Matrices that are packed and tensors that are copied.
    pub(super) fn counts(&self) -> [usize; 2] {
        [self.packed.len(), self.copied.len()]
    }

    /// Writes the file; its folder has no name yet under which anybody would look.
    pub(super) fn write(&self, files: &WeightFiles, path: &Path) -> Result<(), PulseError> {
        let failed = failed(path);
        let file = File::create(path).map_err(&failed)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        out.write_all(&self.header).map_err(&failed)?;
        let mut scales = Vec::with_capacity(self.packed.len());
        let mut defects = Defects::default();
        for matrix in &self.packed {
            let source = files.file(&matrix.place);
            let range = matrix.place.range.clone();
            let bytes = source.slice(range.clone());
            match packed::quantize(matrix.format, matrix.shape, &bytes, matrix.stored) {
                Ok(packed) => {
                    out.write_all(packed.quants()).map_err(&failed)?;
                    scales.push(packed.scales().clone());
                }
                Err(error) => defects
                    .packed
                    .push((matrix.name.clone(), error.to_string())),
            }
            source.release(range);
        }
        if !defects.is_empty() {
            return Err(CheckpointError::Defects(Box::new(defects)).into());
        }
        for scales in scales {
            out.write_all(&scales).map_err(&failed)?;
        }
        for (_, place) in &self.copied {
            let source = files.file(place);
            let bytes = source.slice(place.range.clone());
            out.write_all(&bytes).map_err(&failed)?;
            source.release(place.range.clone());
        }
        let file = out
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(&failed)?;
        Ok(())
    }
}

/// Length and JSON of the file's head, filled up with spaces so that the quants begin at a multiple of 64
/// bytes (a line of the cache and a register of the kernels), and the bytes of all tensors.
fn header(packed: &[Packed], copied: &[(String, TensorPlace)]) -> (Vec<u8>, u64) {
    let mut tensors = BTreeMap::<String, Value>::new();
    let mut end = 0usize;
    let mut add = |name: String, dtype: &str, shape: &[usize], bytes: usize| {
        let start = end;
        end += bytes;
        let value = json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]});
        tensors.insert(name, value);
    };
    for matrix in packed {
        let [shape, _] = packed::shapes_in(matrix.format, matrix.shape);
        let bytes = shape.iter().product();
        add(
            packed::name_of(&matrix.name, Part::Quants),
            "U8",
            &shape,
            bytes,
        );
    }
    for matrix in packed {
        let [_, shape] = packed::shapes_in(matrix.format, matrix.shape);
        let bytes = shape.iter().product::<usize>() * 2;
        add(
            packed::name_of(&matrix.name, Part::Scales),
            "F16",
            &shape,
            bytes,
        );
    }
    for (name, place) in copied {
        let dtype = match place.dtype {
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
            _ => "BF16",
        };
        add(name.clone(), dtype, &place.shape, place.range.len());
    }
    let forms = packed.iter().map(|matrix| {
        let form = StoredForm {
            format: matrix.format,
            shape: matrix.shape,
        };
        (matrix.name.clone(), form.to_string().into())
    });
    tensors.insert("__metadata__".to_owned(), Value::Object(forms.collect()));
    let mut text = json!(tensors).to_string().into_bytes();
    let length = (text.len() + 8).next_multiple_of(64) - 8;
    text.resize(length, b' ');
    let mut head = (length as u64).to_le_bytes().to_vec();
    head.append(&mut text);
    (head, end as u64)
}
