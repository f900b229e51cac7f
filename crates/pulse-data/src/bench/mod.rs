//! ECGBench: nine test sets with their pictures, from Parquet or from JSON and a folder of pictures.
//!
//! The Hub has Parquet files with the pictures inside; the original's download step makes
//! `<config>.json` beside `images/` from them. [`BenchFolder`] reads both and knows which it has,
//! [`export_bench`] turns one into the other without touching a picture's bytes and in the order of the
//! source, where the original's eight threads leave the order to chance and encode pictures anew.

mod array;
mod config;
mod error;
mod export;
mod folder;
mod item;
mod json;
mod parquet_read;
mod parquet_write;
mod reports;
mod text;

pub use config::{BenchConfig, BenchTask};
pub use error::BenchError;
pub use export::{BenchFormat, ExportOptions, ExportReport, export_bench};
pub use folder::{BenchFolder, BenchItems};
pub(crate) use json::JsonItem;

pub use item::{ArenaTurn, BenchConversation, BenchItem, BenchPicture, BenchTurn};
pub use reports::read_report_list;
pub use text::{TurnValue, repair_characters};
