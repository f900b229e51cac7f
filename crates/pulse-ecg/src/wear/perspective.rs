//! The camera looks at the page from aside.

use super::apply::Draw;
use super::random::between;
use crate::page::{Homography, PageError};

/// Share of the page's sides by which corners move inwards at strength 1.
const MOST: f64 = 0.08;

/// Each corner moves inwards by an amount of its own.
pub(super) fn map(width: f64, height: f64, mut draw: Draw) -> Result<Homography, PageError> {
    let reach = f64::from(draw.amount) * MOST;
    let mut inwards = || f64::from(between(&mut draw.random, 0.0, 1.0)) * reach;
    let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|(x, y)| {
        let to_middle = |side: f64| if side > 0.5 { -1.0 } else { 1.0 };
        let (across, down) = (inwards() * to_middle(x), inwards() * to_middle(y));
        ((x + across) * width, (y + down) * height)
    });
    Homography::from_corners(width, height, corners)
}
