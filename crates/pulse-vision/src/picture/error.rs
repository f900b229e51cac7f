//! What can be wrong with a picture.

use std::path::PathBuf;

use super::size::PixelSize;

/// Why a picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file cannot be read.
    #[error("cannot read the picture {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The bytes are no picture of a known format.
    #[error(
        "not a picture: {found}; expected the bytes of a PNG, JPEG, WebP, BMP, TIFF or GIF file"
    )]
    UnknownFormat {
        /// What the bytes look like.
        found: String,
    },
    /// The picture is damaged or cut off.
    #[error("damaged {format} picture: {reason}; it may be cut off, get the whole file")]
    Damaged {
        /// The format told by the first bytes.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// The picture claims to be larger than allowed.
    #[error(
        "the picture is {size} = {} pixels, more than the limit of {limit}; \
         scale it down or raise the limit", size.pixels()
    )]
    TooLarge {
        /// The size in the header.
        size: PixelSize,
        /// The largest number of pixels.
        limit: u64,
    },
    /// The pixels are of a kind that has no agreed conversion to RGB.
    #[error("{kind} pixels are not supported; convert the picture to 8-bit RGB")]
    UnsupportedPixels {
        /// The kind of pixel.
        kind: String,
    },
    /// A valid file of a kind that is not decoded.
    #[error(
        "{format} picture of a kind that is not supported: {found}; convert it to an 8-bit RGB PNG"
    )]
    Unsupported {
        /// The format told by the first bytes.
        format: &'static str,
        /// What the file holds.
        found: String,
    },
    /// The picture has no pixels.
    #[error("the picture is {size}: it has no pixels; expected at least 1x1")]
    Empty {
        /// The claimed size.
        size: PixelSize,
    },
    /// The buffer does not fit the picture's size.
    #[error("a picture of {size} needs {expected} bytes of RGB, found {found}")]
    WrongLength {
        /// The claimed size.
        size: PixelSize,
        /// Bytes needed.
        expected: u64,
        /// Bytes given.
        found: usize,
    },
    /// A picture cannot be resized to nothing.
    #[error("cannot resize {from} to {to}: both sides must be at least one pixel")]
    EmptySize {
        /// Size before.
        from: PixelSize,
        /// Size asked for.
        to: PixelSize,
    },
}
