//! Reading a golden folder.

use std::path::{Path, PathBuf};

use pulse_llm::PulseError;
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;

/// Why a golden folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// There is no such folder.
    #[error("{} is no folder; give the path of a folder in the format of docs/fidelity.md", .0.display())]
    NoFolder(PathBuf),
    /// A fixture cannot be read.
    #[error("fixture {}: {reason}", path.display())]
    Fixture {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A model of the folder failed.
    #[error("{what}: {source}")]
    Pulse {
        /// What was being done.
        what: String,
        /// The error.
        source: Box<PulseError>,
    },
}

impl GoldenError {
    pub(crate) fn pulse(what: impl Into<String>) -> impl FnOnce(PulseError) -> Self {
        let what = what.into();
        move |source| Self::Pulse {
            what,
            source: Box::new(source),
        }
    }
}

/// A folder of reference values.
#[derive(Debug, Clone)]
pub struct Golden {
    folder: PathBuf,
}

impl Golden {
    /// Opens a folder.
    ///
    /// # Errors
    /// [`GoldenError::NoFolder`] if it is none.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, GoldenError> {
        let folder = folder.into();
        if !folder.is_dir() {
            return Err(GoldenError::NoFolder(folder));
        }
        Ok(Self { folder })
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether a fixture is there.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// A JSON fixture.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, GoldenError> {
        let path = self.path(name);
        let bytes = std::fs::read(&path).map_err(|error| fixture(&path, error))?;
        serde_json::from_slice(&bytes).map_err(|error| fixture(&path, error))
    }

    /// A tensor fixture.
    pub(crate) fn tensors(&self, name: &str) -> Result<Tensors, GoldenError> {
        let path = self.path(name);
        let bytes = std::fs::read(&path).map_err(|error| fixture(&path, error))?;
        SafeTensors::deserialize(&bytes).map_err(|error| fixture(&path, error))?;
        Ok(Tensors { path, bytes })
    }
}

/// An error of a fixture.
pub(crate) fn fixture(path: &Path, error: impl std::fmt::Display) -> GoldenError {
    GoldenError::Fixture {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// The tensors of one file.
pub(crate) struct Tensors {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Tensors {
    fn file(&self) -> Result<SafeTensors<'_>, GoldenError> {
        SafeTensors::deserialize(&self.bytes).map_err(|error| fixture(&self.path, error))
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, GoldenError> {
        let mut names: Vec<String> = self
            .file()?
            .names()
            .iter()
            .map(|n| (*n).to_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Names that start with `prefix`, with the rest of each.
    pub(crate) fn below(&self, prefix: &str) -> Result<Vec<(String, String)>, GoldenError> {
        let split = |name: String| {
            let rest = name.strip_prefix(prefix)?.to_owned();
            Some((name, rest))
        };
        Ok(self.names()?.into_iter().filter_map(split).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.file().is_ok_and(|file| file.tensor(name).is_ok())
    }

    pub(crate) fn shape(&self, name: &str) -> Result<Vec<usize>, GoldenError> {
        let file = self.file()?;
        let tensor = file
            .tensor(name)
            .map_err(|error| fixture(&self.path, error))?;
        Ok(tensor.shape().to_vec())
    }

    pub(crate) fn f32(&self, name: &str) -> Result<Vec<f32>, GoldenError> {
        let bytes = self.data(name, Dtype::F32)?;
        Ok(bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|word| f32::from_le_bytes(*word))
            .collect())
    }

    pub(crate) fn u8(&self, name: &str) -> Result<Vec<u8>, GoldenError> {
        self.data(name, Dtype::U8)
    }

    pub(crate) fn i64(&self, name: &str) -> Result<Vec<i64>, GoldenError> {
        let bytes = self.data(name, Dtype::I64)?;
        Ok(bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| i64::from_le_bytes(*word))
            .collect())
    }

    /// The last `count` values of a tensor: the last row of what is kept by rows.
    pub(crate) fn last(&self, name: &str, count: usize) -> Result<Vec<f32>, GoldenError> {
        let mut values = self.f32(name)?;
        match values.len().checked_sub(count) {
            Some(start) => Ok(values.split_off(start)),
            None => Err(self.malformed(format!(
                "{name} has {} values, expected at least {count}",
                values.len()
            ))),
        }
    }

    /// One row of a tensor whose rows have `count` values.
    pub(crate) fn row(
        &self,
        name: &str,
        row: usize,
        count: usize,
    ) -> Result<Vec<f32>, GoldenError> {
        let values = self.f32(name)?;
        let rows = values.chunks(count.max(1)).nth(row);
        match rows.filter(|values| values.len() == count) {
            Some(values) => Ok(values.to_vec()),
            None => Err(self.malformed(format!(
                "{name} has {} values, too few for {count} in row {row}",
                values.len()
            ))),
        }
    }

    /// An error of this file.
    pub(crate) fn malformed(&self, reason: String) -> GoldenError {
        fixture(&self.path, reason)
    }

    fn data(&self, name: &str, dtype: Dtype) -> Result<Vec<u8>, GoldenError> {
        let file = self.file()?;
        let tensor = file
            .tensor(name)
            .map_err(|error| fixture(&self.path, error))?;
        if tensor.dtype() != dtype {
            return Err(fixture(
                &self.path,
                format!("{name} is {:?}", tensor.dtype()),
            ));
        }
        Ok(tensor.data().to_vec())
    }
}
