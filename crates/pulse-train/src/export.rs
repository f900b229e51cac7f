//! The finished model of a run: in the original's layout, and packed beside it.

use std::path::{Path, PathBuf};

use pulse_llm::checkpoint::quantize_checkpoint;

use crate::checkpoint::{CheckpointError, REMOVING, weights, write_model};
use crate::config::PackedType;
use crate::error::TrainError;
use crate::job::Job;

/// Folders of a finished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// `RUN/model`.
    pub model: PathBuf,
    /// `RUN/model-q8` and the like, in the order of the settings.
    pub packed: Vec<PathBuf>,
}

/// Writes the model of a run, then its packed forms, which are made of the written files as the example
/// `quantize` makes them. What an earlier end of the same run left is replaced.
///
/// # Errors
/// [`TrainError`] if a folder cannot be written; the folders before it are whole.
pub(crate) fn export(job: &Job) -> Result<Export, TrainError> {
    let run = &job.config.checkpoint.folder;
    let model = run.join("model");
    let values = weights(&job.model, job.set.all(), &job.optimizer);
    write_model(&model, &values, &job.files)?;
    drop(values);
    let mut packed = Vec::new();
    for form in &job.config.checkpoint.packed {
        let name = format!("model-{}", form.format().name());
        packed.push(pack(run, &model, &name, *form)?);
    }
    Ok(Export { model, packed })
}

fn pack(run: &Path, model: &Path, name: &str, form: PackedType) -> Result<PathBuf, TrainError> {
    let target = run.join(name);
    let failed = |source| CheckpointError::File {
        path: target.clone(),
        source,
    };
    let aside = run.join(format!("{REMOVING}{name}"));
    let is_there = target.exists();
    if is_there {
        std::fs::rename(&target, &aside).map_err(failed)?;
    }
    quantize_checkpoint(model, &target, form.format())?;
    if is_there {
        std::fs::remove_dir_all(&aside).map_err(failed)?;
    }
    Ok(target)
}
