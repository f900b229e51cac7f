//! Sides of the page are outside the picture.

use super::apply::Draw;
use super::random::between;
use super::resample::Frame;

/// Share of a side that is lost at strength 1.
const MOST: f64 = 0.06;

/// Moves the four edges of the picture inwards, each by an amount of its own.
pub(super) fn cut(frame: &mut Frame, mut draw: Draw) {
    let reach = f64::from(draw.amount) * MOST;
    let mut lost = || f64::from(between(&mut draw.random, 0.0, 1.0)) * reach;
    let (width, height) = (frame.right - frame.left, frame.bottom - frame.top);
    frame.left += lost() * width;
    frame.right -= lost() * width;
    frame.top += lost() * height;
    frame.bottom -= lost() * height;
}
