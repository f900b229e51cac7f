//! Where the pictures of samples are.

use std::path::{Path, PathBuf};

use crate::sample::Sample;

/// Gives the picture files of samples.
pub trait PictureSource: Send + Sync {
    /// The bytes of a sample's picture file. Only called for samples that have one.
    ///
    /// # Errors
    /// What the operating system says.
    fn bytes(&self, sample: &Sample) -> std::io::Result<Vec<u8>>;
}

/// Pictures in a folder, found by the path that the sample says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFolder {
    root: PathBuf,
}

impl ImageFolder {
    /// Pictures below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl PictureSource for ImageFolder {
    fn bytes(&self, sample: &Sample) -> std::io::Result<Vec<u8>> {
        let path = sample.image.as_deref().unwrap_or(Path::new(""));
        crate::files::read_plain(&self.root.join(path))
    }
}
