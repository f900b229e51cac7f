//! Reports for people: one HTML page that needs nothing else, Markdown, and plain text.

mod comparison;
mod html;
mod html_published;
mod input;
mod markdown;
mod number;
mod pictures;
mod published_rows;
mod published_table;
mod style;
mod svg;
mod thumbnail;

pub use comparison::comparison_markdown;
pub use html::html_report;
pub(crate) use html::{escape, page_head};
pub use input::ReportInput;
pub use markdown::{judge_markdown, markdown_report, published_markdown, strict_markdown};
pub(crate) use number::value;
pub use pictures::parquet_pictures;
pub use published_rows::{PublishedRow, published_rows};
pub(crate) use svg::{Bar, bars};
