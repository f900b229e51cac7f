//! The picture of one item.

use pulse_vision::{PageImage, PixelSize};

use super::ecg_look::EcgLook;
use super::rule::Rule;
use crate::bench::BenchPicture;
use crate::extract::safe_path;
use crate::sample::Sample;

/// What a picture turned out to be.
pub(super) struct Seen {
    /// Defects of the picture itself.
    pub(super) found: Vec<(Rule, String)>,
    /// Its size, if it could be decoded.
    pub(super) size: Option<PixelSize>,
    /// BLAKE3 of its file, if it could be read.
    pub(super) digest: Option<[u8; 32]>,
}

/// Reads, decodes and measures a picture.
pub(super) fn look(sample: &Sample, picture: &BenchPicture) -> Seen {
    let mut seen = Seen {
        found: Vec::new(),
        size: None,
        digest: None,
    };
    let name = sample.image.as_deref().unwrap_or(std::path::Path::new(""));
    if let Err(refusal) = safe_path(name.as_os_str().as_encoded_bytes()) {
        seen.found.push((Rule::UnsafePath, refusal.to_string()));
        return seen;
    }
    let bytes = match picture {
        BenchPicture::Bytes(bytes) => Ok(bytes.clone()),
        BenchPicture::File(path) => crate::files::read_plain(path),
        BenchPicture::Absent => return seen,
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            let rule = match error.kind() {
                std::io::ErrorKind::NotFound => Rule::MissingPicture,
                _ => Rule::UnreadablePicture,
            };
            let message = format!("the picture {}: {error}", name.display());
            seen.found.push((rule, message));
            return seen;
        }
    };
    seen.digest = Some(*blake3::hash(&bytes).as_bytes());
    match PageImage::decode(&bytes) {
        Ok(image) => {
            seen.size = Some(image.size());
            if let Err(reason) = EcgLook::measure(&image).judge() {
                let message = format!("the picture {}: {reason}", name.display());
                seen.found.push((Rule::NotEcg, message));
            }
        }
        Err(error) => {
            let message = format!("the picture {}: {error}", name.display());
            seen.found.push((Rule::UnreadablePicture, message));
        }
    }
    seen
}
