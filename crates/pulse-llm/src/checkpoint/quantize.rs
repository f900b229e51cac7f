//! A checkpoint to a packed folder, tensor by tensor.

mod settings;
mod wanted;
mod weights_file;

use std::path::Path;

use pulse_kernels::PackedFormat;

use super::defects::CheckpointError;
use super::digest::WeightsDigest;
use super::files::WeightFiles;
use super::layout::Layout;
use super::new_folder::NewFolder;
use super::packed::{self, PackedFolder, PackedSource};
use crate::config::ModelConfig;
use crate::error::PulseError;
use settings::{copy_settings, write_config};
use weights_file::Plan;

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
/// [`WeightDtype::format_of`](super::WeightDtype::format_of) for which layer takes what) to the new folder `target`.
///
/// Every tensor is read, packed on all threads, written and forgotten; only scales (1/64 of the
/// weights in f32) are kept until the quants are written. The folder grows under another name beside the
/// target and gets its own when it is whole; a call that fails leaves nothing. What a killed process leaves
/// is called `.TARGET-….part`.
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
    packed::check_declared(source, &files, None)?;
    let wanted = wanted::wanted(&config, &files, layout)?;
    let plan = Plan::of(&wanted, &files, layout, format)?;
    let folder = NewFolder::beside(target).map_err(failed(target))?;
    write_folder(source, &folder.path(), &files, &plan, format)?;
    folder.finish().map_err(failed(target))?;
    let [packed, copied] = plan.counts();
    Ok(QuantizedCheckpoint {
        packed,
        copied,
        bytes_before: plan.bytes_before,
        bytes_after: plan.bytes,
    })
}

fn write_folder(
    source: &Path,
    target: &Path,
    files: &WeightFiles,
    plan: &Plan,
    format: PackedFormat,
) -> Result<(), PulseError> {
    copy_settings(source, target, TOWER_DEPTH)?;
    plan.write(files, &target.join("model.safetensors"))?;
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
