//! What can be wrong with a benchmark file.

use std::path::PathBuf;

use pulse_data::bench::BenchError;

/// Why a benchmark file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldError {
    /// The file is not there or cannot be read.
    #[error(
        "benchmark file {}: {source}; --bench takes the folder that holds TASK.json or TASK/*.parquet for each \
         task",
        path.display()
    )]
    Unreadable {
        /// The file looked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no JSON array of items.
    #[error(
        "benchmark file {}, line {line}, column {column}: {reason}; expected a JSON array of items \
         with id, image and conversations",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the JSON reader said.
        reason: String,
    },
    /// An item lacks something.
    #[error("benchmark file {}, item {position}: {reason}", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// Position of the item, from 1.
        position: usize,
        /// What is missing.
        reason: String,
    },
    /// Two items share an id, so an answer could not be told to belong to either.
    #[error(
        "benchmark file {}: id {id:?} is there twice (items {first} and {second}); remove one of them",
        path.display()
    )]
    DoubleId {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
        /// Position of the first item, from 1.
        first: usize,
        /// Position of the second item, from 1.
        second: usize,
    },
    /// The benchmark's Parquet files cannot be used.
    #[error(transparent)]
    Bench(#[from] BenchError),
}
