//! A snapshot to a folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use safetensors::{Dtype, View};

use super::error::CheckpointError;
use super::folder::{CheckpointFolder, WRITING};
use super::model_files::ModelFiles;
use super::snapshot::{NamedTensor, Snapshot};
use super::tensors::{Entry, is_exact_in_bf16, write_file, write_weights};
use crate::config::ExportType;
use crate::findings::HEAD_FILE;

/// Room for folders, small files and rounding to blocks.
const RESERVE: u64 = 16 << 20;

/// Writes a checkpoint of a run and gives it its name when all of it is on the disk.
///
/// # Errors
/// [`CheckpointError::DiskFull`] before anything is written if there is no room, [`CheckpointError::File`]
/// if the operating system refuses; nothing is left then but a folder that the next start removes.
pub fn write_checkpoint(
    run: &Path,
    snapshot: &Snapshot,
    files: &ModelFiles,
) -> Result<CheckpointFolder, CheckpointError> {
    let target = CheckpointFolder::of(run, snapshot.state.step);
    whole(run, &target.path, |folder| {
        let weights = weight_entries(&snapshot.weights, files);
        let exact = |tensor: NamedTensor| {
            (
                tensor.name.clone(),
                Entry::Values(Box::new(tensor), Dtype::F32),
            )
        };
        let masters = masters(&snapshot.weights, files.dtype);
        let optimizer: BTreeMap<String, Entry> = snapshot
            .optimizer
            .iter()
            .cloned()
            .chain(masters)
            .map(exact)
            .collect();
        check_room(run, &target.path, [&weights, &optimizer])?;
        write_model_into(folder, weights, files)?;
        write_head(folder, &snapshot.head)?;
        let trainer = folder.join("trainer");
        make(&trainer)?;
        write_file(&trainer.join("optimizer.safetensors"), &optimizer)?;
        let json = |error: serde_json::Error| CheckpointError::File {
            path: trainer.clone(),
            source: error.into(),
        };
        let state = serde_json::to_string_pretty(&snapshot.state).map_err(json)?;
        write_text(&trainer.join("state.json"), &state)?;
        let settings =
            toml::to_string(&snapshot.config).map_err(|error| CheckpointError::File {
                path: trainer.join("run.toml"),
                source: std::io::Error::other(error),
            })?;
        write_text(&trainer.join("run.toml"), &settings)?;
        let sizes = serde_json::to_string_pretty(&sizes(folder)?).map_err(json)?;
        write_text(&trainer.join("files.json"), &sizes)?;
        sync_folder(&trainer)
    })?;
    Ok(target)
}

/// Writes the model alone, as other programs load it.
///
/// # Errors
/// As [`write_checkpoint`].
pub fn write_model(
    target: &Path,
    weights: &[NamedTensor],
    files: &ModelFiles,
) -> Result<(), CheckpointError> {
    write_model_with_head(target, weights, &[], files)
}

/// As [`write_model`], with the head of findings in a folder of its own, where other programs do not look.
pub(crate) fn write_model_with_head(
    target: &Path,
    weights: &[NamedTensor],
    head: &[NamedTensor],
    files: &ModelFiles,
) -> Result<(), CheckpointError> {
    let parent = target.parent().unwrap_or(Path::new("."));
    make(parent)?;
    whole(parent, target, |folder| {
        let weights = weight_entries(weights, files);
        check_room(parent, target, [&weights, &BTreeMap::new()])?;
        write_model_into(folder, weights, files)?;
        write_head(folder, head)
    })
}

fn write_head(folder: &Path, head: &[NamedTensor]) -> Result<(), CheckpointError> {
    if head.is_empty() {
        return Ok(());
    }
    let path = folder.join(HEAD_FILE);
    make(path.parent().unwrap_or(folder))?;
    let entries = head
        .iter()
        .map(|tensor| {
            let entry = Entry::Values(Box::new(tensor.clone()), Dtype::F32);
            (tensor.name.clone(), entry)
        })
        .collect();
    write_file(&path, &entries)
}

/// Fills a folder under another name and renames it; what had the name before is replaced.
fn whole(
    parent: &Path,
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let failed = |path: &Path, source| CheckpointError::File {
        path: path.to_owned(),
        source,
    };
    make(parent)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let writing = parent.join(format!("{WRITING}{name}"));
    if writing.exists() {
        std::fs::remove_dir_all(&writing).map_err(|source| failed(&writing, source))?;
    }
    make(&writing)?;
    let outcome = fill(&writing).and_then(|()| sync_folder(&writing));
    if let Err(error) = outcome {
        // What could be written is of no use and may be what filled the disk.
        let _ = std::fs::remove_dir_all(&writing);
        return Err(error);
    }
    if target.exists() {
        let aside = parent.join(format!("{}{name}", super::folder::REMOVING));
        std::fs::rename(target, &aside).map_err(|source| failed(target, source))?;
        std::fs::rename(&writing, target).map_err(|source| failed(target, source))?;
        std::fs::remove_dir_all(&aside).map_err(|source| failed(&aside, source))?;
    } else {
        std::fs::rename(&writing, target).map_err(|source| failed(target, source))?;
    }
    sync_folder(parent)
}

/// The weights that the model's file does not hold exactly, in f32.
fn masters(weights: &[NamedTensor], dtype: ExportType) -> impl Iterator<Item = NamedTensor> {
    weights
        .iter()
        .filter(move |tensor| dtype == ExportType::Bf16 && !is_exact_in_bf16(&tensor.values))
        .map(|tensor| NamedTensor {
            name: format!("master.{}", tensor.name),
            shape: vec![tensor.shape.iter().product()],
            values: tensor.values.clone(),
        })
}

fn weight_entries(weights: &[NamedTensor], files: &ModelFiles) -> BTreeMap<String, Entry> {
    let dtype = match files.dtype {
        ExportType::Bf16 => Dtype::BF16,
        ExportType::F32 => Dtype::F32,
    };
    let values = weights.iter().map(|tensor| {
        (
            tensor.name.clone(),
            Entry::Values(Box::new(tensor.clone()), dtype),
        )
    });
    let stored = files
        .tensors
        .iter()
        .map(|(name, stored)| (name.clone(), Entry::Stored(stored.clone())));
    values.chain(stored).collect()
}

fn write_model_into(
    folder: &Path,
    weights: BTreeMap<String, Entry>,
    files: &ModelFiles,
) -> Result<(), CheckpointError> {
    for (name, bytes) in &files.texts {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            make(parent)?;
        }
        write_bytes(&path, bytes)?;
    }
    write_weights(folder, weights)
}

/// Refuses to begin without room for everything.
fn check_room(
    run: &Path,
    target: &Path,
    parts: [&BTreeMap<String, Entry>; 2],
) -> Result<(), CheckpointError> {
    let entries = parts.into_iter().flat_map(BTreeMap::values);
    let bytes: u64 = entries.map(|entry| entry.data_len() as u64).sum();
    let needed = bytes + RESERVE;
    let available = fs4::available_space(run).map_err(|source| CheckpointError::File {
        path: run.to_owned(),
        source,
    })?;
    if available >= needed {
        return Ok(());
    }
    Err(CheckpointError::DiskFull {
        path: target.to_owned(),
        needed,
        available,
    })
}

/// Sizes of all files below a folder, by their relative names.
pub(super) fn sizes(folder: &Path) -> Result<BTreeMap<String, u64>, CheckpointError> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        let failed = |source| CheckpointError::File {
            path: inner.clone(),
            source,
        };
        for entry in std::fs::read_dir(&inner).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let size = entry.metadata().map_err(failed)?.len();
            let name = path.strip_prefix(folder).unwrap_or(&path);
            found.insert(name.to_string_lossy().replace('\\', "/"), size);
        }
    }
    Ok(found)
}

fn make(folder: &Path) -> Result<(), CheckpointError> {
    std::fs::create_dir_all(folder).map_err(|source| CheckpointError::File {
        path: folder.to_owned(),
        source,
    })
}

pub(super) fn write_text(path: &Path, text: &str) -> Result<(), CheckpointError> {
    write_bytes(path, text.as_bytes())
}

fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| CheckpointError::File {
        path: path.to_owned(),
        source,
    })
}

/// Makes names of new files last (a no-op where folders cannot be opened).
fn sync_folder(folder: &Path) -> Result<(), CheckpointError> {
    match File::open(folder) {
        Ok(file) => file.sync_all().map_err(|source| CheckpointError::File {
            path: folder.to_owned(),
            source,
        }),
        Err(_) => Ok(()),
    }
}
