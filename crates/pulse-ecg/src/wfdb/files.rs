//! Where the files of a record come from.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::error::WfdbError;

/// Largest header: a day in segments of a second has about 2 MB.
const LARGEST_HEADER: u64 = 16 << 20;
/// Largest signal file. Twelve leads at 500 Hz fill it in four days.
const LARGEST_SIGNAL_FILE: u64 = 4 << 30;

/// Files of a record by name: a folder, or bytes in memory.
pub trait RecordFiles {
    /// The whole file `name`, which the header of `record` names.
    ///
    /// # Errors
    /// The file is missing, cannot be read, is too large, or its name leads out of the folder.
    fn read(&self, record: &str, name: &str) -> Result<Vec<u8>, WfdbError>;
}

/// A folder with records. Names must stay inside it; symbolic links are the user's own and followed.
#[derive(Debug, Clone)]
pub struct RecordFolder {
    folder: PathBuf,
}

impl RecordFolder {
    /// The folder at this path; empty means the current one.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let here = folder.as_os_str().is_empty();
        Self {
            folder: if here { PathBuf::from(".") } else { folder },
        }
    }
}

impl RecordFiles for RecordFolder {
    fn read(&self, record: &str, name: &str) -> Result<Vec<u8>, WfdbError> {
        check_inside(record, name)?;
        let path = self.folder.join(name);
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound if !is_header(name) => WfdbError::MissingSignalFile {
                record: record.to_owned(),
                file: name.to_owned(),
                folder: self.folder.display().to_string(),
            },
            _ => WfdbError::File {
                action: "read",
                path: path.clone(),
                source,
            },
        };
        let metadata = std::fs::metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            let source = std::io::Error::new(ErrorKind::InvalidInput, "it is not an ordinary file");
            return Err(failed(source));
        }
        check_size(name, metadata.len())?;
        std::fs::read(&path).map_err(failed)
    }
}

impl RecordFiles for BTreeMap<String, Vec<u8>> {
    fn read(&self, record: &str, name: &str) -> Result<Vec<u8>, WfdbError> {
        check_inside(record, name)?;
        let bytes = self.get(name).ok_or_else(|| WfdbError::MissingSignalFile {
            record: record.to_owned(),
            file: name.to_owned(),
            folder: "memory".to_owned(),
        })?;
        check_size(name, bytes.len() as u64)?;
        Ok(bytes.clone())
    }
}

/// Refuses names that are absolute or climb. A backslash separates on some systems, so it is refused
/// on all of them.
pub(super) fn check_inside(record: &str, name: &str) -> Result<(), WfdbError> {
    let mut components = Path::new(name).components().peekable();
    let inside = components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_)))
        && !name.contains(['\\', ':', '\0']);
    if inside {
        return Ok(());
    }
    Err(WfdbError::OutsideFolder {
        record: record.to_owned(),
        file: name.to_owned(),
    })
}

fn is_header(name: &str) -> bool {
    name.ends_with(".hea")
}

fn check_size(name: &str, found: u64) -> Result<(), WfdbError> {
    let limit = if is_header(name) {
        LARGEST_HEADER
    } else {
        LARGEST_SIGNAL_FILE
    };
    if found > limit {
        return Err(WfdbError::FileTooLarge {
            file: name.to_owned(),
            found,
            limit,
        });
    }
    Ok(())
}
