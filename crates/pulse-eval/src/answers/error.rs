//! What can be wrong with answer files.

use std::path::PathBuf;

/// Why answers cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// A file or folder cannot be read.
    #[error("answers {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is no JSON object of the expected form.
    #[error(
        "answer file {}, line {line}, column {column}: {reason}; expected one JSON object a line with \
         question_id (or id) and text (or response). A run that was killed can leave a cut last line: \
         delete it and run again",
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
    /// A line does not say what it answers.
    #[error(
        "answer file {}, line {line}: neither question_id nor id is there, so it cannot be told what is \
         answered; give the line the item's id",
        path.display()
    )]
    NoId {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A probability is none.
    #[error(
        "answer file {}, line {line}: the probability of {label:?} is {value}; expected one between 0 and 1",
        path.display()
    )]
    Probability {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The label.
        label: String,
        /// Its value.
        value: f64,
    },
    /// Answers of several runs lie together.
    #[error(
        "the answers below {} were not made by one run, but by: {}. Figures over both would be of neither; move \
         each run's files to a folder of its own and score them one after the other",
        folder.display(), origins.join("; ")
    )]
    SeveralRuns {
        /// The folder of answers.
        folder: PathBuf,
        /// Each run with its files.
        origins: Vec<String>,
    },
}
