//! Wear: what happens to a page between the printer and the file, drawn from a seed.
//!
//! [`Wear`] says how strong each distortion is at most, from 0 to 1; [`Wear::apply`] works in the order of
//! a page's life. On the paper: faded ink, pen marks, creases. Before the camera: rotation, perspective and
//! crop, one resampling for all three, kept as a homography in the page's geometry. In the light and the
//! camera: shadow, colour temperature, black-and-white scan, blur, noise, JPEG.
//!
//! Equal pages, strengths and seeds give equal bytes on every platform and with any number of threads:
//! random numbers belong to a distortion and a row, never to a thread; arithmetic is on integers or on
//! `f32` in a fixed order; transcendental functions come from `libm`.

mod apply;
mod blur;
mod creases;
mod crop;
mod fading;
mod handwriting;
mod jpeg;
mod noise;
mod perspective;
mod random;
mod resample;
mod rotation;
mod scan;
mod shadow;
mod strengths;
mod temperature;
mod to_byte;

pub(crate) use random::{SmoothField, between, chance, index};
pub use strengths::{Wear, WearError};
