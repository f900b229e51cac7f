//! Whether a picture could be an ECG, by simple statistics.
//!
//! An ECG page is light paper with a little dark ink, and its ink runs in thin lines that are much longer
//! than letters. Four numbers of the luma (ITU-R 601) say so, each relative to the page so that worn, tinted
//! and dimly photographed pages pass. Ink is what is darker than a third (0.35) of the way from ink to paper:
//!
//! 1. contrast: the median (paper) lies at least 40 of 255 above the 0.2 % quantile (ink);
//! 2. ink: it covers 0.02 % to 35 % of the page (strong grids of ECG-Image-Kit reach 27 %);
//! 3. lines: at most 85 % of it lies in solid squares of a hundredth of the width (a dark table around a
//!    photographed page reaches 60 %, photographs of other things nearly all);
//! 4. trace: on a grid of 512 cells across, the widest connected stretch of cells with ink spans at least
//!    6 % of the width. One lead of a 3x4 page spans 22 %, a worn trace breaks into pieces.
//!
//! Blank pages, photographs of other things and most pages of text fail one of them. It is a filter for
//! mix-ups, no proof: a drawing of a long line passes, and so does noise.

use pulse_vision::PageImage;

/// Smallest difference of luma between paper and ink.
const LEAST_CONTRAST: u32 = 40;
/// Smallest and largest share of ink.
const INK: std::ops::RangeInclusive<f64> = 0.0002..=0.35;
/// Where ink ends, in hundredths of the way from ink to paper.
const INK_LIMIT: u32 = 35;
/// Largest share of the ink that lies in solid squares.
const MOST_SOLID: f64 = 0.85;
/// Cells across the picture.
const CELLS: usize = 512;
/// Smallest share of the width that the widest stretch of ink spans.
const LEAST_SPAN: f64 = 0.06;

/// The statistics of a picture.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct EcgLook {
    /// Luma of the paper: the median, 0 to 255.
    pub paper: u32,
    /// Luma of the ink: the 0.2 % quantile.
    pub ink: u32,
    /// Share of pixels that are ink.
    pub ink_share: f64,
    /// Share of the ink that lies in solid squares.
    pub solid_share: f64,
    /// Share of the width that the widest connected stretch of ink spans.
    pub widest_span: f64,
}

/// Why a picture does not look like an ECG.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotEcg {
    /// Nothing is darker than the paper.
    #[error("its darkest parts ({ink}) hardly differ from the paper ({paper}): it seems blank")]
    Blank {
        /// Luma of the ink.
        ink: u32,
        /// Luma of the paper.
        paper: u32,
    },
    /// Too little or too much is dark.
    #[error("{:.2} % of it is dark; an ECG page has 0.02 to 35 %", share * 100.0)]
    Ink {
        /// The share.
        share: f64,
    },
    /// The dark parts are areas, not lines.
    #[error("{:.0} % of its dark parts are solid areas; an ECG page has thin lines, at most 85 % areas", share * 100.0)]
    Solid {
        /// The share.
        share: f64,
    },
    /// There is no long line.
    #[error("its longest line spans {:.1} % of the width; a trace spans 6 % or more", span * 100.0)]
    NoTrace {
        /// The share.
        span: f64,
    },
}

impl EcgLook {
    /// Measures a picture.
    pub fn measure(picture: &PageImage) -> Self {
        let size = picture.size();
        let (width, height) = (size.width as usize, size.height as usize);
        let luma: Vec<u8> = picture
            .rgb()
            .as_chunks::<3>()
            .0
            .iter()
            .map(|[red, green, blue]| {
                let sum = 299 * u32::from(*red) + 587 * u32::from(*green) + 114 * u32::from(*blue);
                (sum / 1000) as u8
            })
            .collect();
        let mut counts = [0u64; 256];
        for value in &luma {
            counts[usize::from(*value)] += 1;
        }
        let total = luma.len() as u64;
        let (paper, ink) = (quantile(&counts, total / 2), quantile(&counts, total / 500));
        let limit = ink + (paper - ink) * INK_LIMIT / 100;
        let dark: u64 = counts[..limit as usize].iter().sum();
        Self {
            paper,
            ink,
            ink_share: dark as f64 / total.max(1) as f64,
            solid_share: solid_pixels(&luma, width, limit) as f64 / dark.max(1) as f64,
            widest_span: widest_span(&luma, width, height, limit),
        }
    }

    /// Whether the statistics are those of an ECG page.
    ///
    /// # Errors
    /// [`NotEcg`] says which is not.
    pub fn judge(&self) -> Result<(), NotEcg> {
        if self.paper < self.ink + LEAST_CONTRAST {
            return Err(NotEcg::Blank {
                ink: self.ink,
                paper: self.paper,
            });
        }
        if !INK.contains(&self.ink_share) {
            return Err(NotEcg::Ink {
                share: self.ink_share,
            });
        }
        if self.solid_share > MOST_SOLID {
            return Err(NotEcg::Solid {
                share: self.solid_share,
            });
        }
        if self.widest_span < LEAST_SPAN {
            return Err(NotEcg::NoTrace {
                span: self.widest_span,
            });
        }
        Ok(())
    }
}

/// The smallest value that more than `rank` pixels do not exceed.
fn quantile(counts: &[u64; 256], rank: u64) -> u32 {
    let mut sum = 0;
    for (value, count) in (0u32..).zip(counts) {
        sum += count;
        if sum > rank {
            return value;
        }
    }
    255
}

/// Pixels that are the lower right corner of a dark square of a hundredth of the width, at least 4 pixels:
/// nearly all of a dark area and none of a line.
fn solid_pixels(luma: &[u8], width: usize, limit: u32) -> u64 {
    let side = (width / 100).max(4);
    // Side of the largest dark square that ends at each pixel of the row above and of this row.
    let (mut above, mut here) = (vec![0; width], vec![0; width]);
    let mut solid = 0;
    for row in luma.chunks_exact(width.max(1)) {
        let (mut left, mut corner) = (0, 0);
        for ((value, up), square) in row.iter().zip(&above).zip(&mut here) {
            left = match u32::from(*value) < limit {
                true => left.min(*up).min(corner) + 1,
                false => 0,
            };
            corner = *up;
            *square = left;
            solid += u64::from(left >= side);
        }
        std::mem::swap(&mut above, &mut here);
    }
    solid
}

/// Share of the width that the widest connected stretch (eight neighbours) of cells with ink spans.
fn widest_span(luma: &[u8], width: usize, height: usize, limit: u32) -> f64 {
    let cell = width.div_ceil(CELLS).max(1);
    let (columns, rows) = (width.div_ceil(cell), height.div_ceil(cell));
    let mut has_ink = vec![false; columns * rows];
    for (y, row) in luma.chunks_exact(width.max(1)).enumerate() {
        let cells = &mut has_ink[y / cell * columns..][..columns];
        for (x, value) in row.iter().enumerate() {
            if u32::from(*value) < limit {
                cells[x / cell] = true;
            }
        }
    }
    let mut widest = 0;
    let mut open = Vec::new();
    for start in 0..has_ink.len() {
        if !std::mem::take(&mut has_ink[start]) {
            continue;
        }
        let (mut first, mut last) = (columns, 0);
        open.push(start);
        while let Some(at) = open.pop() {
            let (x, y) = (at % columns, at / columns);
            (first, last) = (first.min(x), last.max(x));
            for near_y in y.saturating_sub(1)..(y + 2).min(rows) {
                for near_x in x.saturating_sub(1)..(x + 2).min(columns) {
                    let near = near_y * columns + near_x;
                    if std::mem::take(&mut has_ink[near]) {
                        open.push(near);
                    }
                }
            }
        }
        widest = widest.max(last + 1 - first);
    }
    widest as f64 / columns.max(1) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pulse_vision::PixelSize;

    use super::*;

    fn picture(luma: impl Fn(u32, u32) -> u8) -> PageImage {
        let size = PixelSize::new(600, 400);
        let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        let rgb = pixels.flat_map(|(x, y)| [luma(x, y); 3]).collect();
        PageImage::from_rgb(size, rgb).unwrap()
    }

    fn judge(luma: impl Fn(u32, u32) -> u8) -> Result<(), NotEcg> {
        EcgLook::measure(&picture(luma)).judge()
    }

    #[test]
    fn a_trace_on_paper_passes_and_other_things_do_not() {
        let trace = |x: u32, y: u32| y.abs_diff(200 + (x / 7 % 5).abs_diff(2) * 4) < 6;
        assert_eq!(judge(|x, y| if trace(x, y) { 30 } else { 240 }), Ok(()));
        // Dim paper with faded ink.
        assert_eq!(judge(|x, y| if trace(x, y) { 60 } else { 130 }), Ok(()));
        assert!(matches!(judge(|_, _| 255), Err(NotEcg::Blank { .. })));
        assert!(matches!(
            judge(|x, y| if x % 20 < 7 || y % 20 < 4 { 0 } else { 255 }),
            Err(NotEcg::Ink { .. })
        ));
        // Areas of grey, as in photographs of other things.
        assert!(matches!(
            judge(|x, y| (x / 3 + y / 8) as u8),
            Err(NotEcg::Solid { .. })
        ));
        // Letters: small marks with gaps between them.
        assert!(matches!(
            judge(|x, y| if x % 16 < 5 && y % 32 < 5 { 20 } else { 250 }),
            Err(NotEcg::NoTrace { .. })
        ));
    }
}
