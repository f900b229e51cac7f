//! Pages: a recording drawn as an ECG machine prints it, with the geometry of what was drawn.
//!
//! [`PageSettings`] say what is wanted, a [`PageRenderer`] checks them once, draws the paper once and then
//! turns recordings into [`Page`]s. Everything is laid out in millimetres of paper and drawn by one
//! coverage rasteriser in ordered `f32` arithmetic: equal settings and samples give equal bytes on every
//! platform, which a library that picks its arithmetic by processor does not promise.
//!
//! The order of things, a file each: `layout` names the leads of rows and columns, `plan` places them on the paper,
//! `background` draws the paper, `trace` turns samples into polylines, `ink` covers pixels, and
//! `geometry` says where everything went.

mod background;
mod encode;
mod error;
mod few_colours;
mod geometry;
mod grid;
mod header;
mod homography;
mod ink;
mod labels;
mod layout;
mod marks;
mod paper;
mod picture;
mod plan;
mod print;
mod renderer;
mod save;
mod settings;
mod sheet;
mod text;
mod trace;

pub use error::{PageError, PageFileError};
pub use geometry::{LeadGeometry, LeadRole, PageBox, PageGeometry, PagePoint, SignalPoint};
pub use grid::{GridColour, GridExtent, GridStyle, MinorMarks};
pub use header::Header;
pub use homography::Homography;
pub(crate) use ink::{Clip, InkLayer, Pen, Segment};
pub use layout::Layout;
pub use paper::Paper;
pub(crate) use picture::bounded_size;
pub use picture::{Picture, PixelSize};
pub(crate) use print::Printer;
pub use renderer::{Page, PageRenderer};
pub use save::PictureFormat;
pub use settings::{MissingLeads, PageSettings, Separator, TimeAlignment};
pub(crate) use text::{text_width, write_text};
