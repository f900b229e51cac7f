//! The page through the camera: one bilinear resampling by a homography.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::random::{between, index};
use crate::page::{Homography, PageError, Picture, PixelSize, bounded_size};

/// What of the plane becomes the picture, in pixels after the map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// The smallest frame with the whole mapped page.
pub(super) fn frame(map: &Homography, width: f64, height: f64) -> Frame {
    let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
    let mut frame = Frame {
        left: f64::INFINITY,
        top: f64::INFINITY,
        right: f64::NEG_INFINITY,
        bottom: f64::NEG_INFINITY,
    };
    for (x, y) in corners.map(|(x, y)| map.apply(x, y)) {
        frame.left = frame.left.min(x);
        frame.top = frame.top.min(y);
        frame.right = frame.right.max(x);
        frame.bottom = frame.bottom.max(y);
    }
    frame
}

/// Colour of the table that the page lies on: wood, grey, or white sheets.
pub(super) fn table(random: &mut ChaCha8Rng) -> [u8; 3] {
    const TABLES: [[f32; 3]; 4] = [
        [122.0, 92.0, 64.0],
        [92.0, 96.0, 100.0],
        [200.0, 202.0, 204.0],
        [58.0, 52.0, 50.0],
    ];
    let brightness = between(random, 0.8, 1.15);
    let table = TABLES[index(random, 4) as usize];
    table.map(|value| (value * brightness).clamp(0.0, 255.0) as u8)
}

/// Draws the frame. Returns the picture and the map from the page to it.
///
/// Positions are computed in `f64` and rounded to 1/256 of a pixel; the mixing is on integers.
pub(super) fn resample(
    page: &Picture,
    map: &Homography,
    frame: Frame,
    table: [u8; 3],
) -> Result<(Picture, Homography), PageError> {
    let size = bounded_size(frame.right - frame.left, frame.bottom - frame.top)?;
    let map = Homography::translation(-frame.left, -frame.top).after(map);
    let back = map.inverse()?;
    let mut picture = Picture::filled(size, page.pixels_per_mm(), table);
    let row_bytes = picture.row_bytes();
    let rows = picture.rgb_mut().par_chunks_mut(row_bytes).enumerate();
    rows.for_each(|(row, line)| {
        let start = back.0.map(|[_, y, one]| y * (row as f64 + 0.5) + one);
        for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
            let column = column as f64 + 0.5;
            let [x, y, weight]: [f64; 3] =
                std::array::from_fn(|at| back.0[at][0] * column + start[at]);
            let scale = 1.0 / weight;
            pixel.copy_from_slice(&sample(page, x * scale - 0.5, y * scale - 0.5, table));
        }
    });
    Ok((picture, map))
}

/// The colour at a point whose whole numbers are pixel centres.
fn sample(page: &Picture, x: f64, y: f64, outside: [u8; 3]) -> [u8; 3] {
    let PixelSize { width, height } = page.size();
    if !(x > -1.0 && y > -1.0 && x < f64::from(width) && y < f64::from(height)) {
        return outside;
    }
    // One is added so that truncation is rounding down.
    let (x, y) = (((x + 1.0) * 256.0) as usize, ((y + 1.0) * 256.0) as usize);
    let (left, top) = (x >> 8, y >> 8);
    let (across, down) = ((x & 255) as u32, (y & 255) as u32);
    let (width, height) = (width as usize, height as usize);
    let rgb = page.rgb();
    if left >= 1 && top >= 1 && left < width && top < height {
        let above = ((top - 1) * width + left - 1) * 3;
        let below = above + width * 3;
        return std::array::from_fn(|channel| {
            let mix = |at: usize| {
                u32::from(rgb[at + channel]) * (256 - across)
                    + u32::from(rgb[at + 3 + channel]) * across
            };
            ((mix(above) * (256 - down) + mix(below) * down + (1 << 15)) >> 16) as u8
        });
    }
    // The page's edge: neighbours outside have the table's colour.
    let pixel = |column: usize, row: usize| {
        if (1..=width).contains(&column) && (1..=height).contains(&row) {
            let at = ((row - 1) * width + column - 1) * 3;
            [rgb[at], rgb[at + 1], rgb[at + 2]]
        } else {
            outside
        }
    };
    let (a, b) = (pixel(left, top), pixel(left + 1, top));
    let (c, d) = (pixel(left, top + 1), pixel(left + 1, top + 1));
    std::array::from_fn(|channel| {
        let mix = |first: [u8; 3], second: [u8; 3]| {
            u32::from(first[channel]) * (256 - across) + u32::from(second[channel]) * across
        };
        ((mix(a, b) * (256 - down) + mix(c, d) * down + (1 << 15)) >> 16) as u8
    })
}
