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
/// Positions are computed in `f64` for every 16th pixel and go on evenly in between, which at the strongest
/// perspective is off by 1/400 of a pixel; they are used to 1/256. The mixing is on integers.
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
        let y = row as f64 + 0.5;
        let mut from = fixed(&back, 0, y);
        for (span, pixels) in line.chunks_mut(3 * SPAN).enumerate() {
            let to = fixed(&back, (span + 1) * SPAN, y);
            let step = [
                (to[0] - from[0]) / SPAN as i64,
                (to[1] - from[1]) / SPAN as i64,
            ];
            let mut at = from;
            for pixel in pixels.chunks_exact_mut(3) {
                pixel.copy_from_slice(&sample(page, at[0] >> 16, at[1] >> 16, table));
                at = [at[0] + step[0], at[1] + step[1]];
            }
            from = to;
        }
    });
    Ok((picture, map))
}

/// Pixels between two exact positions.
const SPAN: usize = 16;

/// Where the page is under the centre of a pixel, in 2^-24 pixels from the centre of the page's first pixel.
fn fixed(back: &Homography, column: usize, y: f64) -> [i64; 2] {
    let (x, y) = back.apply(column as f64 + 0.5, y);
    // Conversions saturate: a point on the horizon is far outside, and steps from it must not overflow.
    [x, y].map(|at| ((at - 0.5) * 16_777_216.0).clamp(-1e15, 1e15) as i64)
}

/// The colour at a point in 1/256 pixels whose whole numbers are pixel centres.
#[inline]
fn sample(page: &Picture, x: i64, y: i64, outside: [u8; 3]) -> [u8; 3] {
    let PixelSize { width, height } = page.size();
    // One pixel is added so that nothing is negative.
    let (x, y) = (x + 256, y + 256);
    let limits = ((i64::from(width) + 1) << 8, (i64::from(height) + 1) << 8);
    if x < 0 || y < 0 || x >= limits.0 || y >= limits.1 {
        return outside;
    }
    let (x, y) = (x as usize, y as usize);
    let (left, top) = (x >> 8, y >> 8);
    let (across, down) = ((x & 255) as u32, (y & 255) as u32);
    let (width, height) = (width as usize, height as usize);
    let rgb = page.rgb();
    if left >= 1 && top >= 1 && left < width && top < height {
        let at = ((top - 1) * width + left - 1) * 3;
        let pair = |at: usize| rgb.get(at..).and_then(|rest| rest.first_chunk::<6>());
        // Both are there; asked for as a whole they cost one look at the length each.
        if let (Some(above), Some(below)) = (pair(at), pair(at + width * 3)) {
            return std::array::from_fn(|channel| {
                let mix = |pair: &[u8; 6]| {
                    u32::from(pair[channel]) * (256 - across)
                        + u32::from(pair[channel + 3]) * across
                };
                ((mix(above) * (256 - down) + mix(below) * down + (1 << 15)) >> 16) as u8
            });
        }
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
