//! All measurements of a picture and the verdict.

use serde::Serialize;

use super::grid::GridMeasure;
use super::planes::Planes;
use super::stroke::StrokeMass;
use super::trace::TraceMeasure;
use super::verdict::{Verdict, judge};
use crate::page::{Picture, PixelSize};

/// What a page must hold for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageCheckOptions {
    /// Canvas of tiles that the picture is scaled onto, aspect kept, as the model's preprocessing does; nothing if
    /// the picture is read at its own size.
    pub canvas: Option<PixelSize>,
    /// Fewest pixels per millimetre of paper that the model can read, in the picture and on the canvas.
    pub least_px_per_mm: f64,
}

impl Default for PageCheckOptions {
    fn default() -> Self {
        Self {
            canvas: None,
            least_px_per_mm: 1.0,
        }
    }
}

/// Measurements of a picture, and whether it can be a page with a 12-lead ECG.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PageCheck {
    /// Size of the picture.
    pub size: PixelSize,
    /// The most regular square grid, however weak.
    pub grid: Option<GridMeasure>,
    /// Whether that grid is strong, regular and fine enough to be ECG paper.
    pub has_grid: bool,
    /// The trace.
    pub trace: TraceMeasure,
    /// Pixels of the picture per millimetre of paper: from the grid, or without one from the trace's extent, which
    /// is taken for 250 mm (10 s at 25 mm/s).
    pub px_per_mm: Option<f64>,
    /// Pixels per millimetre on the canvas.
    pub canvas_px_per_mm: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Millimetres that the trace of a page without a grid is taken to be long.
const TRACE_MM: f64 = 250.0;

impl PageCheck {
    /// Measures a picture of `size` with `rgb` as `[height, width, 3]` bytes, rows from the top. Rows that `rgb`
    /// lacks are taken for black ones. Any size is allowed.
    pub fn new(size: PixelSize, rgb: &[u8], options: &PageCheckOptions) -> Self {
        let planes = Planes::new(size.width as usize, size.height as usize, rgb);
        let grid = GridMeasure::of(&planes);
        let stroke = StrokeMass::of(&planes);
        let trace = TraceMeasure::of(&stroke, planes.factor);
        let has_grid = grid.is_some_and(|grid| grid.is_paper());
        let px_per_mm = match grid {
            Some(grid) if has_grid => Some(grid.px_per_mm),
            _ => (trace.extent_px > 0.0).then(|| trace.extent_px / TRACE_MM),
        };
        let scale = options.canvas.map_or(1.0, |canvas| {
            let across = f64::from(canvas.width) / f64::from(size.width.max(1));
            across.min(f64::from(canvas.height) / f64::from(size.height.max(1)))
        });
        let mut check = Self {
            size,
            grid,
            has_grid,
            trace,
            px_per_mm,
            canvas_px_per_mm: px_per_mm.map(|px_per_mm| px_per_mm * scale),
            verdict: Verdict::Accepted,
        };
        check.verdict = judge(&check, options);
        check
    }

    /// Measures a picture that this crate drew.
    pub fn of_picture(picture: &Picture, options: &PageCheckOptions) -> Self {
        Self::new(picture.size(), picture.rgb(), options)
    }

    /// Whether the verdict is [`Verdict::Accepted`].
    pub fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted
    }
}
