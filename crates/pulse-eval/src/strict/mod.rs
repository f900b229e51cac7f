//! A scorer that reads answers instead of looking for substrings.
//!
//! Words have boundaries, long names come before short ones, case does not matter, `(B)` and `the answer is C`
//! are letters, and what is denied does not count. An answer from which nothing can be read is counted in a
//! column of its own and is wrong; no letter is ever drawn at random.

#[cfg(test)]
mod doubts;
mod error;
mod evaluate;
mod figures;
mod labels;
mod letter;
mod lexicon;
mod negation;
mod options;
#[cfg(test)]
mod phrasings;
mod reading;
mod report;
mod score;
mod verdict;
mod words;

pub use error::StrictError;
pub(crate) use evaluate::assign;
pub use evaluate::{EvaluatedItem, Evaluation, Outcomes, evaluate};
pub(crate) use figures::{figure_names, figures};
pub use labels::read_labels;
pub use letter::{options_of_question, read_letter};
pub(crate) use options::options_as_listed;
pub use options::{gold_option_set, options_of_prompt, read_options};
pub use reading::{Reading, Unreadable};
pub use report::{ClassRow, Coverage, Figure, ScoredItem, StrictReport, StrictTask};
pub use score::{StrictOptions, score_strict};
pub(crate) use score::{read_folder, without_value};
