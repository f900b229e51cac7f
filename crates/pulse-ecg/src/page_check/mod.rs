//! Whether a picture can be a page with a 12-lead ECG, and whether a model can read it at its size.
//!
//! [`PageCheck::new`] measures a picture and gives a [`Verdict`]. Three things are measured on a version of at most
//! 1280 pixels: the printed grid ([`GridMeasure`]), the trace ([`TraceMeasure`]), and pixels per millimetre. What
//! tells an ECG from other curves is that its rows beat together. A check says that a picture can be a page, not
//! that it is one. `docs/page-check.md` has formulae, thresholds and results.
//!
//! ```
//! use pulse_ecg::page::PixelSize;
//! use pulse_ecg::page_check::{PageCheck, PageCheckOptions};
//!
//! let size = PixelSize { width: 300, height: 200 };
//! let check = PageCheck::new(size, &vec![255; 300 * 200 * 3], &PageCheckOptions::default());
//! assert_eq!(check.verdict.to_string(), "refused: blank: nothing is darker than the paper");
//! ```

mod beats;
mod check;
mod curves;
mod grid;
mod period;
mod planes;
mod stroke;
mod trace;
mod verdict;

pub use check::{PageCheck, PageCheckOptions};
pub use grid::GridMeasure;
pub use trace::TraceMeasure;
pub use verdict::{Refusal, Verdict};
