//! Conversations in one JSON array: ECGInstruct and every other file of the LLaVA format.
//!
//! ECGInstruct is 1.34 GB with 1.16 million conversations. [`build_index`] reads it once in a stream
//! and writes down where every item lies; [`InstructFile`] opens file and index and reads single items
//! where they lie. Neither holds the conversations in memory: the table costs 32 bytes an item.

mod build;
mod dataset;
mod error;
mod file;
mod index;
mod item;
mod open;
mod partial;
mod read_at;
mod scan;

pub use build::{IndexOptions, IndexReport, build_index};
pub use error::{InstructError, ItemDefect};
pub use file::InstructFile;
pub use index::{IndexHeader, default_index_path};
pub use item::parse_sample;
pub(crate) use item::{describe_error, is_report_item};
pub use open::open_or_index;
pub use scan::{ArrayScanner, ItemRange, ScanError};
