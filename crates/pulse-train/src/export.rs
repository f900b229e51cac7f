//! The finished model of a run: in the original's layout, and packed beside it.

use std::path::{Path, PathBuf};

use pulse_llm::checkpoint::quantize_checkpoint;

use crate::checkpoint::{CheckpointError, REMOVING, weights, write_model_with_head};
use crate::config::PackedType;
use crate::error::TrainError;
use crate::findings::head_tensors;
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
    // Packed forms of an earlier end do not stay beside a newer model, even if packing fails.
    for form in &job.config.checkpoint.packed {
        discard(run, &packed_name(*form))?;
    }
    let values = weights(&job.model, job.set.all(), &job.optimizer);
    let head = job.head.as_ref().map(head_tensors).unwrap_or_default();
    write_model_with_head(&model, &values, &head, &job.files)?;
    drop(values);
    let mut packed = Vec::new();
    for form in &job.config.checkpoint.packed {
        let target = run.join(packed_name(*form));
        quantize_checkpoint(&model, &target, form.format())?;
        packed.push(target);
    }
    Ok(Export { model, packed })
}

fn packed_name(form: PackedType) -> String {
    format!("model-{}", form.format().name())
}

/// Takes a folder out of the way at once, then deletes it.
fn discard(run: &Path, name: &str) -> Result<(), TrainError> {
    let target = run.join(name);
    if !target.exists() {
        return Ok(());
    }
    let failed = |source| CheckpointError::File {
        path: target.clone(),
        source,
    };
    let aside = run.join(format!("{REMOVING}{name}"));
    std::fs::rename(&target, &aside).map_err(failed)?;
    std::fs::remove_dir_all(&aside).map_err(failed)?;
    Ok(())
}
