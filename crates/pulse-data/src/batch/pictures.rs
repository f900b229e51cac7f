//! Where the pictures of samples are.

use std::io;
use std::path::{Path, PathBuf};

use crate::extract::safe_path;
use crate::files::read_plain;
use crate::sample::Sample;

/// Gives the picture files of samples.
pub trait PictureSource: Send + Sync {
    /// The bytes of a sample's picture file. Only called for samples that have one.
    ///
    /// # Errors
    /// What the operating system says.
    fn bytes(&self, sample: &Sample) -> io::Result<Vec<u8>>;
}

/// Pictures in a folder, found by the path that the sample says. Paths that lead out of the folder are refused, as by
/// `extract` and `lint`, with a [`PathRefusal`](crate::extract::PathRefusal) inside the error: a data set from elsewhere
/// does not choose which files of this machine are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFolder {
    root: PathBuf,
    takes_any_path: bool,
}

impl ImageFolder {
    /// Pictures below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            takes_any_path: false,
        }
    }

    /// Takes absolute paths and `..` too, for a data set of one's own.
    pub fn with_any_path(mut self) -> Self {
        self.takes_any_path = true;
        self
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl PictureSource for ImageFolder {
    fn bytes(&self, sample: &Sample) -> io::Result<Vec<u8>> {
        let path = sample.image.as_deref().unwrap_or(Path::new(""));
        if self.takes_any_path {
            return read_plain(&self.root.join(path));
        }
        let path = safe_path(path.as_os_str().as_encoded_bytes())
            .map_err(|refusal| io::Error::new(io::ErrorKind::InvalidInput, refusal))?;
        read_plain(&self.root.join(path))
    }
}
