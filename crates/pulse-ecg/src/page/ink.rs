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
    /// Whether anything was drawn on each run of [`RUN`] pixels of each row: most of a page is bare and is
    /// not looked at when it is printed.
    touched: Vec<bool>,
    /// Runs in a row.
    runs: usize,
}

/// Pixels of a row that are printed together.
pub(crate) const RUN: usize = 64;

/// Pixels of a stroke that are computed together: two vectors of SSE or NEON, one of AVX.
const LANES: usize = 8;

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
        let (width, height) = (width as usize, height as usize);
        let runs = width.div_ceil(RUN);
        Self {
            width,
            height,
            coverage: vec![0; width * height],
            touched: vec![false; runs * height],
            runs,
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
    // `clamp` has branches for NaN that keep the compiler from making vectors; nothing here is NaN.
    #[allow(clippy::manual_clamp)]
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
        if columns.is_empty() {
            return;
        }
        let columns = self.whole_vectors(columns, from.0.max(to.0) + edge + 0.5);
        let left = columns.start as f32 + 0.5 - from.0;
        for row in rows {
            self.touch(row, &columns);
            let y = row as f32 + 0.5 - from.1;
            // No branch in here: the compiler makes vectors of it.
            let covered = |first: f32| -> [u8; LANES] {
                std::array::from_fn(|lane| {
                    let x = first + lane as f32;
                    let along = ((x * dx + y * dy) * inverse).max(0.0).min(1.0);
                    let (away_x, away_y) = (x - along * dx, y - along * dy);
                    let distance = (away_x * away_x + away_y * away_y).sqrt();
                    rounded((edge - distance).max(0.0).min(1.0) * pen.strength)
                })
            };
            let start = row * self.width;
            let line = &mut self.coverage[start + columns.start..start + columns.end];
            let (vectors, rest) = line.as_chunks_mut::<LANES>();
            let mut first = left;
            for pixels in vectors {
                let covered = covered(first);
                for (pixel, covered) in pixels.iter_mut().zip(covered) {
                    *pixel = (*pixel).max(covered);
                }
                first += LANES as f32;
            }
            for (pixel, covered) in rest.iter_mut().zip(covered(first)) {
                *pixel = (*pixel).max(covered);
            }
        }
    }

    /// Columns of a stroke with those after it that fill the last vector, where there are such and neither
    /// they nor the stroke, which ends at `stroke_end`, meet the clip: they are too far away to get any ink.
    fn whole_vectors(
        &self,
        columns: std::ops::Range<usize>,
        stroke_end: f32,
    ) -> std::ops::Range<usize> {
        let end = columns.start + columns.len().next_multiple_of(LANES);
        if end <= self.width && stroke_end as usize <= columns.end {
            columns.start..end
        } else {
            columns
        }
    }

    /// Notes that columns of a row were drawn on.
    fn touch(&mut self, row: usize, columns: &std::ops::Range<usize>) {
        let (first, last) = (columns.start / RUN, (columns.end - 1) / RUN);
        self.touched[row * self.runs + first..=row * self.runs + last].fill(true);
    }

    /// Fills a rectangle with exact coverage at its edges.
    pub(crate) fn fill(&mut self, bounds: Clip) {
        let columns = span(bounds.left, bounds.right, 0.5, (0.0, f32::MAX), self.width);
        let rows = span(bounds.top, bounds.bottom, 0.5, (0.0, f32::MAX), self.height);
        if columns.is_empty() {
            return;
        }
        for row in rows {
            self.touch(row, &columns);
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
            self.touched[y * self.runs + x / RUN] = true;
            let pixel = &mut self.coverage[y * self.width + x];
            *pixel = (*pixel).max((share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8);
        }
    }

    /// Whether there is no ink on the pixels that a rectangle touches.
    pub(crate) fn is_bare(&self, bounds: &Clip) -> bool {
        let columns = touching(bounds.left, bounds.right, self.width);
        touching(bounds.top, bounds.bottom, self.height).all(|row| {
            let line = &self.coverage[row * self.width..][columns.clone()];
            line.iter().all(|covered| *covered == 0)
        })
    }

    /// Pixels in a row.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Coverage of a row's pixels, and for each run of [`RUN`] whether anything was drawn there.
    pub(crate) fn row(&self, y: usize) -> (&[u8], &[bool]) {
        (
            &self.coverage[y * self.width..][..self.width],
            &self.touched[y * self.runs..][..self.runs],
        )
    }
}

/// A number from 0 to 255 to the nearest whole one. Adding 2^23 leaves it in the last bits of the `f32`: unlike
/// a conversion, compilers make vectors of that for any processor.
fn rounded(value: f32) -> u8 {
    (value + 8_388_608.0).to_bits() as u8
}

/// Pixels that lie at least partly between two edges.
fn touching(low: f32, high: f32, size: usize) -> std::ops::Range<usize> {
    // Conversions saturate.
    let end = (libm::ceilf(high) as usize).min(size);
    (libm::floorf(low) as usize).min(end)..end
}

/// How much of the pixel `index..index+1` lies between two edges.
fn overlap(index: usize, low: f32, high: f32) -> f32 {
    let index = index as f32;
    (high.min(index + 1.0) - low.max(index)).clamp(0.0, 1.0)
}

/// Pixels whose centres are within reach of what lies between two coordinates, and inside the clip.
fn span(a: f32, b: f32, reach: f32, clip: (f32, f32), size: usize) -> std::ops::Range<usize> {
    // Conversions saturate: what is left of the picture becomes 0.
    let low = (a.min(b) - reach + 0.5).max(clip.0) as usize;
    let whole = clip.1 as usize;
    let edge = whole.saturating_add(usize::from((whole as f32) < clip.1));
    let end = ((a.max(b) + reach + 0.5) as usize).min(edge).min(size);
    low.min(end)..end
}

/// The part of a segment within the clip and its reach (Liang and Barsky 1984), or nothing.
fn cut(segment: Segment, clip: &Clip, reach: f32) -> Option<Segment> {
    let (from, to) = (segment.from, segment.to);
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    if !(dx.is_finite() && dy.is_finite() && from.0.is_finite() && from.1.is_finite()) {
        return None;
    }
    let inside = |(x, y): (f32, f32)| {
        (clip.left..=clip.right).contains(&x) && (clip.top..=clip.bottom).contains(&y)
    };
    if inside(from) && inside(to) {
        return Some(segment);
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
