//! A checkpoint to a packed folder, tensor by tensor.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device, Tensor};
use pulse_kernels::{LinearWeight, PackedFormat, Precision, WeightSource};
use safetensors::Dtype;
use serde_json::{Value, json};

use super::defects::{CheckpointError, Defects};
use super::digest::WeightsDigest;
use super::files::{TensorPlace, WeightFiles};
use super::layout::Layout;
use super::packed::{self, PackedFolder, PackedSource, Part};
use super::precision::{TensorDtype, WeightDtype};
use super::source::{OptionalSource, fit};
use crate::config::ModelConfig;
use crate::decoder::RopeRounding;
use crate::error::PulseError;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantizedCheckpoint {
    /// Matrices that were packed.
    pub packed: usize,
    /// Tensors that were copied.
    pub copied: usize,
    /// Bytes of the weights before.
    pub bytes_before: u64,
    /// Bytes of the weights now.
    pub bytes_after: u64,
}

/// Writes the checkpoint in `source` with its linear layers packed in `format` (see
/// [`WeightDtype::format_of`] for which layer takes what) to the new folder `target`.
///
/// Every tensor is read, packed on all threads, written and forgotten; only scales (1/64 of the
/// weights in f32) are kept until the quants are written. The folder grows under another name beside the
/// target and gets its own when it is whole; a call that fails leaves nothing.
///
/// # Errors
/// [`PulseError`] if the source cannot be used or is quantised itself, the target exists, or the
/// disk is full; all defects of the source are in one message.
pub fn quantize_checkpoint(
    source: &Path,
    target: &Path,
    format: PackedFormat,
) -> Result<QuantizedCheckpoint, PulseError> {
    if let Some(packed) = PackedFolder::of(source)? {
        return Err(CheckpointError::PackedAs {
            found: packed.format.name(),
            asked: format.name().to_owned(),
        }
        .into());
    }
    let config = ModelConfig::from_folder(source)?;
    let files = WeightFiles::open(source)?;
    let layout = Layout::detect(&files)?;
    let plan = plan(&config, &files, layout)?;
    let place = Plan::of(&plan, &files, layout, format)?;
    if target.exists() {
        return Err(failed(target)(std::io::ErrorKind::AlreadyExists.into()).into());
    }
    let unfinished = unfinished(target);
    // Left by a process that was killed.
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(failed(&unfinished))?;
    }
    let written = write_folder(source, &unfinished, &files, &place, format).and_then(|()| {
        std::fs::rename(&unfinished, target).map_err(failed(target))?;
        Ok(())
    });
    if let Err(error) = written {
        // The first error is the one to tell; what cannot be removed is removed by the next call.
        let _ = std::fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    Ok(QuantizedCheckpoint {
        packed: place.packed.len(),
        copied: place.copied.len(),
        bytes_before: place.bytes_before,
        bytes_after: place.bytes,
    })
}

/// Where a folder grows until it is whole: beside the target, so that it can be renamed.
fn unfinished(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    target.with_file_name(name)
}

fn write_folder(
    source: &Path,
    target: &Path,
    files: &WeightFiles,
    place: &Plan,
    format: PackedFormat,
) -> Result<(), PulseError> {
    std::fs::create_dir(target).map_err(failed(target))?;
    copy_settings(source, target, TOWER_DEPTH)?;
    place.write(files, &target.join("model.safetensors"))?;
    let names = files.maps().iter().map(|(path, _)| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    let folder = PackedFolder::new(
        format,
        PackedSource {
            files: names.collect(),
            weights_digest: WeightsDigest::of(files).get(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        },
    );
    Ok(write_config(source, target, &folder)?)
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> CheckpointError + '_ {
    move |source| CheckpointError::Write {
        path: path.to_owned(),
        source,
    }
}

/// How many folders deep a tower's configuration may lie.
const TOWER_DEPTH: usize = 4;

/// A weight that the model asks for.
struct Wanted {
    name: String,
    shape: Vec<usize>,
    is_linear: bool,
}

/// Everything that the model of a configuration asks for: it is built with stand-ins.
fn plan(
    config: &ModelConfig,
    files: &WeightFiles,
    layout: &'static Layout,
) -> Result<Vec<Wanted>, PulseError> {
    let mut planner = Planner {
        files,
        layout,
        device: Device::flex(),
        wanted: Vec::new(),
    };
    let f32 = DType::F32;
    crate::load::build(&mut planner, config, RopeRounding::None, f32, f32)?;
    Ok(planner.wanted)
}

/// A source that writes down what is asked for.
struct Planner<'a> {
    files: &'a WeightFiles,
    layout: &'static Layout,
    device: Device,
    wanted: Vec<Wanted>,
}

impl Planner<'_> {
    fn note(&mut self, name: &str, shape: &[usize], is_linear: bool) {
        self.wanted.push(Wanted {
            name: name.to_owned(),
            shape: shape.to_vec(),
            is_linear,
        });
    }

    /// One zero seen everywhere: no memory for any shape.
    fn stand_in<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::<D>::zeros([1; D], &self.device).expand(shape)
    }
}

impl WeightSource for Planner<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D], _: Precision) -> Tensor<D> {
        self.note(name, &shape, false);
        self.stand_in(shape)
    }

    fn reshaped<const D: usize, const E: usize>(
        &mut self,
        name: &str,
        stored: [usize; D],
        shape: [usize; E],
        _: Precision,
    ) -> Tensor<E> {
        self.note(name, &stored, false);
        self.stand_in(shape)
    }

    fn linear_weight(&mut self, name: &str, shape: [usize; 2]) -> LinearWeight {
        self.note(name, &shape, true);
        self.stand_in(shape).into()
    }
}

impl OptionalSource for Planner<'_> {
    fn optional<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        self.files
            .contains(&self.layout.file_name(name))
            .then(|| self.tensor(name, shape, Precision::Activation))
    }
}

/// A matrix to pack.
struct Packed {
    name: String,
    shape: [usize; 2],
    format: PackedFormat,
    place: TensorPlace,
    stored: TensorDtype,
}

/// What the file will hold, in this order: quants, scales, copied tensors.
struct Plan {
    packed: Vec<Packed>,
    copied: Vec<(String, TensorPlace)>,
    header: Vec<u8>,
    bytes_before: u64,
    bytes: u64,
}

impl Plan {
    fn of(
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

    /// Writes the file under a temporary name and renames it.
    fn write(&self, files: &WeightFiles, path: &Path) -> Result<(), PulseError> {
        let temporary = path.with_extension("safetensors.part");
        let written = self.write_to(files, &temporary).and_then(|()| {
            std::fs::rename(&temporary, path).map_err(|error| failed(path)(error).into())
        });
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    fn write_to(&self, files: &WeightFiles, path: &Path) -> Result<(), PulseError> {
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
    let mut text = json!(tensors).to_string().into_bytes();
    let length = (text.len() + 8).next_multiple_of(64) - 8;
    text.resize(length, b' ');
    let mut head = (length as u64).to_le_bytes().to_vec();
    head.append(&mut text);
    (head, end as u64)
}

/// Copies everything of a checkpoint but its weights and its configuration: tokenizer, preprocessing,
/// the configuration of the vision tower.
fn copy_settings(source: &Path, target: &Path, depth: usize) -> Result<(), CheckpointError> {
    for entry in std::fs::read_dir(source).map_err(failed(source))? {
        let path = entry.map_err(failed(source))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        let to = target.join(name);
        if path.is_dir() {
            if depth > 0 && has_config(&path, depth) {
                std::fs::create_dir(&to).map_err(failed(&to))?;
                copy_settings(&path, &to, depth - 1)?;
                let (from, config) = (path.join("config.json"), to.join("config.json"));
                if from.is_file() {
                    std::fs::copy(from, &config).map_err(failed(&config))?;
                }
            }
        } else if is_setting(&path) {
            std::fs::copy(&path, &to).map_err(failed(&to))?;
        }
    }
    Ok(())
}

/// Whether a folder or one below it has a configuration: `mm_vision_tower` may be `towers/vit`.
fn has_config(folder: &Path, depth: usize) -> bool {
    let below = || std::fs::read_dir(folder).into_iter().flatten().flatten();
    folder.join("config.json").is_file()
        || (depth > 1
            && below().any(|entry| entry.path().is_dir() && has_config(&entry.path(), depth - 1)))
}

fn is_setting(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_text = [".json", ".model", ".txt", ".jinja"]
        .iter()
        .any(|end| name.ends_with(end));
    is_text && name != "config.json" && !name.ends_with(".index.json")
}

/// The source's configuration with what the packed folder says about itself.
fn write_config(
    source: &Path,
    target: &Path,
    folder: &PackedFolder,
) -> Result<(), CheckpointError> {
    let path = target.join("config.json");
    let fail = failed(&path);
    let text = std::fs::read(source.join("config.json")).map_err(&fail)?;
    let mut config: Value = serde_json::from_slice(&text).map_err(|error| fail(error.into()))?;
    config["quantization_config"] = json!(folder);
    let temporary: PathBuf = path.with_extension("json.part");
    let mut file = File::create(&temporary).map_err(&fail)?;
    let text = serde_json::to_string_pretty(&config).map_err(|error| fail(error.into()))?;
    file.write_all(text.as_bytes()).map_err(&fail)?;
    file.sync_all().map_err(&fail)?;
    std::fs::rename(&temporary, &path).map_err(&fail)
}
