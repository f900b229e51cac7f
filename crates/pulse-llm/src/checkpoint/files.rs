//! The safetensors files of a folder: one, or shards with an index.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pulse_kernels::MappedFile;
use safetensors::SafeTensors;
use serde::Deserialize;

use super::defects::CheckpointError;
use super::packed::PackedFolder;

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// Where one tensor lies.
#[derive(Debug, Clone)]
pub(super) struct TensorPlace {
    /// Index of the file.
    pub(super) file: usize,
    /// Stored type.
    pub(super) dtype: safetensors::Dtype,
    /// Shape as stored.
    pub(super) shape: Vec<usize>,
    /// Bytes within the file.
    pub(super) range: std::ops::Range<usize>,
}

/// One tensor of a checkpoint as it is stored. Its bytes are the file's pages.
#[derive(Debug, Clone)]
pub struct StoredTensor {
    /// Stored type.
    pub dtype: safetensors::Dtype,
    /// Shape as stored.
    pub shape: Vec<usize>,
    /// Values in row-major order, little-endian.
    pub bytes: bytes::Bytes,
}

/// All weight files of a checkpoint, mapped, with their headers read and checked.
#[derive(Debug)]
pub struct WeightFiles {
    files: Vec<(PathBuf, MappedFile)>,
    tensors: BTreeMap<String, TensorPlace>,
    /// What the headers say beside the tensors.
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

impl WeightFiles {
    /// Maps the weights of a folder and reads their headers.
    ///
    /// # Errors
    /// [`CheckpointError`] if there are none, a shard is missing, a header is damaged, or the index
    /// and the shards disagree.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let index_path = folder.join(INDEX);
        if index_path.is_file() {
            return Self::open_shards(folder, &index_path);
        }
        let single = folder.join(SINGLE);
        if !single.is_file() {
            return Err(CheckpointError::NoWeights {
                folder: folder.to_owned(),
                advice: no_weights_advice(folder),
            });
        }
        let mut files = Self {
            files: Vec::new(),
            tensors: BTreeMap::new(),
            metadata: BTreeMap::new(),
        };
        files.add(single)?;
        Ok(files)
    }

    fn open_shards(folder: &Path, index_path: &Path) -> Result<Self, CheckpointError> {
        let fail = |reason: String| CheckpointError::Index {
            path: index_path.to_owned(),
            reason,
        };
        let text = std::fs::read_to_string(index_path).map_err(|error| fail(error.to_string()))?;
        let index: ShardIndex =
            serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let mut shards: Vec<&String> = index.weight_map.values().collect();
        shards.sort();
        shards.dedup();
        if shards.is_empty() {
            return Err(fail("its weight_map is empty".to_owned()));
        }
        let mut files = Self {
            files: Vec::new(),
            tensors: BTreeMap::new(),
            metadata: BTreeMap::new(),
        };
        for shard in shards {
            let is_plain = Path::new(shard)
                .file_name()
                .is_some_and(|name| name == shard.as_str());
            if !is_plain {
                return Err(fail(format!(
                    "it names the shard {shard:?}, which is no file name"
                )));
            }
            let path = folder.join(shard);
            if !path.is_file() {
                return Err(fail(format!(
                    "the shard {shard} is missing from the folder"
                )));
            }
            files.add(path)?;
        }
        for (name, shard) in &index.weight_map {
            let place = files.tensors.get(name);
            if !place.is_some_and(|place| files.files[place.file].0.ends_with(shard)) {
                return Err(fail(format!("tensor {name} is not in the shard {shard}")));
            }
        }
        if let Some(extra) = files
            .tensors
            .keys()
            .find(|name| !index.weight_map.contains_key(*name))
        {
            return Err(fail(format!(
                "the shards hold {extra}, which it does not list"
            )));
        }
        Ok(files)
    }

    fn add(&mut self, path: PathBuf) -> Result<(), CheckpointError> {
        let fail = |reason: String| CheckpointError::File {
            advice: damaged_advice(&path),
            path: path.clone(),
            reason,
        };
        let mapped = MappedFile::open(&path)?;
        let (header, metadata) = SafeTensors::read_metadata(mapped.as_slice())
            .map_err(|error| fail(error.to_string()))?;
        // Tensor bytes start behind the eight bytes of the header's length and the header; the
        // reader has checked that they fill the rest of the file without gaps.
        let start = header + 8;
        for (name, info) in metadata.tensors() {
            let (first, last) = info.data_offsets;
            let place = TensorPlace {
                file: self.files.len(),
                dtype: info.dtype,
                shape: info.shape.clone(),
                range: start + first..start + last,
            };
            if place.range.end > mapped.as_slice().len() {
                return Err(fail(format!("tensor {name} ends behind the file")));
            }
            if self.tensors.insert(name.clone(), place).is_some() {
                return Err(fail(format!("tensor {name} is in two shards")));
            }
        }
        if let Some(said) = metadata.metadata() {
            self.metadata
                .extend(said.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        self.files.push((path, mapped));
        Ok(())
    }

    /// All tensor names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether a tensor of this name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor as it is stored; `None` if there is none of this name.
    pub fn tensor(&self, name: &str) -> Option<StoredTensor> {
        let place = self.place(name)?;
        Some(StoredTensor {
            dtype: place.dtype,
            shape: place.shape.clone(),
            bytes: self.file(place).slice(place.range.clone()),
        })
    }

    /// What a header says under a key beside its tensors.
    pub(super) fn said(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Paths and maps of the files, in the order of their names.
    pub(super) fn maps(&self) -> &[(PathBuf, MappedFile)] {
        &self.files
    }

    pub(super) fn place(&self, name: &str) -> Option<&TensorPlace> {
        self.tensors.get(name)
    }

    pub(super) fn file(&self, place: &TensorPlace) -> &MappedFile {
        &self.files[place.file].1
    }
}

/// What to do about a damaged weight file: a packed one was made here, others were downloaded.
fn damaged_advice(path: &Path) -> &'static str {
    let folder = path.parent().unwrap_or(Path::new("."));
    match PackedFolder::of(folder) {
        Ok(None) => "download it again",
        _ => "quantise its source again",
    }
}

fn no_weights_advice(folder: &Path) -> &'static str {
    let has_pickles = std::fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.ends_with(".bin") || name.ends_with(".pth") || name.ends_with(".pt")
        })
    });
    if has_pickles {
        "the folder holds Python pickles, which can run code when opened and are not read; convert \
         them to safetensors"
    } else {
        "check the path"
    }
}
