//! Which checkpoints stay.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::CheckpointError;
use super::folder::{CheckpointFolder, REMOVING, checkpoints};
use super::read::validation_loss;

/// Keeps the last `last` checkpoints and the `best` ones with the lowest validation loss among all, and
/// removes the others. A folder gets another name before it is emptied, so that an interruption leaves
/// no checkpoint with files missing.
///
/// # Errors
/// [`CheckpointError::File`] if the operating system refuses.
pub fn prune(
    run: &Path,
    last: usize,
    best: usize,
) -> Result<Vec<CheckpointFolder>, CheckpointError> {
    let all = checkpoints(run)?;
    let newest = all.iter().rev().take(last).map(|folder| folder.step);
    let mut kept: BTreeSet<u64> = newest.collect();
    let mut scored: Vec<(f64, u64)> = all
        .iter()
        .filter_map(|folder| Some((validation_loss(&folder.path)?, folder.step)))
        .collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    kept.extend(scored.iter().take(best).map(|(_, step)| *step));
    let (stay, go): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| kept.contains(&one.step));
    for folder in go {
        let failed = |source| CheckpointError::File {
            path: folder.path.clone(),
            source,
        };
        let aside = run.join(format!("{REMOVING}{}", folder.step));
        std::fs::rename(&folder.path, &aside).map_err(failed)?;
        std::fs::remove_dir_all(&aside).map_err(failed)?;
    }
    Ok(stay)
}
