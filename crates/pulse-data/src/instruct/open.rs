//! A file with its index, wherever that can be kept.

use std::path::Path;

use super::build::{IndexOptions, build_index};
use super::error::InstructError;
use super::file::InstructFile;

/// Opens a file and makes its index first if there is none that fits. Where the index cannot be written, in a
/// read-only folder or while another run writes it, it is made in the system's folder for temporary files and
/// deleted when it has been read: the second value says so, for the user.
///
/// # Errors
/// As [`build_index`] and [`InstructFile::open`]; [`InstructError::Unwritable`] only if the temporary folder
/// cannot be written either.
pub fn open_or_index(
    path: &Path,
    options: &IndexOptions,
) -> Result<(InstructFile, Option<String>), InstructError> {
    let index = options.index.as_deref();
    match InstructFile::open(path, index) {
        Err(
            InstructError::NoIndex { .. }
            | InstructError::Changed { .. }
            | InstructError::BadIndex { .. },
        ) => {}
        result => return result.map(|file| (file, None)),
    }
    match build_index(path, options) {
        Ok(_) => Ok((InstructFile::open(path, index)?, None)),
        Err(error @ (InstructError::Unwritable { .. } | InstructError::Busy { .. })) => {
            let file = open_with_temporary_index(path, options)?;
            Ok((file, Some(note(path, &error))))
        }
        Err(error) => Err(error),
    }
}

fn note(path: &Path, error: &InstructError) -> String {
    let reason = match error {
        InstructError::Unwritable { path, source } => format!("{}: {source}", path.display()),
        other => other.to_string(),
    };
    format!(
        "the index of {} was kept in a temporary folder for this run, because it could not be kept where it \
         belongs ({reason})",
        path.display()
    )
}

/// The table of an open file is in memory: the index need not outlive this.
fn open_with_temporary_index(
    path: &Path,
    options: &IndexOptions,
) -> Result<InstructFile, InstructError> {
    let folder = tempfile::tempdir().map_err(|source| InstructError::Unwritable {
        path: std::env::temp_dir(),
        source,
    })?;
    let options = IndexOptions {
        index: Some(folder.path().join("conversations.pulse-index")),
        ..options.clone()
    };
    build_index(path, &options)?;
    InstructFile::open(path, options.index.as_deref())
}
