//! A JSON file with its index, wherever that can be.

use std::path::Path;

use crate::instruct::{IndexOptions, InstructError, InstructFile, build_index, is_report_item};

/// An indexed file.
pub(super) struct OpenJson {
    pub(super) file: InstructFile,
    /// Whether it is the list of reports that comes with the original code, or one like it.
    pub(super) is_report_list: bool,
    /// Where the index is, if not beside the file.
    pub(super) note: Option<String>,
}

/// Opens a file and makes its index if there is none that fits: beside it, or where nothing can be written
/// in the system's folder for temporary files, for this run.
pub(super) fn open_json(path: &Path) -> Result<OpenJson, InstructError> {
    let (file, note) = match InstructFile::open(path, None) {
        Err(
            InstructError::NoIndex { .. }
            | InstructError::Changed { .. }
            | InstructError::BadIndex { .. },
        ) => match build_index(path, &IndexOptions::default()) {
            Ok(_) => (InstructFile::open(path, None)?, None),
            Err(error @ (InstructError::Unwritable { .. } | InstructError::Busy { .. })) => {
                (open_with_temporary_index(path)?, Some(note(path, &error)))
            }
            Err(error) => return Err(error),
        },
        result => (result?, None),
    };
    let is_report_list = file.len() > 0 && is_report_item(&file.text(0)?);
    Ok(OpenJson {
        file,
        is_report_list,
        note,
    })
}

fn note(path: &Path, error: &InstructError) -> String {
    let reason = match error {
        InstructError::Unwritable { path, source } => format!("{}: {source}", path.display()),
        other => other.to_string(),
    };
    format!(
        "the index of {} was kept in a temporary folder for this run, because it could not be kept beside the file \
         ({reason})",
        path.display()
    )
}

/// The table of an open file is in memory: the index need not outlive this.
fn open_with_temporary_index(path: &Path) -> Result<InstructFile, InstructError> {
    let folder = tempfile::tempdir().map_err(|source| InstructError::Unwritable {
        path: std::env::temp_dir(),
        source,
    })?;
    let options = IndexOptions {
        index: Some(folder.path().join("lint.pulse-index")),
        ..IndexOptions::default()
    };
    build_index(path, &options)?;
    InstructFile::open(path, options.index.as_deref())
}
