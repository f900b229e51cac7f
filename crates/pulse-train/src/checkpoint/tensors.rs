//! Tensors to safetensors files, one value at a time in memory.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::tensor::{DType, Tensor};
use half::bf16;
use pulse_llm::checkpoint::StoredTensor;
use safetensors::{Dtype, View};

use super::error::CheckpointError;
use super::snapshot::NamedTensor;

/// Largest file of weights, as the original shards.
const SHARD_BYTES: usize = 5_000_000_000;

/// Something to be written.
pub(super) enum Entry {
    /// A tensor in f32 or bf16.
    Values(Box<NamedTensor>, Dtype),
    /// A tensor as another file has it.
    Stored(StoredTensor),
}

impl View for &Entry {
    fn dtype(&self) -> Dtype {
        match self {
            Entry::Values(_, dtype) => *dtype,
            Entry::Stored(stored) => stored.dtype,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Entry::Values(tensor, _) => &tensor.shape,
            Entry::Stored(stored) => &stored.shape,
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Entry::Values(tensor, dtype) => Cow::Owned(bytes(&tensor.values, *dtype)),
            Entry::Stored(stored) => Cow::Borrowed(&stored.bytes),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Entry::Values(tensor, dtype) => {
                tensor.shape.iter().product::<usize>() * dtype.bitsize() / 8
            }
            Entry::Stored(stored) => stored.bytes.len(),
        }
    }
}

/// Values as little-endian bytes; f32 to bf16 rounds to nearest even.
fn bytes(values: &Tensor<1>, dtype: Dtype) -> Vec<u8> {
    let data = values.clone().cast(DType::F32).into_data();
    let values = data.iter::<f32>();
    if dtype == Dtype::BF16 {
        values
            .flat_map(|value| bf16::from_f32(value).to_le_bytes())
            .collect()
    } else {
        values.flat_map(f32::to_le_bytes).collect()
    }
}

/// Whether rounding to bf16 changes nothing: always so for frozen weights that were published so.
pub(super) fn is_exact_in_bf16(values: &Tensor<1>) -> bool {
    if values.dtype() != DType::F32 {
        return true;
    }
    let data = values.clone().into_data();
    data.iter::<f32>()
        .all(|value| bf16::from_f32(value).to_f32().to_bits() == value.to_bits())
}

/// Writes one file and syncs it.
pub(super) fn write_file(
    path: &Path,
    entries: &BTreeMap<String, Entry>,
) -> Result<(), CheckpointError> {
    let failed = |source: std::io::Error| CheckpointError::File {
        path: path.to_owned(),
        source,
    };
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(entries.iter(), Some(metadata), path)
        .map_err(|error| match error {
            safetensors::SafeTensorError::IoError(error) => error,
            other => std::io::Error::other(other),
        })
        .map_err(failed)?;
    readable(path).map_err(failed)?;
    let file = std::fs::File::open(path).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// The library makes files that only their owner can read; a model is for others too.
#[cfg(unix)]
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Writes a model's weights: one file, or shards with an index if they are larger than a shard.
pub(super) fn write_weights(
    folder: &Path,
    entries: BTreeMap<String, Entry>,
) -> Result<(), CheckpointError> {
    let total: usize = entries.values().map(|entry| (&entry).data_len()).sum();
    if total <= SHARD_BYTES {
        return write_file(&folder.join("model.safetensors"), &entries);
    }
    let mut shards: Vec<BTreeMap<String, Entry>> = vec![BTreeMap::new()];
    let mut size = 0;
    for (name, entry) in entries {
        let length = (&entry).data_len();
        if size > 0 && size + length > SHARD_BYTES {
            shards.push(BTreeMap::new());
            size = 0;
        }
        size += length;
        if let Some(shard) = shards.last_mut() {
            shard.insert(name, entry);
        }
    }
    let count = shards.len();
    let mut map = serde_json::Map::new();
    for (number, shard) in shards.iter().enumerate() {
        let file = format!("model-{:05}-of-{count:05}.safetensors", number + 1);
        write_file(&folder.join(&file), shard)?;
        for name in shard.keys() {
            map.insert(name.clone(), file.clone().into());
        }
    }
    let index = serde_json::json!({"metadata": {"total_size": total}, "weight_map": map});
    super::write::write_text(
        &folder.join("model.safetensors.index.json"),
        &index.to_string(),
    )
}
