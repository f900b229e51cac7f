//! Decoys: pictures that are no ECG pages, drawn from a seed, to find out what a check lets through.
//!
//! Equal kinds, seeds and sizes give equal bytes on every platform: random numbers come from one ChaCha8 stream
//! for each kind, strokes from the rasteriser of the pages, transcendental functions from `libm`.

mod bars;
mod contours;
mod kind;
mod noise;
mod paper;
mod pattern;
mod photograph;
mod plot;
mod sheet;
mod staves;
mod table;
mod words;

pub use kind::{DecoyError, DecoyKind};
