//! Pictures and geometries to files: whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::PageFileError;
use super::geometry::PageGeometry;
use super::picture::Picture;

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
        write_whole(path, &bytes)
    }
}

impl PageGeometry {
    /// Writes the geometry as indented JSON, in the way of [`Picture::save`].
    pub fn save(&self, path: &Path) -> Result<(), PageFileError> {
        let mut json =
            serde_json::to_vec_pretty(self).map_err(|source| PageFileError::Json { source })?;
        json.push(b'\n');
        write_whole(path, &json)
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PageFileError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.part", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    });
    written.map_err(|source| {
        // The first error is the one to tell; a leftover part is only untidy.
        let _ = std::fs::remove_file(&temporary);
        PageFileError::Write {
            path: path.to_owned(),
            source,
        }
    })
}
