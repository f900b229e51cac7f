//! The original scorer, quirks included.
//!
//! `evaluate_ecgbench.py` does not parse as published; this is what it computes once the stray comment is
//! repaired, number for number, so that results can be compared with papers that used it. Every quirk has a
//! test here and a line in `docs/evaluation.md`. For a score of the answers use [`crate::strict`].

mod error;
mod labels;
mod letter;
mod multilabel;
mod options;
mod python;
mod report;
mod score;
mod step;

pub use error::PublishedError;
pub use labels::{gold_labels, predicted_labels};
pub use letter::{NothingFollows, extract_letter};
pub use multilabel::{MultilabelScores, NoLabels, score_multilabel};
pub use options::{candidates, chosen_options, gold_options};
pub use python::PythonRandom;
pub use report::{PublishedFile, PublishedReport, PublishedScores, PublishedTask};
pub use score::score_published;
pub use step::StepKey;
