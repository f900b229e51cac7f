//! Pictures: decoding to RGB and resizing, both equal to Pillow's.

mod decode;
mod error;
mod image;
mod jpeg;
mod resample;
mod resize;
mod rgb;
mod size;

pub use decode::DecodeLimits;
pub use error::PictureError;
pub use image::PageImage;
pub use resize::{PassOrder, Region, resize_bicubic, resize_region};
pub use size::PixelSize;
