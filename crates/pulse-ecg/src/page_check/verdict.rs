//! The verdict and its thresholds. `docs/page-check.md` says how they were chosen.

use std::fmt;

use serde::Serialize;

use super::check::{PageCheck, PageCheckOptions};
use super::grid::GridMeasure;

/// Whether a picture can be an ECG page that the model can read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It can.
    Accepted,
    /// It cannot, and why.
    Refused(Refusal),
}

/// Why a picture is refused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It has too few pixels on a side for anything to be measured.
    TooSmall,
    /// Nothing is darker than the paper.
    Blank,
    /// Too few rows of waves run over it.
    NoTrace {
        /// Rows that the middle column crosses.
        rows: usize,
        /// Share of the columns that two waves or more cross.
        coverage: f64,
        /// Whether it has the grid of ECG paper.
        has_grid: bool,
    },
    /// Straight strokes run across it and there is no grid.
    Ruled {
        /// Strokes that the middle column crosses.
        rules: usize,
    },
    /// Its waves do not beat together.
    NotTogether {
        /// Mean correlation of neighbouring rows.
        synchrony: f64,
        /// What it must be at least.
        least: f64,
        /// Whether it has the grid of ECG paper.
        has_grid: bool,
    },
    /// Its resolution is too low.
    TooCoarse {
        /// Pixels per millimetre, in the picture or on the canvas, whichever is lower.
        px_per_mm: f64,
        /// What the model can read at least.
        least: f64,
    },
}

/// Fewest pixels on the shorter side.
const SMALLEST: u32 = 48;
/// Share of dark pixels below which a picture is blank.
const BLANK_INK: f64 = 0.0003;
/// Rows that a page must have: 3x4 without a rhythm strip has three, of which tall complexes may hide one.
const LEAST_ROWS: [usize; 2] = [3, 2];
/// Rows of twelve leads and as many fragments as were seen on real pages.
const MOST_ROWS: usize = 24;
/// Straight strokes that a page without a grid may have across: more are a table, staves, or axes.
const MOST_RULES: usize = 2;
/// Share of the columns that two rows must cross, without and with a grid.
const LEAST_COVERAGE: [f64; 2] = [0.6, 0.5];
/// Synchrony that rows must have, without and with a grid.
const LEAST_SYNCHRONY: [f64; 2] = [0.32, 0.22];
/// Grid: strength and regularity.
const PAPER: (f64, f64) = (0.2, 0.4);
/// Millimetres along the longer side that twelve leads take at least and at most.
const PAPER_MM: std::ops::Range<f64> = 120.0..600.0;

impl GridMeasure {
    /// Whether the grid is strong, regular and fine enough for ECG paper.
    pub(super) fn is_paper(&self) -> bool {
        self.strength >= PAPER.0
            && self.regularity >= PAPER.1
            && PAPER_MM.contains(&self.longer_side_mm)
    }
}

pub(super) fn judge(check: &PageCheck, options: &PageCheckOptions) -> Verdict {
    let refusal = refusal(check, options);
    refusal.map_or(Verdict::Accepted, Verdict::Refused)
}

fn refusal(check: &PageCheck, options: &PageCheckOptions) -> Option<Refusal> {
    let (trace, has_grid) = (&check.trace, check.has_grid);
    if check.size.width.min(check.size.height) < SMALLEST {
        return Some(Refusal::TooSmall);
    }
    if trace.ink_share < BLANK_INK && !has_grid {
        return Some(Refusal::Blank);
    }
    let by_grid = usize::from(has_grid);
    let has_rows = (LEAST_ROWS[by_grid]..=MOST_ROWS).contains(&trace.rows);
    if !has_rows || trace.coverage < LEAST_COVERAGE[by_grid] {
        return Some(Refusal::NoTrace {
            rows: trace.rows,
            coverage: trace.coverage,
            has_grid,
        });
    }
    if trace.rules > MOST_RULES && !has_grid {
        return Some(Refusal::Ruled { rules: trace.rules });
    }
    let least = LEAST_SYNCHRONY[by_grid];
    if trace.synchrony < least {
        return Some(Refusal::NotTogether {
            synchrony: trace.synchrony,
            least,
            has_grid,
        });
    }
    let px_per_mm = check.px_per_mm?;
    let px_per_mm = px_per_mm.min(check.canvas_px_per_mm.unwrap_or(px_per_mm));
    (px_per_mm < options.least_px_per_mm).then_some(Refusal::TooCoarse {
        px_per_mm,
        least: options.least_px_per_mm,
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grid = |has_grid: &bool| if *has_grid { "a grid" } else { "no grid" };
        match self {
            Self::TooSmall => write!(f, "smaller than {SMALLEST} pixels on a side"),
            Self::Blank => f.write_str("blank: nothing is darker than the paper"),
            Self::NoTrace {
                rows,
                coverage,
                has_grid,
            } => write!(
                f,
                "no trace: {rows} rows of waves over {:.0} % of the width, expected {} to {MOST_ROWS} over {:.0} %; {}",
                100.0 * coverage,
                LEAST_ROWS[usize::from(*has_grid)],
                100.0 * LEAST_COVERAGE[usize::from(*has_grid)],
                grid(has_grid)
            ),
            Self::Ruled { rules } => write!(
                f,
                "no ECG: {rules} straight strokes run across and there is no grid, expected at most {MOST_RULES}"
            ),
            Self::NotTogether {
                synchrony,
                least,
                has_grid,
            } => write!(
                f,
                "no ECG: its rows do not beat together (correlation {synchrony:.2}, expected {least:.2}); {}",
                grid(has_grid)
            ),
            Self::TooCoarse { px_per_mm, least } => write!(
                f,
                "too coarse: {px_per_mm:.2} pixels per mm, expected {least:.2}; scan it at a higher resolution"
            ),
        }
    }
}
