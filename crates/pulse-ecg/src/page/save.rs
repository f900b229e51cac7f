//! Pictures and geometries to files: whole or not at all.

use std::path::Path;

use super::error::PageFileError;
use super::geometry::PageGeometry;
use super::picture::Picture;
use crate::whole_file::write_whole;

/// Formats of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// Lossless.
    Png,
    /// JPEG of a quality from 1 to 100.
    Jpeg {
        /// The quality.
        quality: u8,
    },
}

impl PictureFormat {
    /// The format that a file's name says; JPEG gets quality 90.
    pub fn of(path: &Path) -> Result<Self, PageFileError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("png") => Ok(Self::Png),
            Some("jpg" | "jpeg") => Ok(Self::Jpeg { quality: 90 }),
            _ => Err(PageFileError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }
}

impl Picture {
    /// Writes the picture under a temporary name beside `path`, syncs it and renames it.
    pub fn save(&self, path: &Path, format: PictureFormat) -> Result<(), PageFileError> {
        let bytes = match format {
            PictureFormat::Png => self.to_png()?,
            PictureFormat::Jpeg { quality } => self.to_jpeg(quality)?,
        };
        write(path, &bytes)
    }
}

impl PageGeometry {
    /// Writes the geometry as indented JSON, in the way of [`Picture::save`].
    pub fn save(&self, path: &Path) -> Result<(), PageFileError> {
        let mut json =
            serde_json::to_vec_pretty(self).map_err(|source| PageFileError::Json { source })?;
        json.push(b'\n');
        write(path, &json)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PageFileError> {
    write_whole(path, bytes).map_err(|source| PageFileError::Write {
        path: path.to_owned(),
        source,
    })
}
