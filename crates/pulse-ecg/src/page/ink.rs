//! The ink of a page: how much of each pixel it covers, and the rasteriser of strokes.
//!
//! A stroke covers a pixel by its distance to the pixel's centre, clamped to one pixel of edge; where
//! strokes meet the larger coverage counts. So a dense trace is an even band and not a blot, which is what
//! a thermal head or a pen leaves. The arithmetic is `f32` without fused operations and square roots, both
//! exact by IEEE 754, hence equal everywhere.

/// Ink over a page, one byte a pixel: 0 none, 255 all of it.
#[derive(Debug, Clone)]
pub(crate) struct InkLayer {
    width: usize,
    height: usize,
    coverage: Vec<u8>,
}

/// A straight stroke with round ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) from: (f32, f32),
    pub(crate) to: (f32, f32),
}

/// How strokes are drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    radius: f32,
    /// Largest coverage, times 255.
    strength: f32,
}

/// A line thinner than this share of a pixel is not drawn fainter: on a page of a few pixels per
/// millimetre the trace would drown in the grid, where a camera keeps its contrast.
const FAINTEST: f32 = 0.62;

impl Pen {
    /// A pen of a width in pixels. Below one pixel the stroke stays one pixel wide and becomes fainter.
    pub(crate) fn new(width: f32) -> Self {
        Self {
            radius: width.max(1.0) * 0.5,
            strength: 255.0 * width.clamp(FAINTEST, 1.0),
        }
    }
}

/// Columns and rows that may be drawn on: left, top, right, bottom, the last two outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clip {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl InkLayer {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self {
            width: width as usize,
            height: height as usize,
            coverage: vec![0; width as usize * height as usize],
        }
    }

    /// The whole layer as a clip.
    pub(crate) const fn everything(&self) -> Clip {
        Clip {
            left: 0.0,
            top: 0.0,
            right: self.width as f32,
            bottom: self.height as f32,
        }
    }

    /// Draws a stroke. Coordinates of any size, NaN among them, are cut to the clip first.
    pub(crate) fn stroke(&mut self, segment: Segment, pen: Pen, clip: &Clip) {
        let edge = pen.radius + 0.5;
        let Some(Segment { from, to }) = cut(segment, clip, edge) else {
            return;
        };
        let columns = span(from.0, to.0, edge, (clip.left, clip.right), self.width);
        let rows = span(from.1, to.1, edge, (clip.top, clip.bottom), self.height);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length_squared = dx * dx + dy * dy;
        let inverse = if length_squared > 0.0 {
            1.0 / length_squared
        } else {
            0.0
        };
        let bare = edge * edge;
        for row in rows {
            let y = row as f32 + 0.5 - from.1;
            let start = row * self.width;
            let line = &mut self.coverage[start + columns.start..start + columns.end];
            for (offset, pixel) in line.iter_mut().enumerate() {
                let x = (columns.start + offset) as f32 + 0.5 - from.0;
                let along = ((x * dx + y * dy) * inverse).clamp(0.0, 1.0);
                let (away_x, away_y) = (x - along * dx, y - along * dy);
                let squared = away_x * away_x + away_y * away_y;
                if squared < bare {
                    let covered = (edge - squared.sqrt()).min(1.0) * pen.strength + 0.5;
                    *pixel = (*pixel).max(covered as u8);
                }
            }
        }
    }

    /// Fills a rectangle with exact coverage at its edges.
    pub(crate) fn fill(&mut self, bounds: Clip) {
        let columns = span(bounds.left, bounds.right, 0.5, (0.0, f32::MAX), self.width);
        let rows = span(bounds.top, bounds.bottom, 0.5, (0.0, f32::MAX), self.height);
        for row in rows {
            let down = overlap(row, bounds.top, bounds.bottom);
            for column in columns.clone() {
                let covered = down * overlap(column, bounds.left, bounds.right) * 255.0 + 0.5;
                let pixel = &mut self.coverage[row * self.width + column];
                *pixel = (*pixel).max(covered as u8);
            }
        }
    }

    /// Covers one pixel, if it is inside, by a share.
    pub(crate) fn cover(&mut self, x: i64, y: i64, share: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height {
            let pixel = &mut self.coverage[y * self.width + x];
            *pixel = (*pixel).max((share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8);
        }
    }

    /// Mixes the ink's colour into a picture of the layer's size.
    pub(crate) fn print(&self, rgb: &mut [u8], ink: [u8; 3]) {
        const CHUNK: usize = 16;
        let pixels = rgb.chunks_mut(3 * CHUNK);
        for (covered, rgb) in self.coverage.chunks(CHUNK).zip(pixels) {
            // Most of a page is bare: sixteen pixels are looked at in one comparison.
            if covered.iter().fold(0, |any, &one| any | one) == 0 {
                continue;
            }
            for (&covered, pixel) in covered.iter().zip(rgb.chunks_exact_mut(3)) {
                mix(pixel, ink, covered);
            }
        }
    }
}

/// Mixes a colour into a pixel by a share of 255.
pub(crate) fn mix(pixel: &mut [u8], colour: [u8; 3], share: u8) {
    let (share, rest) = (u32::from(share), 255 - u32::from(share));
    for (value, ink) in pixel.iter_mut().zip(colour) {
        *value = ((u32::from(*value) * rest + u32::from(ink) * share + 127) / 255) as u8;
    }
}

/// How much of the pixel `index..index+1` lies between two edges.
fn overlap(index: usize, low: f32, high: f32) -> f32 {
    let index = index as f32;
    (high.min(index + 1.0) - low.max(index)).clamp(0.0, 1.0)
}

/// Pixels whose centres are within reach of what lies between two coordinates, and inside the clip.
fn span(a: f32, b: f32, reach: f32, clip: (f32, f32), size: usize) -> std::ops::Range<usize> {
    let low = libm::ceilf(a.min(b) - reach - 0.5).max(libm::floorf(clip.0));
    let high = libm::floorf(a.max(b) + reach + 0.5).min(libm::ceilf(clip.1));
    // Conversions saturate: what is left of the picture becomes 0.
    let end = (high as usize).min(size);
    (low as usize).min(end)..end
}

/// The part of a segment within the clip and its reach (Liang and Barsky 1984), or nothing.
fn cut(segment: Segment, clip: &Clip, reach: f32) -> Option<Segment> {
    let (from, to) = (segment.from, segment.to);
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    if !(dx.is_finite() && dy.is_finite() && from.0.is_finite() && from.1.is_finite()) {
        return None;
    }
    let (mut enter, mut leave) = (0.0_f32, 1.0_f32);
    let sides = [
        (-dx, from.0 - (clip.left - reach)),
        (dx, clip.right + reach - from.0),
        (-dy, from.1 - (clip.top - reach)),
        (dy, clip.bottom + reach - from.1),
    ];
    for (speed, room) in sides {
        if speed == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if speed < 0.0 {
            enter = enter.max(room / speed);
        } else {
            leave = leave.min(room / speed);
        }
    }
    let point = |share: f32| (from.0 + share * dx, from.1 + share * dy);
    (enter <= leave).then(|| Segment {
        from: if enter > 0.0 { point(enter) } else { from },
        to: if leave < 1.0 { point(leave) } else { to },
    })
}
