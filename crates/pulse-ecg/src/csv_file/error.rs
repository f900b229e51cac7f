//! What can be wrong with a CSV file.

use std::path::PathBuf;

use crate::number::Short;

/// Why a CSV file is no recording. Lines and columns count from 1; the names are line 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is no CSV: lines of unequal length or bytes that are not UTF-8.
    #[error("line {line}: {problem}; expected UTF-8 text with as many cells as the first line")]
    Syntax {
        /// Line of the file.
        line: u64,
        /// The reader's words.
        problem: String,
    },
    /// No line of names, or no lead in it.
    #[error(
        "found no column with a lead; the first line must name the leads, such as `time,I,II,V1`"
    )]
    NoLeads,
    /// A column has no name.
    #[error("column {column} has no name; expected a lead's name in line 1")]
    Unnamed {
        /// The column.
        column: usize,
    },
    /// A column name is a number: the line of names is missing.
    #[error("column {column} is called {name:?}; line 1 must name the leads, not hold samples")]
    NumberAsName {
        /// The column.
        column: usize,
        /// Its name.
        name: String,
    },
    /// Two columns are of the same lead, or both hold time.
    #[error("columns {first} and {second} are both {name}; expected each once")]
    Duplicate {
        /// The first column.
        first: usize,
        /// The second.
        second: usize,
        /// What both are.
        name: String,
    },
    /// A unit that is no voltage.
    #[error("column {column} is in {unit:?}; expected V, mV, uV or nV")]
    Unit {
        /// The column.
        column: usize,
        /// The unit.
        unit: String,
    },
    /// A cell that is no number.
    #[error(
        "line {line}, column {column} ({name}): found {found:?}, expected a number with a decimal \
         point, or an empty cell where the sample is missing"
    )]
    Cell {
        /// Line of the file.
        line: u64,
        /// The column.
        column: usize,
        /// Name of the column.
        name: String,
        /// The cell.
        found: String,
    },
    /// No samples.
    #[error("found no samples below the line of names")]
    NoSamples,
    /// Time or counter does not go on evenly.
    #[error(
        "line {line}, column {column}: found {}, expected about {}; samples must be \
         evenly spaced (write an empty cell where a sample is missing)", Short(*.found), Short(*.expected)
    )]
    UnevenTime {
        /// Line of the file.
        line: u64,
        /// The column.
        column: usize,
        /// The cell as a number.
        found: f64,
        /// What would be even.
        expected: f64,
    },
    /// A time that is not later than the one before.
    #[error(
        "line {line}, column {column}: time {} is not later than the line before",
        Short(*.found)
    )]
    TimeNotRising {
        /// Line of the file.
        line: u64,
        /// The column.
        column: usize,
        /// The time.
        found: f64,
    },
    /// Neither a time column nor a rate.
    #[error("nothing gives the sampling rate; add a column `time` in seconds or state the rate")]
    NoRate,
    /// Time column and stated rate differ.
    #[error(
        "the time column gives {} Hz, {} Hz was stated; correct one of them",
        Short(*.found),
        Short(*.stated)
    )]
    RateConflict {
        /// From the time column.
        found: f64,
        /// From the caller.
        stated: f64,
    },
    /// A rate that no ECG has.
    #[error(
        "found a sampling rate of {} Hz, expected {lowest} to {highest} Hz",
        Short(*.found)
    )]
    SamplingRate {
        /// The rate.
        found: f64,
        /// Lowest accepted.
        lowest: f64,
        /// Highest accepted.
        highest: f64,
    },
}
