//! What is wrong with a data set, before a training run or a benchmark finds out.
//!
//! [`lint`] reads every conversation and every picture of a LLaVA JSON, of the list of reports that comes with
//! the original code, of a folder made by `synthesize` or `export`, or of ECGBench as downloaded, and reports each defect with the item it is in.

mod balance;
mod ecg_look;
mod html;
mod lengths;
mod options;
mod overlap;
mod pictures;
mod report;
mod rule;
mod run;
mod source;
mod text;
mod turns;

pub use ecg_look::{EcgLook, NotEcg};
pub use html::write_html;
pub use options::{LintError, LintOptions};
pub use report::{Histogram, LintReport, Overlap, SetReport};
pub use rule::{Finding, Rule, Severity};
pub use run::lint;
pub use text::write_text;
