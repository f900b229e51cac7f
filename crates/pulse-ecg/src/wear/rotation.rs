//! The page lies askew.

use super::apply::Draw;
use super::random::chance;
use crate::page::Homography;

/// Degrees at strength 1. Digitisers of paper ECGs are built for 5 and meet a little more.
const MOST_DEGREES: f64 = 8.0;

/// A turn around the page's centre to either side.
pub(super) fn map(width: f64, height: f64, mut draw: Draw) -> Homography {
    let sign = if chance(&mut draw.random, 0.5) {
        1.0
    } else {
        -1.0
    };
    let radians = sign * f64::from(draw.amount) * MOST_DEGREES * std::f64::consts::PI / 180.0;
    Homography::rotation(radians, (width / 2.0, height / 2.0))
}
