//! Reports for people: one HTML page that needs nothing else, Markdown, and plain text.

mod html;
mod html_published;
mod input;
mod markdown;
mod number;
mod pictures;
mod published_rows;
mod style;
mod svg;

pub use html::html_report;
pub use input::ReportInput;
pub use markdown::{
    comparison_markdown, judge_markdown, markdown_report, published_markdown, strict_markdown,
};
pub use published_rows::{PublishedRow, published_rows};
