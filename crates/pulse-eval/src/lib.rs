//! ECGBench, complete and trustworthy: running, scoring, statistics, judging, reports.
//!
//! A model is asked all nine tasks; answers are scored in two ways: as the original scorer does, quirks included, to compare
//! with papers; and as they are meant, with an interval for every figure and a column for what cannot be read.
//! Two runs are compared item by item, language models judge reports and open answers, and a page shows it all.
//! The binary `pulse-eval` is a thin command line over this.
//!
//! ```
//! use pulse_eval::published::extract_letter;
//! use pulse_eval::strict::{Reading, read_letter};
//!
//! let answer = "Flutter waves are seen on this ECG. The answer is C";
//! assert_eq!(extract_letter(answer), Ok(Some('G')));
//! assert_eq!(read_letter(answer, 8, &[]), Reading::Read('C'));
//! ```
//!
//! | what | where |
//! | --- | --- |
//! | a model's answers to all of it | [`run::run`], [`run::merge_shards`] |
//! | the original's score of a folder | [`published::score_published`] |
//! | a score of what the answers say | [`strict::score_strict`] |
//! | reports in statements of fixed wording, without a judge | [`statements::score_statements`] |
//! | two runs on the same items | [`compare::compare`] |
//! | metrics and their definitions | [`metrics`] |
//! | intervals, tests, agreement | [`statistics`] |
//! | AUC, calibration, abstention over probabilities | [`probabilities`] |
//! | language models as judges | [`judge::judge`], [`judge::aggregate`] |
//! | how answers change with wear and drawing | [`robustness::robustness`] |
//! | HTML and Markdown | [`report::html_report`], [`report::markdown_report`] |

pub mod answers;
pub mod compare;
pub mod gold;
mod json_reason;
pub mod judge;
pub mod metrics;
pub mod probabilities;
pub mod published;
pub mod report;
pub mod robustness;
pub mod run;
pub mod statements;
pub mod statistics;
pub mod strict;
mod task;

pub use task::{Task, TaskKind};
