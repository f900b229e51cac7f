//! What can be wrong with a benchmark folder.

use std::path::PathBuf;

use super::config::BenchConfig;
use crate::extract::PathRefusal;

/// Why ECGBench cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// There is no configuration of this name.
    #[error("no ECGBench configuration is called {found:?}; there are {}", BenchConfig::ALL.map(BenchConfig::name).join(", "))]
    UnknownConfig {
        /// What was given.
        found: String,
    },
    /// A folder has none of the nine configurations in either layout.
    #[error(
        "{} has no ECGBench: expected <config>/*.parquet, or <config>.json beside images/; get it with \
         `pulse-data download PULSE-ECG/ECGBench`", folder.display()
    )]
    NoBench {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder lacks the configuration asked for.
    #[error("{} has no {config}; it has {found}", folder.display())]
    NoConfig {
        /// The folder.
        folder: PathBuf,
        /// The configuration.
        config: BenchConfig,
        /// Those that are there.
        found: String,
    },
    /// A configuration came in several files and one is not there.
    #[error("{} lacks {missing}, one of several files of the configuration; download it again", folder.display())]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// The file that is missing.
        missing: String,
    },
    /// The folder of a configuration has no Parquet files, and there is no other file of it.
    #[error("{} is named as a configuration of ECGBench and has no *.parquet; download or export it again", folder.display())]
    NoFiles {
        /// The configuration's folder.
        folder: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}; check the path, permissions and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A Parquet file cannot be decoded or encoded.
    #[error("{}: {reason}; if the file should be whole, get it again", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// A Parquet file lacks a column or has it in another type.
    #[error("{}: column {column:?} is {found}, expected {expected}; this is not a file of ECGBench", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is there.
        found: String,
        /// What should be.
        expected: &'static str,
    },
    /// A value of a row is missing.
    #[error("{}: row {row} has no {column}; the file is damaged or of another kind", path.display())]
    MissingValue {
        /// The file.
        path: PathBuf,
        /// The row, from 0.
        row: u64,
        /// The column.
        column: String,
    },
    /// A file that should be Parquet is something else.
    #[error("{} is no Parquet file: it {what}; {advice}", path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// How to come to a Parquet file.
        advice: &'static str,
    },
    /// A JSON file is none, or not of this shape.
    #[error("{}: {reason}; expected an array of {{id, image, conversations}}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Item, place and reason.
        reason: String,
    },
    /// An item of a JSON file is not of this shape.
    #[error(
        "{}: item {item} (from 0){}, byte {offset}: {reason}; mend the item or take it out, `pulse-data lint` lists all \
         such items", path.display(), id.as_ref().map_or(String::new(), |id| format!(", id {id:?}"))
    )]
    Item {
        /// The file.
        path: PathBuf,
        /// The item's number, from 0.
        item: u64,
        /// Its id, if it has one.
        id: Option<String>,
        /// Its first byte in the file.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A picture's path leads out of the folder.
    #[error("item {id}: {reason}")]
    Path {
        /// The item.
        id: String,
        /// What is wrong with it.
        reason: PathRefusal,
    },
    /// Another run writes to the same folder.
    #[error("another run is exporting to {}; wait until it has ended, then run the same command again", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder to export to has Parquet files of the configuration that would not be replaced.
    #[error(
        "{} has {found} already, which would be read together with what is exported; delete it, or export to another \
         folder", folder.display()
    )]
    OtherParts {
        /// The configuration's folder.
        folder: PathBuf,
        /// The file that is there.
        found: String,
    },
    /// An item's picture is neither in the item nor a file.
    #[error("item {id} has no picture {}; extract or export the pictures first", path.display())]
    NoPicture {
        /// The item.
        id: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// An item's picture is no picture.
    #[error("item {id}: {source}")]
    Picture {
        /// The item.
        id: String,
        /// What is wrong with it.
        source: pulse_vision::PictureError,
    },
    /// Two items have one path and different pictures.
    #[error("item {id}: {} was already written with another picture; the source is inconsistent", path.display())]
    PictureConflict {
        /// The second item.
        id: String,
        /// The path of both.
        path: PathBuf,
    },
}

impl BenchError {
    /// Whether one item is at fault, so that those behind it can be read.
    pub fn is_of_an_item(&self) -> bool {
        matches!(
            self,
            Self::Item { .. }
                | Self::MissingValue { .. }
                | Self::Path { .. }
                | Self::Picture { .. }
        )
    }
}
