//! Pictures: decoding to RGB and resizing, both equal to Pillow's.

mod decode;
mod error;
mod gif;
mod image;
mod jpeg;
mod orientation;
mod resample;
mod resize;
mod rgb;
mod size;
mod tiff;

pub use decode::DecodeLimits;
pub use error::PictureError;
pub use image::PageImage;
pub use resize::{PassOrder, Region, resize_bicubic, resize_region};
pub use size::PixelSize;
